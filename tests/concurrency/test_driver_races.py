"""A round is closed while something is tapped, taken back, or cancelled. Each race is shown with its lock off first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest

from deliveries.actions import Sent, close_route, mark_delivered, mark_picked_up, start_route, tap
from deliveries.actions import rounds as rounds_module
from deliveries.actions import taplog as taplog_module
from deliveries.actions import taps as taps_module
from deliveries.models import Delivery, Driver, DriverAction, Route
from deliveries.rules import ImpossibleDeliveryMove
from inventory.queries import recount as recount_stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from orders.actions import cancel_order, pack_order
from orders.models import Order
from orders.rules.status import OrderNotCancellable
from payments.models import Payment
from payments.queries.recount import recount as recount_books
from tests.cart.shopping import buy
from tests.concurrency.threads import in_threads
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = datetime.fromisoformat("2026-01-30T20:00+05:30")
SIX = datetime.fromisoformat("2026-01-31T06:00+05:30")
STAFF = Actor.user(902, Role.MANAGER)
UNFINISHED = ("ASSIGNED", "PICKED_UP", "IN_TRANSIT")


def at_six(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with clock.override(SIX):
            work()

    return run


def on_the_road(number: int) -> tuple[World, Route, list[Delivery]]:
    """A round that has left with so many orders, and the world it is in."""
    with clock.override(EVENING):
        world = small_world()
        orders = [buy(world).order for _ in range(number)]
    with clock.override(SIX):
        for order in orders:
            pack_order(order.pk, by=STAFF)
        deliveries = list(Delivery.objects.order_by("pk"))
        for delivery in deliveries:
            mark_picked_up(delivery.pk, by=STAFF)
        route = Route.objects.get()
        start_route(route.pk, by=STAFF)
    return world, route, deliveries


def taps(driver: Driver, kind: str, delivery: Delivery, key: str, **payload: Any) -> Callable[[], None]:
    by = Actor.user(driver.user_id, Role.DRIVER)
    return at_six(lambda: tap(Sent(key, kind, delivery.pk, payload=payload), driver=driver, by=by))


def agrees(world: World) -> bool:
    return not list(recount_books("INR")) and not list(recount_stock(world.region.pk))


def undo_while_closing(monkeypatch: pytest.MonkeyPatch) -> tuple[World, Route, Delivery]:
    """What was delivered is taken back between the settling of the round and its close."""
    world, route, (delivery,) = on_the_road(1)
    taps(world.driver, "DELIVERED", delivery, "d")()
    settled, undone = threading.Event(), threading.Event()
    settle = rounds_module._settle

    def slow(*args: Any, **kwargs: Any) -> None:
        settle(*args, **kwargs)
        settled.set()
        undone.wait(5)

    def undo() -> None:
        settled.wait(10)
        taps(world.driver, "UNDO", delivery, "u")()
        undone.set()

    monkeypatch.setattr(rounds_module, "_settle", slow)
    assert in_threads(at_six(lambda: close_route(route.pk, by=STAFF)), undo) == []
    route.refresh_from_db()
    delivery.refresh_from_db()
    return world, route, delivery


def test_without_the_last_look_a_closed_round_has_an_order_in_the_van(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds_module, "_is_settled", lambda _route: True)
    _world, route, delivery = undo_while_closing(monkeypatch)
    assert (route.status, delivery.status) == ("CLOSED", "IN_TRANSIT")


def test_what_is_taken_back_while_the_round_closes_is_settled_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world, route, delivery = undo_while_closing(monkeypatch)
    assert route.status == "CLOSED"
    assert (delivery.status, Order.objects.get().status) == ("FAILED", "RETURNED")
    with clock.override(SIX):
        assert agrees(world)


def test_close_against_delivering() -> None:
    """Each order is either paid for or given up, and what came too late for its stop is refused."""
    world, route, deliveries = on_the_road(6)
    works = [taps(world.driver, "DELIVERED", each, f"d{each.pk}") for each in deliveries]
    works.insert(2, at_six(lambda: close_route(route.pk, by=STAFF)))
    assert in_threads(*works) == []
    route.refresh_from_db()
    assert route.status == "CLOSED"
    assert not Delivery.objects.filter(status__in=UNFINISHED).exists()
    for delivery in Delivery.objects.select_related("order"):
        payment = Payment.objects.get(order=delivery.order)
        result = DriverAction.objects.get(delivery=delivery).result
        ended = (delivery.status, delivery.order.status, payment.status, result)
        assert ended in {("DELIVERED", "DELIVERED", "SUCCEEDED", "DONE"), ("FAILED", "RETURNED", "FAILED", "REFUSED")}
    with clock.override(SIX):
        assert agrees(world)


def test_close_against_delivering_by_staff() -> None:
    world, route, deliveries = on_the_road(4)

    def deliver(pk: int) -> Callable[[], None]:
        def work() -> None:
            with suppress(ImpossibleDeliveryMove):
                mark_delivered(pk, by=STAFF)

        return at_six(work)

    assert in_threads(at_six(lambda: close_route(route.pk, by=STAFF)), *(deliver(each.pk) for each in deliveries)) == []
    ended = set(Delivery.objects.values_list("status", "order__status"))
    assert ended <= {("DELIVERED", "DELIVERED"), ("FAILED", "RETURNED")}
    with clock.override(SIX):
        assert agrees(world)


def test_close_against_cancel(drain: Callable[[], int]) -> None:
    """An order that never left the hub is cancelled once, by whoever comes first."""
    with clock.override(EVENING):
        world = small_world()
        orders = [buy(world).order for _ in range(4)]
    with clock.override(SIX):
        for order in orders:
            pack_order(order.pk, by=STAFF)
    route = Route.objects.get()

    def cancel(pk: int) -> Callable[[], None]:
        return at_six(lambda: cancel_order(pk, by=STAFF, reason="called"))

    assert in_threads(at_six(lambda: close_route(route.pk, by=STAFF)), *(cancel(order.pk) for order in orders)) == []
    with clock.override(SIX):
        drain()
        assert set(Delivery.objects.values_list("status", "order__status")) == {("CANCELLED", "CANCELLED")}
        assert Event.objects.filter(name="order.cancelled").count() == 4
        assert agrees(world)


def test_a_failed_try_taken_back_against_the_household_that_cancels() -> None:
    world, _route, (delivery,) = on_the_road(1)
    taps(world.driver, "FAILED", delivery, "f", reason="NOBODY_THERE")()

    def cancel() -> None:
        with suppress(OrderNotCancellable):
            cancel_order(delivery.order_id, by=STAFF, reason="called")

    assert in_threads(taps(world.driver, "UNDO", delivery, "u"), at_six(cancel)) == []
    delivery.refresh_from_db()
    ended = (delivery.status, Order.objects.get().status, DriverAction.objects.get(key="u").result)
    assert ended in {("IN_TRANSIT", "OUT_FOR_DELIVERY", "DONE"), ("FAILED", "CANCELLED", "REFUSED")}


def same_tap_at_once() -> list[BaseException]:
    world, _route, (delivery,) = on_the_road(1)
    return in_threads(*[taps(world.driver, "DELIVERED", delivery, "same") for _ in range(4)])


def test_without_the_lock_of_the_round_the_same_tap_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """All four look for the key before the first has written it."""
    everybody = threading.Barrier(4, timeout=5)
    known = taplog_module.known_tap

    def slow(*args: Any) -> Any:
        found = known(*args)
        everybody.wait()
        return found

    monkeypatch.setattr("deliveries.models.routes.RouteQuerySet.locked", lambda rows, pk: rows.get(pk=pk))
    monkeypatch.setattr(taps_module, "known_tap", slow)
    assert same_tap_at_once()


def test_the_same_tap_four_times_at_once() -> None:
    assert same_tap_at_once() == []
    assert DriverAction.objects.count() == 1
    assert Event.objects.filter(name="delivery.completed").count() == 1
