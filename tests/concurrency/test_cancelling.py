"""Cancelling, taking over and delivering at the moment when something else happens to the order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from accounts import actions as people
from accounts.actions import prove_email
from accounts.models import User
from cart.actions import place_order, run_checkout, take_over
from cart.models import Checkout
from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from orders.actions import cancel_order, pack_order, progress
from orders.models import Order
from tests.cart.shopping import GUEST, buy, filled_cart, purchase
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import World, small_world
from vendors import actions as vendors
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
STAFF = Actor.system("tests")


def at_now(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with clock.override(NOW):
            work()

    return run


def refused_at_confirmation(world: World, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """An order that has its stock and its dairy, and whose checkout is about to be undone."""
    placed = place_order(filled_cart(world).pk, purchase(world), by=GUEST)
    with monkeypatch.context() as patched:
        patched.setattr("cart.actions.steps.open_payment", _broken)
        run_checkout(placed.pk, by=GUEST)
    Checkout.objects.filter(pk=placed.pk).update(state="COMPENSATING", failure_code="payment_declined")
    return placed


def _broken(*_: object, **__: object) -> None:
    raise ConnectionError("the gateway is gone")


def test_a_dairys_place_is_given_back_once_when_staff_cancel_what_is_being_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = small_world()
    with clock.override(NOW):
        buy(world, (world.milk, 1))  # another order holds a place of the same day
        placed = refused_at_confirmation(world, monkeypatch)
    meeting, is_giving_back = Meeting(2), threading.Event()
    give_back = vendors.give_capacity_back

    def slow(*args: Any, **kwargs: Any) -> None:
        is_giving_back.set()
        meeting.wait()  # both have seen that the order holds a place
        give_back(*args, **kwargs)

    def cancel() -> None:
        is_giving_back.wait(10)
        cancel_order(placed.order_id, by=STAFF, reason="called")

    monkeypatch.setattr(progress, "give_capacity_back", slow)
    problems = in_threads(at_now(lambda: run_checkout(placed.pk, by=GUEST)), at_now(cancel))
    assert problems == []
    with clock.override(NOW):
        assert run_checkout(placed.pk, by=GUEST).state == "FAILED"
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 1


def test_an_order_is_taken_over_while_it_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both touch the order and its person, and neither stops the other."""
    world = small_world()
    with clock.override(NOW):
        placed = buy(world, (world.milk, 1))
        delivery = Delivery.objects.get(order=placed.order_id)
        pack_order(placed.order_id, by=STAFF)
        with clock.override(NOW + timedelta(hours=9)):
            mark_picked_up(delivery.pk, by=STAFF)
        prove_email(world.customer.pk, email="asha@example.com", by=STAFF)
    guest = Order.objects.get(pk=placed.order_id).customer_id
    meeting = Meeting(2)
    count = people.count_delivered_order
    lock_orders = type(Order.objects.all()).locked_of

    def count_later(user_id: int) -> None:
        meeting.wait()  # the order is locked
        count(user_id)

    def lock_later(orders: Any, customer_id: int) -> Any:
        meeting.wait()
        return lock_orders(orders, customer_id)

    monkeypatch.setattr(progress, "count_delivered_order", count_later)
    monkeypatch.setattr("orders.models.OrderQuerySet.locked_of", lock_later)
    problems = in_threads(
        at_now(lambda: mark_delivered(delivery.pk, by=STAFF)),
        at_now(lambda: take_over(guest, to_user_id=world.customer.pk, by=STAFF)),
    )
    assert [problem for problem in problems if isinstance(problem, OperationalError)] == []
    assert problems == []
    order = Order.objects.get(pk=placed.order_id)
    assert (order.status, order.customer_id) == ("DELIVERED", world.customer.pk)
    assert sum(User.objects.filter(pk__in=[guest, world.customer.pk]).values_list("order_count", flat=True)) == 1
