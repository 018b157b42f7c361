"""The demo goes on where an earlier start left it, whatever state its orders are in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from inventory import actions as stock
from milkdelivery.core.actors import Actor
from milkdelivery.demo.carrying import carry_on
from orders.models import Order
from tests.cart.shopping import buy
from tests.factories.inventory import milk_comes
from tests.factories.world import small_world

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 31)
STAFF = Actor.system("tests")


def test_an_order_whose_milk_came_in_short_keeps_no_other_back(at: Callable[[str], datetime]) -> None:
    at("2026-01-30T20:00+05:30")
    world = small_world()
    milk = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    stock.set_on_hand(**milk, quantity=0, by=STAFF, reason="none")
    stock.plan_supply(**milk, on=DAY, quantity=10, by=STAFF)
    short, other = buy(world, (world.milk, 10)).order, buy(world, (world.variants[1], 1)).order
    milk_comes(7, on=DAY, **milk)
    assert carry_on(seed=7, now=at("2026-01-31T09:00+05:30")) == 1
    assert dict(Order.objects.values_list("pk", "status")) == {short.pk: "CONFIRMED", other.pk: "DELIVERED"}
