"""What leaves the house is what is paid for, whoever is faster: the packer, the worker or the driver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from inventory import actions as stock
from inventory.models import Stock
from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from orders import actions, tasks
from orders.actions import answers, failover
from orders.models import Order
from orders.rules.status import OrderIncomplete
from payments.models import Payment
from tests.cart.shopping import buy
from tests.factories.inventory import milk_comes
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, assert_books_agree, only_line, shares
from tests.orders.test_failover import work

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 31)
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def milk_of(world: World) -> dict[str, Any]:
    return {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}


def sold_before_it_came(world: World, *pieces: int) -> list[Order]:
    """Orders for milk of a day that is still to come; nothing stands on the shelf."""
    stock.set_on_hand(**milk_of(world), quantity=0, by=STAFF, reason="none")
    stock.plan_supply(**milk_of(world), on=DAY, quantity=sum(pieces), by=STAFF)
    return [buy(world, (world.milk, count)).order for count in pieces]


def test_an_order_whose_milk_came_in_short_waits_until_it_is_settled(world: World) -> None:
    (order,) = sold_before_it_came(world, 10)
    milk_comes(7, on=DAY, **milk_of(world))
    with pytest.raises(OrderIncomplete, match="3 pieces"):
        actions.pack_order(order.pk, by=STAFF)
    assert shares(order) == [(world.vendor.name, 10, "ASSIGNED")]
    assert Stock.objects.get(**milk_of(world)).on_hand == 7
    actions.fill_what_is_missing(order.pk, **milk_of(world), by=STAFF)
    actions.pack_order(order.pk, by=STAFF)
    assert shares(order) == [(world.vendor.name, 7, "PACKED"), (None, 3, "SHORT")]
    assert_books_agree([order])


def test_milk_that_came_in_short_before_its_order_was_certain_is_looked_for_then(
    world: World, drain: Callable[[], int]
) -> None:
    (order,) = sold_before_it_came(world, 4)
    drain()
    second = another_dairy(world)
    Order.objects.filter(pk=order.pk).update(status="CREATED")  # as it stands while its payment is waited for
    milk_comes(0, on=DAY, **milk_of(world))
    work(drain)
    assert shares(order) == [(world.vendor.name, 4, "ASSIGNED")]
    actions.confirm_order(order.pk, by=STAFF)
    work(drain)
    assert shares(order) == [(second.name, 4, "ASSIGNED")]
    assert_books_agree([order])


def test_many_orders_get_their_milk_in_the_same_number_of_queries(world: World) -> None:
    def queries_for(orders: int, day: int) -> int:
        stock.plan_supply(**milk_of(world), on=date(2026, 2, day), quantity=100, by=STAFF)
        for _ in range(orders):
            buy(world, (world.milk, 2), delivery_date=date(2026, 2, day))
        with CaptureQueriesContext(connection) as asked:
            milk_comes(100, on=date(2026, 2, day), **milk_of(world))
        return len(asked)

    assert queries_for(6, 2) == queries_for(1, 3)


def test_a_driver_who_is_faster_than_the_worker_takes_what_the_order_costs_now(
    world: World, at: Callable[[str], datetime]
) -> None:
    """The payment is lowered by an event that has not been carried yet."""
    order = buy(world, (world.milk, 8)).order
    actions.report_short(world.vendor.pk, only_line(order).pk, available=6, by=STAFF)
    actions.pack_order(order.pk, by=STAFF)
    at("2026-01-31T06:00+05:30")
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    mark_delivered(delivery.pk, by=STAFF)
    payment = Payment.objects.get(order=order)
    assert (payment.status, payment.amount) == ("SUCCEEDED", Money(168_00, "INR"))
    assert Delivery.objects.get(order=order).cash_collected == Money(168_00, "INR")


def test_a_long_list_of_short_orders_goes_on_in_a_task_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_dairy(world)
    orders = sold_before_it_came(world, 2, 2)
    milk_comes(0, on=DAY, **milk_of(world))
    monkeypatch.setattr(tasks, "CHUNK", tasks.CHUNK * 0)
    numbers = [order.number for order in orders]
    tasks.fill_short_supply(world.vendor.pk, world.milk.pk, numbers)
    (row,) = [row for row in OrmQ.objects.all() if row.func() == "orders.tasks.fill_short_supply"]
    assert row.task["args"] == (world.vendor.pk, world.milk.pk, numbers[1:])


def test_one_order_that_can_not_move_on_holds_nobody_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are given to the next dairy; then the task fails, so that it is tried again and seen."""
    second = another_dairy(world)
    orders = [buy(world).order for _ in range(2)]
    find_others = failover.find_others

    def broken_for_the_first(order: Order, *args: Any, **kwargs: Any) -> Any:
        if order.pk == orders[0].pk:
            raise ValueError("a bug")
        return find_others(order, *args, **kwargs)

    monkeypatch.setattr(answers, "find_others", broken_for_the_first)
    with pytest.raises(ValueError, match="a bug"):
        tasks.move_work_on(world.vendor.pk, "REJECTED", "CLOSED", DAY.isoformat())
    assert [shares(order) for order in orders] == [
        [(world.vendor.name, 2, "ASSIGNED")],
        [(second.name, 2, "ASSIGNED")],
    ]
