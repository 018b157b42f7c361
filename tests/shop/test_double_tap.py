"""Two taps on "Place order" at the same instant, over two connections."""

from __future__ import annotations

import pytest
from django.test import Client

from inventory.models import Stock
from milkdelivery.core.queries import forget_region_book
from orders.models import Order
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import small_world
from tests.shop.visitor import DOOR, GUEST, Visitor

TAPS = 4


@pytest.mark.django_db(transaction=True)
def test_one_order_and_every_tap_arrives_at_it() -> None:
    forget_region_book()
    world = small_world()
    first = Visitor(Client())
    first.post("/pincode/", {"pincode": world.pincode.code})
    first.put(world.milk, 2)
    fields = first.checkout_fields(**GUEST, **DOOR)
    taps = [Visitor.in_another_tab(first) for _ in range(TAPS)]
    together = Meeting(TAPS)
    arrived: list[str] = []

    def press(tap: Visitor) -> None:
        together.wait()
        url = tap.post("/checkout/", fields)["Location"]
        assert tap.get(url).status_code == 200
        arrived.append(url)

    problems = in_threads(*(lambda tap=tap: press(tap) for tap in taps))
    assert problems == []
    order = Order.objects.get()
    assert arrived == [f"/orders/{order.number}/"] * TAPS
    assert order.status == Order.Status.CONFIRMED
    stock = Stock.objects.get(variant=world.milk)
    assert (stock.on_hand, stock.reserved) == (100, 2)
