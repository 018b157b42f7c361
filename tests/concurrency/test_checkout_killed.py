"""A process that dies at any commit of a checkout loses nothing and does nothing twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import Address, User
from cart.actions import claim_stalled, run_checkout, workflow
from cart.actions.steps import STEPS
from cart.models import Cart, Checkout, CheckoutStep
from cart.tasks import resume_stalled_checkouts
from deliveries.models import Delivery
from inventory.models import Stock, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from orders.models import Order, OrderLine, OrderStatusChange
from payments.models import Payment
from tests.cart.shopping import GUEST, filled_cart
from tests.concurrency.checkout_process import NOW, order_as_a_guest
from tests.concurrency.threads import in_threads
from tests.factories.world import World, small_world
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
COMMITS = 4
"""Placed; checked and reserved; payment opened; that recorded, confirmed and scheduled."""

STEP_NAMES = [
    "validate_profile",
    "validate_order",
    "assign_vendors",
    "reserve_stock",
    "screen_fraud",
    "take_payment",
    "confirm",
    "schedule_delivery",
    "notify",
]


def end_state(first_event: int) -> dict[str, Any]:
    """Everything an order leaves behind, without ids and instants; of the events, those after `first_event`."""
    return {
        "steps": list(CheckoutStep.objects.order_by("pk").values_list("name", "attempt", "outcome")),
        "checkouts": list(Checkout.objects.values_list("state", "next_step", "attempts", "waiting_for")),
        "orders": list(Order.objects.values_list("status", "payment_status", "grand_total", "delivery_date")),
        "history": list(OrderStatusChange.objects.order_by("pk").values_list("from_status", "to_status")),
        "lines": list(OrderLine.objects.values_list("status", "quantity", "vendor__name")),
        "payments": list(Payment.objects.values_list("status", "gateway", "amount")),
        "deliveries": list(Delivery.objects.values_list("status", "hub__name", "delivery_date")),
        "stock": list(Stock.objects.order_by("pk").values_list("on_hand", "reserved")),
        "movements": list(
            StockMovement.objects.exclude(kind="RECEIVE")
            .order_by("pk")
            .values_list("kind", "on_hand_change", "reserved_change")
        ),
        "capacity": list(CapacityUse.objects.values_list("vendor__name", "orders")),
        "carts": list(Cart.objects.values_list("status", flat=True)),
        "people": (User.objects.count(), Address.objects.count()),
        "events": Counter(Event.objects.filter(pk__gt=first_event).values_list("name", flat=True)),
    }


def in_a_process(cart_id: int, point: str, number: int) -> subprocess.CompletedProcess[str]:
    database = connection.settings_dict["NAME"]
    arguments = [database, str(cart_id), point, str(number)]
    command = [sys.executable, "-m", "tests.concurrency.checkout_process", *arguments]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False, capture_output=True, text=True)


def resume() -> None:
    """What the worker does once the lease of the dead has run out."""
    Checkout.objects.filter(next_attempt_at__isnull=False).update(
        next_attempt_at=clock.real_now() - timedelta(seconds=1)
    )
    resume_stalled_checkouts()


@dataclass(frozen=True)
class Start:
    """A dairy and a filled cart, and how many people and events there were before the button was pressed."""

    world: World
    cart: Cart
    people: int
    last_event: int


def start() -> Start:
    world = small_world()
    with clock.override(NOW):
        cart = filled_cart(world, (world.milk, 2), (world.variants[1], 1))
    last_event = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Start(world, cart, User.objects.count(), last_event)


def resumed(begin: Start) -> None:
    """A worker goes on, and the household presses again."""
    with clock.override(NOW):
        resume()
        order_as_a_guest(begin.cart.pk)


def undisturbed(begin: Start) -> dict[str, Any]:
    """What the end must be, told here in full so that nothing compares with itself."""
    dairy, tomorrow = begin.world.vendor.name, NOW.date() + timedelta(days=1)
    return {
        "steps": [(name, 1, "DONE") for name in STEP_NAMES],
        "checkouts": [("DONE", "", 0, "")],
        "orders": [("CONFIRMED", "PENDING", 2 * 2800 + 3500 + 2000, tomorrow)],
        "history": [("", "CREATED"), ("CREATED", "CONFIRMED")],
        "payments": [("PENDING", "cash", 2 * 2800 + 3500 + 2000)],
        "stock": [(100, 2), (100, 1), (100, 0)],
        "movements": [("RESERVE", 0, 2), ("RESERVE", 0, 1)],
        "carts": ["ORDERED"],
        "lines": [("ASSIGNED", 2, dairy), ("ASSIGNED", 1, dairy)],
        "deliveries": [("ASSIGNED", begin.world.hub.name, tomorrow)],
        "capacity": [(dairy, 1)],
        "people": (begin.people + 1, 1),
        "events": Counter(
            {
                "user.registered": 1,
                "order.placed": 1,
                "cart.checkout_started": 1,
                "vendor.assigned": 1,
                "stock.changed": 2,
                "payment.initiated": 1,
                "order.confirmed": 1,
                "delivery.scheduled": 1,
                "delivery.assigned": 1,
                "order.checkout_completed": 1,
            }
        ),
    }


def assert_as_undisturbed(begin: Start) -> None:
    assert end_state(begin.last_event) == undisturbed(begin)


def test_the_process_that_lives_makes_four_commits() -> None:
    begin = start()
    process = in_a_process(begin.cart.pk, "never", 0)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == str(COMMITS)
    assert_as_undisturbed(begin)


@pytest.mark.parametrize("number", range(1, COMMITS + 1))
@pytest.mark.parametrize("point", ["before", "after"])
def test_killed_at_a_commit_and_resumed_ends_the_same(point: str, number: int) -> None:
    begin = start()
    process = in_a_process(begin.cart.pk, point, number)
    assert process.returncode == -signal.SIGKILL, process.stderr
    resumed(begin)
    assert_as_undisturbed(begin)


@pytest.mark.parametrize("missing", STEP_NAMES)
def test_no_step_can_be_left_out(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above notices each single step: without it the end is another."""
    begin = start()
    monkeypatch.setattr(workflow, "STEPS", tuple(step for step in STEPS if step.name != missing))
    if missing == STEP_NAMES[0]:
        monkeypatch.setattr("cart.actions.placing.FIRST_STEP", STEP_NAMES[1])
    order_as_a_guest(begin.cart.pk)
    with pytest.raises(AssertionError):
        assert_as_undisturbed(begin)


def test_two_workers_resume_a_checkout_once() -> None:
    begin = start()
    assert in_a_process(begin.cart.pk, "after", 2).returncode == -signal.SIGKILL
    checkout = Checkout.objects.get()

    def work() -> None:
        with clock.override(NOW):
            run_checkout(checkout.pk, by=GUEST)

    assert in_threads(work, work, work) == []
    assert_as_undisturbed(begin)


def test_stalled_checkouts_are_shared_out() -> None:
    """Two workers that look at once take none twice."""
    begin = start()
    in_a_process(begin.cart.pk, "after", 1)
    due = clock.real_now() - timedelta(seconds=1)
    Checkout.objects.update(next_attempt_at=due)
    assert len(claim_stalled()) == 1
    assert claim_stalled() == []
