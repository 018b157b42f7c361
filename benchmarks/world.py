"""A shop with a thousand products, and households to buy from it. Made once in the benchmark's own database."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import transaction

from accounts.models import User
from catalog.models import Category, Product, Variant
from inventory.actions import receive
from inventory.models import Stock
from milkdelivery.core.actors import Actor
from payments.models import Invoice
from vendors.models import Offer, Vendor

PRODUCTS = 1_000
PINCODE = "560034"
PLENTY = 1_000_000
ME = Actor.system("benchmark")


def build() -> None:
    """The demo dairy, filled up to a thousand products in plenty."""
    call_command("demo", households=20, verbosity=0)
    missing = PRODUCTS - Product.objects.filter(is_active=True).count()
    with transaction.atomic():
        categories = list(Category.objects.all())
        products = Product.objects.bulk_create(
            Product(
                name=f"Farm milk {n}", slug=f"farm-milk-{n}", category=categories[n % len(categories)], position=n + 100
            )
            for n in range(missing)
        )
        variants = Variant.objects.bulk_create(
            Variant(
                product=product,
                name="500 ml",
                unit="ML",
                size=500,
                sku=f"BENCH-{product.pk}",
                price=2800,
                mrp=3000,
                hsn_code="0401",
                shelf_life_days=2,
            )
            for product in products
        )
        dairies = Vendor.objects.active().filter(service_areas__pincode__code=PINCODE)
        Offer.objects.bulk_create(
            Offer(vendor=dairy, variant=variant, cost_price=2200) for dairy in dairies for variant in variants
        )
        Stock.objects.bulk_create(
            Stock(vendor=dairy, variant=variant, on_hand=0) for dairy in dairies for variant in variants
        )
        Vendor.objects.update(daily_order_limit=PLENTY)
    for stock in Stock.objects.filter(vendor__in=dairies, variant__sku__in=[variant.sku for variant in variants[:5]]):
        receive(vendor_id=stock.vendor_id, variant_id=stock.variant_id, quantity=PLENTY, by=ME)


def product_slug() -> str:
    """A product there is plenty of."""
    return Product.objects.filter(slug__startswith="farm-milk-").order_by("pk").values_list("slug", flat=True)[0]


def plentiful_variant() -> int:
    return Variant.objects.filter(product__slug=product_slug()).values_list("pk", flat=True)[0]


def invoiced_orders() -> list[str]:
    """Orders of the household that have an invoice, by their numbers."""
    found = Invoice.objects.invoices().filter(order__customer__email="household@example.com")
    return list(found.order_by("pk").values_list("order__number", flat=True))


def session_of_household() -> str:
    """A signed-in household's session cookie."""
    user = User.objects.get(email="household@example.com")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
