"""Orders at doors around the hub."""

from __future__ import annotations

from deliveries.actions import schedule_delivery
from deliveries.models import Delivery, Route, Stop
from milkdelivery.core.actors import Actor
from orders.models import Order
from tests.factories.orders import DOOR, confirmed_order
from tests.factories.world import World

STAFF = Actor.system("tests")


def order_at(world: World, flat: str, *, north: int = 0, east: int = 0, quantity: int = 1) -> Order:
    """From a flat so many hundredths of a degree from the hub."""
    order = confirmed_order(basket=[(world.milk, quantity)], slot=world.morning)
    order.address = {
        **DOOR,
        "flat": flat,
        "pincode": "560034",
        "latitude": f"{12.935 + north / 100:.5f}",
        "longitude": f"{77.624 + east / 100:.5f}",
    }
    order.save()
    return order


def brought(world: World, flat: str, **where: int) -> Delivery:
    return schedule_delivery(order_at(world, flat, **where), by=STAFF)


def flats(route: Route) -> list[str]:
    return [stop.door.split(",")[0] for stop in Stop.objects.filter(route=route).in_order()]
