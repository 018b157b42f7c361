"""Approving and rejecting an order at the same moment. Shown first with the lock off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from orders.actions import approve_order, hold_order, holding, reject_order, transitions
from orders.models import Hold, Order, OrderQuerySet
from orders.rules.holding import NotHeld
from tests.cart.shopping import buy
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
STAFF = Actor.system("tests")


def held(world: World) -> int:
    with clock.override(NOW):
        order_id = buy(world, (world.milk, 2)).order_id
        hold_order(order_id, by=STAFF, reason="Asks for another door")
    return order_id


def decide_at_once(
    order_id: int, monkeypatch: pytest.MonkeyPatch, settle: Callable[..., Hold] = transitions.settle_hold
) -> list[BaseException]:
    """One manager approves and another rejects; each has looked before either writes."""
    meeting = Meeting(2)

    def slow(*args: Any, **kwargs: Any) -> Hold:
        meeting.wait()
        return settle(*args, **kwargs)

    monkeypatch.setattr(holding, "settle_hold", slow)

    def at_now(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with clock.override(NOW):
                work()

        return run

    return in_threads(
        at_now(lambda: approve_order(order_id, by=STAFF)),
        at_now(lambda: reject_order(order_id, by=STAFF, reason="Not at home")),
    )


def decisions() -> list[str]:
    return sorted(Event.objects.filter(name__in=["order.approved", "order.rejected"]).values_list("name", flat=True))


def hold_by_order(order: Order, outcome: str, **_: object) -> Hold:
    """Write the decision as somebody would who did not look again."""
    Hold.objects.filter(order=order).update(outcome=outcome)
    return Hold.objects.get(order=order)


def test_without_the_lock_an_order_is_approved_and_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = held(small_world())
    monkeypatch.setattr(OrderQuerySet, "locked", lambda rows, pk: rows.select_related("slot", "region").get(pk=pk))
    assert decide_at_once(order_id, monkeypatch, hold_by_order) == []
    assert decisions() == ["order.approved", "order.rejected"]


def test_one_decision_counts_and_the_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = held(small_world())
    problems = decide_at_once(order_id, monkeypatch)
    assert [type(problem) for problem in problems] == [NotHeld]
    [decided] = decisions()
    order, hold = Order.objects.get(pk=order_id), Hold.objects.get()
    if decided == "order.approved":
        assert (order.status, hold.outcome, Stock.objects.order_by("pk")[0].reserved) == ("CONFIRMED", "APPROVED", 2)
    else:
        assert (order.status, hold.outcome, Stock.objects.order_by("pk")[0].reserved) == ("CANCELLED", "REJECTED", 0)
