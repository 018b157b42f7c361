"""The test world is sound: an order goes through it and the figures agree."""

from __future__ import annotations

import pytest

from inventory.models import Stock
from orders.models import Order, OrderLine
from tests.factories.orders import confirmed_order, packed_order, placed_order
from tests.factories.world import small_world

pytestmark = pytest.mark.django_db


def test_the_small_world_serves_its_pincode() -> None:
    assert small_world().pincode.is_served


def test_an_order_holds_stock_and_packing_takes_it() -> None:
    world = small_world()
    order = confirmed_order(customer=world.customer, basket=[(world.milk, 3)], slot=world.morning)
    assert (order.status, order.grand_total.minor) == (Order.Status.CONFIRMED, 3 * 2800 + 2000)
    assert Stock.objects.get(variant=world.milk).reserved == 3
    packed_order(customer=world.customer, basket=[(world.milk, 2)], slot=world.morning)
    stock = Stock.objects.get(variant=world.milk)
    assert (stock.on_hand, stock.reserved) == (98, 3)


def test_a_placed_order_stands_alone() -> None:
    order = placed_order()
    assert order.status == Order.Status.CREATED
    assert OrderLine.objects.filter(order=order, vendor=None).count() == 1
