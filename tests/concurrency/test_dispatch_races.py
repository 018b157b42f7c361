"""What dispatchers do while others dispatch, drive, claim or rate. Each race is shown with its lock off first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError

from deliveries.actions import (
    add_route,
    mark_delivered,
    mark_picked_up,
    move_stops,
    rate_delivery,
    take_back,
)
from deliveries.actions import desk as desk_module
from deliveries.actions import placing as placing_module
from deliveries.actions import ratings as ratings_module
from deliveries.models import Delivery, DeliveryQuerySet, Hub, Rating, Route
from deliveries.rules.status import DriverBusy, StopMoved
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.money import Money
from orders.actions import pack_order
from orders.actions import undoing as undoing_module
from orders.models import Claim, Order, OrderQuerySet
from orders.rules.claims import NotClaimable
from orders.rules.status import NotUndoable
from payments.actions import Wish, make_claim, refund_payment
from payments.actions import books as books_module
from payments.actions import claims as granting_module
from payments.actions import refunding as refunding_module
from payments.models import Payment, Refund
from payments.models.payment import PaymentQuerySet
from tests.cart.shopping import buy
from tests.concurrency.test_driver_races import EVENING, SIX, agrees, at_six, on_the_road
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world
from tests.orders import claiming

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Actor.user(902, Role.MANAGER)
TODAY = date(2026, 1, 31)


# -- a second round ----------------------------------------------------------------------------------------------------


def sent_out_again_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[BaseException]]:
    """A driver is back; two dispatchers send them out again at the same moment."""
    world, _route, _deliveries = on_the_road(1)
    Route.objects.update(status="CLOSED")
    both = Meeting(2)
    for_driver = desk_module._driver_for

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = for_driver(*args, **kwargs)
        both.wait()
        return found

    def again() -> None:
        add_route(
            world.hub.pk, on=TODAY, slot_id=world.morning.pk, driver_id=world.driver.pk, vehicle_id=None, by=STAFF
        )

    monkeypatch.setattr(desk_module, "_driver_for", slow)
    return world, in_threads(at_six(again), at_six(again))


def test_without_the_lock_of_the_hub_both_find_the_driver_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the database keeps the second out, and can't say why."""
    monkeypatch.setattr("deliveries.models.hubs.HubQuerySet.locked", lambda rows, pk: rows.get(pk=pk))
    monkeypatch.setattr("deliveries.models.routes.RouteQuerySet.locked_of", _unlocked)
    _world, refused = sent_out_again_twice(monkeypatch)
    assert [type(each) for each in refused] == [StopMoved]


def _unlocked(rows: Any, hub_id: int, *, on: date, slot_id: int) -> list[Route]:
    return list(rows.filter(hub_id=hub_id, date=on, slot_id=slot_id).select_related("hub", "slot", "driver__user"))


def test_one_driver_gets_one_second_round(monkeypatch: pytest.MonkeyPatch) -> None:
    world, refused = sent_out_again_twice(monkeypatch)
    assert [type(each) for each in refused] == [DriverBusy]
    with clock.override(SIX):
        statuses = Route.objects.filter(driver=world.driver).order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["CLOSED", "PLANNED"]
    assert Hub.objects.count() == 1


# -- a word at the door is taken back while something comes of it ------------------------------------------------------


def meets(monkeypatch: pytest.MonkeyPatch, meeting: Meeting, module: Any, name: str) -> None:
    """Whoever calls it waits for the other first: both have looked before either writes."""
    work = getattr(module, name)

    def waits(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return work(*args, **kwargs)

    monkeypatch.setattr(module, name, waits)


def without_locks_on_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderQuerySet, "locked", lambda rows, pk: rows.select_related("slot", "region").get(pk=pk))
    monkeypatch.setattr(PaymentQuerySet, "locked", lambda rows, pk: rows.select_related("order").get(pk=pk))
    monkeypatch.setattr(PaymentQuerySet, "locked_of", lambda rows, pk: list(rows.filter(order_id=pk).order_by("pk")))


def undone_while(
    monkeypatch: pytest.MonkeyPatch, places: list[tuple[Any, str]], work: Callable[[Order], object]
) -> tuple[World, str, list[BaseException]]:
    """Staff take back "delivered" of an order that was paid by card, while something is done because of it."""
    world = small_world()
    order = claiming.brought(world)
    delivery = Delivery.objects.get(order=order)
    meeting = Meeting(2)
    for module, name in places:
        meets(monkeypatch, meeting, module, name)
    refused = in_threads(at_six(lambda: take_back(delivery.pk, by=STAFF)), at_six(lambda: work(order)))
    return world, Delivery.objects.get(order=order).status, refused


CLAIMED = [(undoing_module, "undo_move"), (granting_module, "open_claim")]
REFUNDED = [(books_module, "undoing"), (refunding_module, "_decide")]


def claims_one(order: Order) -> object:
    return make_claim(order.pk, claiming.claimed(order), by=claiming.household(order))


def refunds_five(order: Order) -> object:
    payment = Payment.objects.get(order=order)
    return refund_payment(payment.pk, Wish("Sour", amount=Money(500, "INR")), key="sour", by=STAFF)


def test_without_the_locks_an_order_on_its_way_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks_on_orders(monkeypatch)
    _world, status, refused = undone_while(monkeypatch, CLAIMED, claims_one)
    assert (refused, status, Claim.objects.count()) == ([], "PICKED_UP", 1)


def test_taken_back_against_a_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    world, status, refused = undone_while(monkeypatch, CLAIMED, claims_one)
    (told,) = refused
    ended = (type(told), status, Claim.objects.count())
    assert ended in {(NotUndoable, "DELIVERED", 1), (NotClaimable, "PICKED_UP", 0)}
    with clock.override(SIX):
        assert agrees(world)


def test_without_the_locks_money_goes_back_for_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks_on_orders(monkeypatch)
    _world, status, refused = undone_while(monkeypatch, REFUNDED, refunds_five)
    assert (refused, status, Refund.objects.count()) == ([], "PICKED_UP", 1)


def test_taken_back_against_a_refund(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever comes first: what is given back after the word was taken back is money paid ahead, and adds up."""
    world, status, refused = undone_while(monkeypatch, REFUNDED, refunds_five)
    ended = ([type(each) for each in refused], status, Refund.objects.count())
    assert ended in [([NotUndoable], "DELIVERED", 1), ([], "PICKED_UP", 1)]
    with clock.override(SIX):
        assert agrees(world)


# -- a stop is moved while its driver is at it -------------------------------------------------------------------------


def moved_while_delivered(monkeypatch: pytest.MonkeyPatch) -> tuple[Delivery, list[BaseException]]:
    with clock.override(EVENING):
        world = small_world()
        order = buy(world).order
        other = DriverFactory(hub=world.hub)
        there = add_route(
            world.hub.pk, on=TODAY, slot_id=world.morning.pk, driver_id=other.pk, vehicle_id=None, by=STAFF
        )
    with clock.override(SIX):
        pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    looked, tapped = threading.Event(), threading.Event()
    put_on = placing_module.put_on

    def slow(*args: Any, **kwargs: Any) -> Any:
        looked.set()
        tapped.wait(2)
        return put_on(*args, **kwargs)

    def taps() -> None:
        looked.wait(10)
        mark_picked_up(delivery.pk, by=STAFF)
        mark_delivered(delivery.pk, by=STAFF)
        tapped.set()

    monkeypatch.setattr(desk_module, "put_on", slow)
    moves = at_six(lambda: move_stops([delivery.stop_id or 0], to_route=there.pk, by=STAFF))
    refused = in_threads(moves, at_six(taps))
    return Delivery.objects.select_related("order").get(pk=delivery.pk), refused


def test_without_the_lock_of_the_delivery_a_move_forgets_what_was_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        DeliveryQuerySet,
        "locked_at",
        lambda rows, stops: list(rows.filter(stop__in=stops).select_related("stop__route", "order")),
    )
    delivery, refused = moved_while_delivered(monkeypatch)
    assert (refused, delivery.status, delivery.order.status) == ([], "ASSIGNED", "DELIVERED")


def test_a_move_against_delivering(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery, refused = moved_while_delivered(monkeypatch)
    assert (refused, delivery.status, delivery.order.status) == ([], "DELIVERED", "DELIVERED")


# -- two tabs rate one delivery ----------------------------------------------------------------------------------------


def rated_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[BaseException]]:
    world = small_world()
    delivery = Delivery.objects.get(order=claiming.brought(world, method="COD"))
    meets(monkeypatch, Meeting(2), ratings_module, "ensure_ratable")

    def rates(stars: int) -> Callable[[], None]:
        return at_six(lambda: rate_delivery(delivery.pk, stars=stars, by=STAFF))

    return world, in_threads(rates(5), rates(3))


def test_without_the_lock_of_the_delivery_both_are_the_first_to_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryQuerySet, "locked", lambda rows, pk: rows.select_related("stop__route").get(pk=pk))
    _world, refused = rated_twice(monkeypatch)
    assert [type(each) for each in refused] == [IntegrityError]


def test_two_tabs_give_one_rating(monkeypatch: pytest.MonkeyPatch) -> None:
    """The later one changes what the first said, and the dairy counts one."""
    world, refused = rated_twice(monkeypatch)
    assert refused == []
    rating = Rating.objects.get()
    world.vendor.refresh_from_db()
    assert rating.changed_at is not None
    assert (world.vendor.rating_count, int(world.vendor.rating)) == (1, rating.stars)
