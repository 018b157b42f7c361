"""Orders as the product makes them: placed through its actions, at the prices of its one pricing function.

`placed_order` is the cheap one (an order and its lines); `confirmed_order` has vendors, capacity and reserved stock too
and so needs a vendor that serves the pincode with offers and stock (`tests.factories.world` builds one).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from catalog.models import Variant
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.money import Money
from orders import actions
from orders.actions import OrderDraft
from orders.models import Order
from orders.rules.pricing import Item, Quote, Terms, price
from tests.factories.accounts import UserFactory
from tests.factories.catalog import VariantFactory
from tests.factories.core import SlotFactory

DOOR = {
    "name": "Asha Rao",
    "society": "Lake View",
    "tower": "B",
    "flat": "1204",
    "line1": "80 Feet Road",
    "city": "Bengaluru",
    "pincode": "560034",
    "country": "IN",
}

Basket = Sequence[tuple[Variant, int]]


def quote_of(basket: Basket, region: Region) -> Quote:
    """The basket at its variants' own prices, in the region's currency, with 5 % tax."""
    currency = region.currency
    items = [
        Item(
            variant_id=variant.pk,
            name=variant.product.name,
            pack=variant.name,
            hsn_code=variant.hsn_code,
            quantity=quantity,
            unit_price=Money(variant.price.minor, currency),
            deposit=Money(variant.deposit.minor, currency),
            tax_basis_points=500,
        )
        for variant, quantity in basket
    ]
    terms = Terms(
        currency=currency,
        tax_inclusive=region.tax_inclusive,
        delivery_fee=region.delivery_fee,
        free_delivery_from=region.free_delivery_from,
    )
    return price(items, terms=terms)


def placed_order(
    *,
    customer: User | None = None,
    basket: Basket | None = None,
    slot: DeliverySlot | None = None,
    delivery_date: date | None = None,
    pincode: str = "560034",
    by: Actor | None = None,
    **draft: Any,
) -> Order:
    """An order that was placed and nothing else: for tomorrow morning, one half litre, unless told otherwise."""
    customer = customer or UserFactory()
    slot = slot or SlotFactory()
    variants = basket or [(VariantFactory(), 1)]
    for variant, _ in variants:
        variant.refresh_from_db()  # prices as Money, whatever a factory was given
    slot.region.refresh_from_db()
    return actions.create_order(
        OrderDraft(
            customer_id=customer.pk,
            region=slot.region,
            address={**DOOR, "pincode": pincode},
            pincode=pincode,
            delivery_date=delivery_date or clock.today(slot.region) + timedelta(days=1),
            slot=slot,
            quote=quote_of(variants, slot.region),
            **draft,
        ),
        by=by or Actor.user(customer.pk, Role.CUSTOMER),
    )


def confirmed_order(**options: Any) -> Order:
    """An order with vendors, capacity and reserved stock. Raises OutOfStock where nobody can fill it."""
    order = placed_order(**options)
    system = Actor.system("tests")
    with transaction.atomic():
        locked = Order.objects.locked(order.pk)
        actions.assign_vendors(locked, by=system)
        actions.reserve_lines(locked, by=system)
        actions.confirm_order(order.pk, by=system)
    order.refresh_from_db()
    return order


def packed_order(**options: Any) -> Order:
    """A confirmed order that stands packed at the hub."""
    order = confirmed_order(**options)
    actions.pack_order(order.pk, by=Actor.system("tests"))
    order.refresh_from_db()
    return order
