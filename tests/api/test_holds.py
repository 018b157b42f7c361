"""Holding orders, approving and rejecting them through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from milkdelivery.core.models import Event
from orders.models import Hold
from tests.api.calls import Caller, new_key, problem
from tests.api.test_orders import order_of
from tests.factories.world import World


def test_a_manager_holds_and_approves(world: World, manager: Caller, customer: Caller) -> None:
    number = order_of(world).number
    told = manager.post(f"orders/{number}/hold/", {"reason": "Asks for another door"}, key=new_key()).json()
    assert told["status"] == "ON_HOLD"
    assert (told["hold"]["kind"], told["hold"]["reason"], told["hold"]["findings"]) == (
        "STAFF",
        "Asks for another door",
        [],
    )
    seen = customer.get(f"orders/{number}/").json()
    assert (seen["status"], seen["hold"]) == ("ON_HOLD", None), "why is for staff"
    assert "HELD" in [step["step"] for step in seen["timeline"]]
    told = manager.post(f"orders/{number}/approve/", {}, key=new_key()).json()
    assert (told["status"], told["hold"]) == ("CONFIRMED", None)
    assert manager.post(f"orders/{number}/approve/", {}, key=new_key()).status_code == 200, "twice is once"
    assert Event.objects.get(name="order.approved").actor.role == "MANAGER"


def test_a_manager_rejects_with_a_reason(world: World, manager: Caller) -> None:
    number = order_of(world).number
    assert "reason" in problem(manager.post(f"orders/{number}/hold/", {}, key=new_key()), 400, "invalid")["errors"]
    manager.post(f"orders/{number}/hold/", {"reason": "Asks for another door"}, key=new_key())
    blank = manager.post(f"orders/{number}/reject/", {"reason": "  "}, key=new_key())
    assert "reason" in problem(blank, 400, "invalid")["errors"]
    told = manager.post(f"orders/{number}/reject/", {"reason": "No such door"}, key=new_key()).json()
    assert told["status"] == "CANCELLED"
    assert Hold.objects.get().decision_reason == "No such door"
    problem(manager.post(f"orders/{number}/approve/", {}, key=new_key()), 409, "order_not_held")


def test_what_was_not_held_can_not_be_decided(world: World, manager: Caller) -> None:
    number = order_of(world).number
    problem(manager.post(f"orders/{number}/approve/", {}, key=new_key()), 409, "order_not_held")
    problem(manager.post(f"orders/{number}/reject/", {"reason": "x"}, key=new_key()), 409, "order_not_held")
    assert manager.post("orders/M000000/hold/", {"reason": "x"}, key=new_key()).status_code == 404


def test_after_the_cut_off_nothing_is_held_or_approved(
    world: World, manager: Caller, at: Callable[[str], datetime]
) -> None:
    held, other = order_of(world).number, order_of(world).number
    manager.post(f"orders/{held}/hold/", {"reason": "Asks for another door"}, key=new_key())
    at("2026-01-15T22:00+05:30")
    problem(manager.post(f"orders/{held}/approve/", {}, key=new_key()), 409, "hold_too_late")
    problem(manager.post(f"orders/{other}/hold/", {"reason": "x"}, key=new_key()), 409, "hold_too_late")


@pytest.mark.parametrize("verb", ["hold", "approve", "reject"])
def test_a_household_decides_nothing(world: World, customer: Caller, verb: str) -> None:
    order = order_of(world)
    answer = customer.post(f"orders/{order.number}/{verb}/", {"reason": "mine"}, key=new_key())
    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.status == "CONFIRMED"
    assert not Hold.objects.exists()
