"""What is on sale and at what price: shared by pages, API, cart and orders."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, F, OuterRef, Prefetch, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from catalog.models import Category, PriceListEntry, Product, ProductQuerySet, Variant
from milkdelivery.core.edition import edition
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money

FRESH_FOR = 30
"""Seconds."""

_SHELF = "catalog.categories"


@dataclass(frozen=True, slots=True)
class Price:
    """What one piece costs in a region on a delivery day."""

    price: Money
    mrp: Money | None
    deposit: Money


def price_of(variant: Variant, region: Region) -> Price | None:
    """The price of a variant that was read `with_list_price` of that region; None where it is not sold.

    A price list entry decides; without one the variant's own price holds in the home region, and nowhere else.
    """
    entry: dict[str, Any] | None = getattr(variant, "list_price")  # noqa: B009 - an annotation, unknown to the type
    if entry is not None:
        return Price(
            price=Money(entry["price"], region.currency),
            mrp=Money(entry["mrp"], region.currency) if entry["mrp"] is not None else None,
            deposit=Money(entry["deposit"], region.currency),
        )
    if region.code != settings.HOME_REGION:
        return None
    return Price(price=variant.price, mrp=variant.mrp, deposit=variant.deposit)


@dataclass(frozen=True, slots=True)
class Sellable:
    variant: Variant
    price: Price


def sellable(variant_ids: Collection[int], *, region: Region, on: date) -> Mapping[int, Sellable]:
    """Those of the variants that can be bought in the region for a delivery on that day. One query."""
    variants = (
        Variant.objects.on_sale()
        .with_list_price(region_id=region.id, on=on)
        .filter(pk__in=variant_ids)
        .select_related("product__category")
    )
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return {variant.pk: Sellable(variant, price) for variant, price in priced if price is not None}


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Both ends included; None is open."""

    least: Money | None = None
    most: Money | None = None


def products_on_sale(
    *,
    region: Region,
    on: date,
    category: str | None = None,
    search: str | None = None,
    prices: PriceRange | None = None,
) -> ProductQuerySet:
    """Products that have a pack for sale in the region on that day, in the shop's order, with packs and prices.

    With `prices`, those with a pack in that range. Two queries, whatever the number.
    """
    packs = Variant.objects.filter(is_active=True)
    listed = PriceListEntry.objects.in_force(region_id=region.id, on=on)
    sold = packs.filter(product=OuterRef("pk"))
    if region.code != settings.HOME_REGION:
        sold = sold.filter(Exists(listed.filter(variant=OuterRef("pk"))))
    if prices:
        least, most = (end.minor if end else None for end in (prices.least, prices.most))
        sold = sold.priced_between(least, most, region_id=region.id, on=on)
    priced = packs.with_list_price(region_id=region.id, on=on)
    products = Product.objects.on_sale().filter(Exists(sold)).select_related("category")
    products = products.prefetch_related(Prefetch("variants", priced))
    if category:
        products = products.filter(category__slug=category)
    if search:
        products = products.filter(
            Q(name__icontains=search) | Q(name_hi__icontains=search) | Q(category__name__icontains=search)
        )
    return products


def product_record(product_id: int) -> Product:
    """A product as it is kept, on sale or not, with all of its packs. Raises NotFound."""
    found = Product.objects.select_related("category").prefetch_related("variants").filter(pk=product_id).first()
    if found is None:
        raise NotFound(_("There is no such product."))
    return found


def in_shelf_order(products: ProductQuerySet) -> ProductQuerySet:
    """Annotate `shelf_key`, one number that sorts products as the shop does and that no two share."""
    category, place = F("category__position") * 2**46, F("position") * 2**31
    return products.annotate(shelf_key=ExpressionWrapper(category + place + F("pk"), BigIntegerField()))


def mixed_products(*, region: Region, on: date) -> ProductQuerySet:
    """The same, mixed: the first of every category, then the second of each, and so on."""
    place = Window(RowNumber(), partition_by=[F("category_id")], order_by=["position", "pk"])
    products = products_on_sale(region=region, on=on).annotate(place_in_category=place)
    return products.order_by("place_in_category", "category__position", "pk")


def packs_of(slug: str, *, region: Region, on: date) -> list[Sellable]:
    """The packs of one product that can be bought in the region, in the shop's order. One query."""
    variants = (
        Variant.objects.on_sale()
        .with_list_price(region_id=region.id, on=on)
        .filter(product__slug=slug)
        .select_related("product__category")
    )
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return [Sellable(variant, price) for variant, price in priced if price is not None]


def categories() -> list[Category]:
    """The shop's categories in order, read now. Pages take `category_shelf()`."""
    return list(Category.objects.filter(is_active=True))


def category_shelf() -> list[Category]:
    """The categories of this edition, kept in memory: they stand on every page and hardly ever change."""
    name = f"{_SHELF}.{edition()}"
    kept: list[Category] | None = caches["local"].get(name)
    if kept is None:
        kept = categories()
        caches["local"].set(name, kept, FRESH_FOR)
    return kept
