"""Whatever the net does to what a driver tapped (any order, again, late, by two phones): the day ends the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cart.actions import Buyer
from deliveries.actions import PhotoSent, Sent, attach_photo, tap_all
from deliveries.models import Delivery, DriverAction, FailedAttempt, Proof, Route
from deliveries.rules.proof import PhotoOfNothing
from deliveries.rules.status import RoundOver
from inventory.models import Batch, Stock
from inventory.queries import recount as recount_stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.money import Money
from milkdelivery.core.photos import KeptPhoto
from orders.actions import pack_order
from orders.models import Order, OrderLine
from payments.actions import top_up
from payments.models import LedgerAccount, Payment
from payments.queries.recount import recount as recount_books
from tests.cart.shopping import buy
from tests.factories.world import World, small_world
from tests.payments.books import counted
from tests.payments.paying import try_card, unpaid

pytestmark = pytest.mark.django_db

EVENING = datetime.fromisoformat("2026-01-30T20:00+05:30")
DAWN = datetime.fromisoformat("2026-01-31T04:30+05:30")
OUT = datetime.fromisoformat("2026-01-31T05:00+05:30")
LATER = datetime.fromisoformat("2026-01-31T09:00+05:30")
STAFF = Actor.user(902, Role.MANAGER)

WORDS = st.sampled_from(
    [
        ("DELIVERED", {}),
        ("DELIVERED", {"empties": 2}),
        ("DELIVERED", {"has_photo": True}),
        ("DELIVERED", {"cash": 100, "currency": "INR"}),  # never what is owed: refused wherever it comes
        ("FAILED", {"reason": "NOBODY_THERE"}),
        ("FAILED", {"reason": "REFUSED"}),
        ("FAILED", {"reason": "DAMAGED"}),
        ("UNDO", {}),
        ("PICKED_UP", {}),
    ]
)
tapped = st.lists(st.tuples(st.integers(0, 2), WORDS, st.integers(1, 400)), min_size=1, max_size=7)
"""What is tapped at which of three stops, and so many seconds after the tap before."""


COUNTED = ("DONE", "TAKEN_BACK")
"""Of the others nothing came, whether they were refused or said what was so already."""


@pytest.fixture
def loaded() -> World:
    """Three orders in the van: cash, wallet, card."""
    with clock.override(EVENING):
        world = small_world()
        buy(world, buyer=Buyer(name="Asha Rao", email="a@example.com"))
        top_up(world.customer.pk, Money(50_000, "INR"), key="t", reference="t", by=STAFF)
        buy(world, buyer=Buyer(user_id=world.customer.pk), payment_method="WALLET")
        try_card(unpaid(world), "success")
    Order.objects.update(address={"flat": "12", "pincode": "560034", "latitude": "12.935", "longitude": "77.624"})
    with clock.override(DAWN):
        for order_id in Order.objects.order_by("pk").values_list("pk", flat=True):
            pack_order(order_id, by=STAFF)
    return world


@dataclass(frozen=True)
class Photo:
    """Of what was left at a door, under the key of its tap."""

    key: str
    delivery_id: int


PLACES = (
    None,
    {"latitude": 12.9351, "longitude": 77.6241, "accuracy": 12},
    {"latitude": 12.9459, "longitude": 77.6240, "accuracy": 8},
    {"latitude": 91, "longitude": 0, "accuracy": 1},
    "here",
)
"""At the door, far from it, and what can't be: each tap of "delivered" takes the next."""


def of_a_day(
    deliveries: Sequence[int], route_id: int, told: Sequence[tuple[int, Any, int]], *, close: bool
) -> list[Sent | Photo]:
    """In the order in which they are tapped: the van is loaded, leaves, goes from door to door and is back. A photo is
    sent after its tap."""
    sent: list[Sent | Photo] = []
    at = OUT
    places = itertools.cycle(PLACES)

    def add(kind: str, subject: int, **payload: Any) -> None:
        place = next(places) if kind == "DELIVERED" else None
        tap = Sent(f"k{len(sent)}", kind, subject, device_at=at, payload=payload, position=place)
        sent.append(tap)
        if payload.get("has_photo"):
            sent.append(Photo(tap.key, subject))

    for each in deliveries:
        at += timedelta(seconds=1)
        add("PICKED_UP", each)
    at += timedelta(seconds=1)
    add("START", route_id)
    for place, (kind, payload), seconds in told:
        at += timedelta(seconds=seconds)
        add(kind, deliveries[place], **payload)
    if close:
        at += timedelta(minutes=1)
        add("CLOSE", route_id, after=[each.key for each in sent if isinstance(each, Sent)])
    return sent


def state(world: World) -> dict[str, Any]:
    """Of everything that a round moves. What happened on the way there is no part of it."""
    return {
        "deliveries": [_of(delivery) for delivery in Delivery.objects.order_by("pk")],
        "orders": list(Order.objects.order_by("pk").values_list("status", "payment_status", "delivery_date", "slot")),
        "lines": list(OrderLine.objects.order_by("pk").values_list("status", "delivered_quantity")),
        "payments": list(Payment.objects.order_by("pk").values_list("status", "failure_code", "refunded")),
        "wallets": list(LedgerAccount.objects.exclude(owner=None).order_by("pk").values_list("kind", "balance")),
        "books": counted(),
        "stock": list(Stock.objects.order_by("pk").values_list("on_hand", "reserved")),
        "batches": list(Batch.objects.order_by("pk").values_list("remaining", flat=True)),
        "round": list(Route.objects.order_by("pk").values_list("status", flat=True)),
        "proofs": sorted(
            (each.key, bool(each.photo), each.latitude, each.metres, each.is_far, each.proves_id)
            for each in Proof.objects.exclude(proves=None)
        ),
        "tries": FailedAttempt.objects.true().count(),
        "counted": sorted(DriverAction.objects.filter(result__in=COUNTED).values_list("key", "result")),
    }


def _of(delivery: Delivery) -> tuple[Any, ...]:
    """What the close gives up is given up when it is closed, whenever that is."""
    failed_at = None if delivery.failure_reason == "NO_TIME" else delivery.failed_at
    word = (delivery.status, delivery.delivered_at, failed_at, delivery.failure_reason)
    return (*word, delivery.cash_collected, delivery.empties_collected, delivery.slot_id)


def send(world: World, batches: Sequence[Sequence[Sent | Photo]], *, every: timedelta, ahead: timedelta) -> None:
    """By a phone whose clock is so much ahead, each batch so much after the other; by turns its photos come first."""
    by = Actor.user(world.driver.user_id, Role.DRIVER)
    now = LATER
    for batch in batches:
        with clock.override(now):
            shown = [
                replace(each, device_at=each.device_at + ahead, sent_at=now + ahead)
                for each in batch
                if isinstance(each, Sent) and each.device_at is not None
            ]
            photos = [each for each in batch if isinstance(each, Photo)]
            if len(batch) % 2:
                _send_photos(world, photos, by=by)
            tap_all(shown, driver=world.driver, by=by)
            _send_photos(world, photos, by=by)
        now += every


def _send_photos(world: World, photos: Sequence[Photo], *, by: Actor) -> None:
    """What is refused a phone forgets."""
    for each in photos:
        stored = KeptPhoto(each.key.ljust(32, "0"), 720, 960)
        with suppress(PhotoOfNothing, RoundOver):
            attach_photo(PhotoSent(each.delivery_id, each.key, world.driver), stored, by=by)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(told=tapped, close=st.booleans(), data=st.data())
def test_any_order_repetition_and_delay_ends_the_same(
    loaded: World, told: list[tuple[int, Any, int]], close: bool, data: st.DataObject
) -> None:
    deliveries = list(Delivery.objects.order_by("pk").values_list("pk", flat=True))
    orderly = of_a_day(deliveries, Route.objects.get().pk, told, close=close)
    again = data.draw(st.lists(st.sampled_from(orderly), max_size=4), label="sent twice")
    mixed = data.draw(st.permutations([*orderly, *again]), label="order")
    size = data.draw(st.integers(1, len(mixed)), label="taps in a batch")
    batches = [mixed[start : start + size] for start in range(0, len(mixed), size)]
    minutes = data.draw(st.integers(0, 20), label="minutes between batches")
    ahead = data.draw(st.sampled_from([timedelta(0), timedelta(days=1), timedelta(hours=-26)]), label="clock ahead")

    found: list[dict[str, Any]] = []
    for sendings, every, wrong in (
        ([[each] for each in orderly], timedelta(0), timedelta(0)),
        (batches, timedelta(minutes=minutes), ahead),
    ):
        try:
            with transaction.atomic():
                send(loaded, sendings, every=every, ahead=wrong)
                found.append(state(loaded))
                assert not list(recount_books("INR"))
                assert not list(recount_stock(loaded.region.pk))
                raise _Back
        except _Back:
            continue
    assert found[0] == found[1]


class _Back(Exception):
    """All that was sent is undone."""
