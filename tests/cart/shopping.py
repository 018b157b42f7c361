"""A purchase as tests make it: the cart filled, the button pressed."""

from __future__ import annotations

from typing import Any

from accounts.models import Address
from cart.actions import Buyer, Destination, Purchase, add_item, open_cart, place_order, run_checkout
from cart.models import Cart, Checkout
from cart.queries import Plan
from catalog.models import Variant
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Region
from milkdelivery.core.queries import load_region_book
from tests.factories.world import World

GUEST = Actor.guest()

DOOR = {"line1": "4, 80 Feet Road", "flat": "12", "floor": "1", "city": "Bengaluru", "state": "Karnataka"}


def filled_cart(world: World, *items: tuple[Variant, int], customer_id: int | None = None) -> Cart:
    cart = open_cart(customer_id=customer_id)
    for variant, quantity in items or ((world.milk, 2),):
        add_item(
            cart.pk, variant_id=variant.pk, quantity=quantity, region=world.region, on=next_day(world.region), by=GUEST
        )
    return cart


def next_day(region: Region) -> Any:
    upcoming = load_region_book().next_delivery(region.pk)
    assert upcoming is not None
    return upcoming[1].date


def purchase(world: World, **changes: Any) -> Purchase:
    """A guest buys to a new door in the world's pincode, cash on delivery, on the next morning that is open."""
    slot = changes.pop("slot", world.morning)
    days = load_region_book().open_days(slot)
    plan = Plan(
        pincode=changes.pop("pincode", world.pincode.code),
        slot=slot,
        delivery_date=changes.pop("delivery_date", days[0].date if days else None),
        payment_method=changes.pop("payment_method", "COD"),
        expected_total=changes.pop("expected_total", None),
    )
    buyer = changes.pop("buyer", Buyer(name="Asha Rao", email="asha@example.com"))
    address: Address | None = changes.pop("address", None)
    destination = Destination(address_id=address.pk) if address else Destination(fields=DOOR)
    return Purchase(buyer=buyer, destination=destination, plan=plan, **changes)


def buy(world: World, *items: tuple[Variant, int], **changes: Any) -> Checkout:
    """The whole way: cart, order, workflow."""
    cart = filled_cart(world, *items)
    placed = place_order(cart.pk, purchase(world, **changes), by=GUEST)
    return run_checkout(placed.pk, by=GUEST)
