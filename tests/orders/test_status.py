"""The status table of orders: what it allows, and that everything else is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from milkdelivery.core.actors import Actor, Role
from orders.models import Order
from orders.rules.status import MOVES, ImpossibleMove, OrderNotCancellable, ensure_cancellable, ensure_move

ALLOWED = {
    ("CREATED", "CONFIRMED"),
    ("CREATED", "ON_HOLD"),
    ("CREATED", "CANCELLED"),
    ("ON_HOLD", "CREATED"),
    ("ON_HOLD", "CONFIRMED"),
    ("ON_HOLD", "CANCELLED"),
    ("CONFIRMED", "PACKED"),
    ("CONFIRMED", "ON_HOLD"),
    ("CONFIRMED", "CANCELLED"),
    ("PACKED", "OUT_FOR_DELIVERY"),
    ("PACKED", "CANCELLED"),
    ("OUT_FOR_DELIVERY", "DELIVERED"),
    ("OUT_FOR_DELIVERY", "CONFIRMED"),
    ("OUT_FOR_DELIVERY", "RETURNED"),
    ("DELIVERED", "RETURNED"),
}
CUTOFF = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CUSTOMER = Actor.user(1, Role.CUSTOMER)
MANAGER = Actor.user(2, Role.MANAGER)


def test_the_table_knows_every_status() -> None:
    assert set(MOVES) == set(Order.Status.values)


@pytest.mark.parametrize(("before", "after"), list(product(Order.Status.values, Order.Status.values)))
def test_only_what_the_table_says(before: str, after: str) -> None:
    if (before, after) in ALLOWED:
        ensure_move(before, after)
    else:
        with pytest.raises(ImpossibleMove):
            ensure_move(before, after)


def test_a_customer_cancels_until_the_cut_off() -> None:
    ensure_cancellable("CONFIRMED", cutoff_at=CUTOFF, by=CUSTOMER, now=CUTOFF - MINUTE)
    with pytest.raises(OrderNotCancellable):
        ensure_cancellable("CONFIRMED", cutoff_at=CUTOFF, by=CUSTOMER, now=CUTOFF)


@pytest.mark.parametrize("status", ["OUT_FOR_DELIVERY", "DELIVERED", "RETURNED"])
def test_nobody_cancels_what_left_the_hub(status: str) -> None:
    for actor in (CUSTOMER, MANAGER, Actor.system("tests")):
        with pytest.raises(OrderNotCancellable):
            ensure_cancellable(status, cutoff_at=CUTOFF, by=actor, now=CUTOFF - MINUTE)


def test_staff_cancel_after_the_cut_off() -> None:
    ensure_cancellable("PACKED", cutoff_at=CUTOFF, by=MANAGER, now=CUTOFF + MINUTE)
