"""A process that dies at any commit of ours or of the bank's, money in its hands: whoever goes on ends the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from cart.models import Checkout
from cart.tasks import resume_stalled_checkouts
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from orders.models import Order
from payments import tasks
from payments.actions import Wish, refund_payment
from payments.models import DemoCharge, Payment, RefundMovement
from tests.cart.shopping import filled_cart
from tests.concurrency import paying_process
from tests.concurrency.checkout_process import NOW
from tests.factories.world import small_world
from tests.payments.books import assert_books_add_up, counted
from tests.payments.paying import STAFF

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
COMMITS = {"order": 6, "pay": 6, "move": 3}
"""Placed; reserved; opened; the bank's charge; noted; parked. — Attempt found; the bank took it; noted; resumed; looked
at; step noted and confirmed. — The bank gave it back; noted."""

TOTAL = 2 * 2800 + 2000


def in_a_process(verb: str, pk: int, point: str, number: int) -> subprocess.CompletedProcess[str]:
    database = connection.settings_dict["NAME"]
    arguments = [database, point, str(number), verb, str(pk)]
    command = [sys.executable, "-m", "tests.concurrency.paying_process", *arguments]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False, capture_output=True, text=True)


def prepared(verb: str) -> int:
    """Everything before the verb is done; the id that it works on."""
    world = small_world()
    with clock.override(NOW):
        cart = filled_cart(world, (world.milk, 2))
    if verb == "order":
        return cart.pk
    paying_process.order(cart.pk)
    order = Order.objects.get()
    if verb == "pay":
        return order.pk
    paying_process.pay(order.pk)
    with clock.override(NOW):
        refund_payment(Payment.objects.get().pk, Wish("x"), key="a", by=STAFF)
    return RefundMovement.objects.get().pk


def mended() -> None:
    """What workers do once the leases of the dead have run out and the minute is over."""
    with clock.override(NOW + timedelta(minutes=2)):
        Checkout.objects.filter(next_attempt_at__isnull=False).update(
            next_attempt_at=clock.real_now() - timedelta(seconds=1)
        )
        resume_stalled_checkouts()
        tasks.ask_gateways()
        tasks.write_demo_letters()
        tasks.process_webhooks()
        tasks.move_refunds()


def left_behind() -> dict[str, Any]:
    assert_books_add_up()
    return {
        "orders": list(Order.objects.values_list("status", "payment_status", "grand_total")),
        "payments": list(Payment.objects.values_list("status", "attempt", "refunded")),
        "bank": [(charge.state, sum(charge.refunds.values())) for charge in DemoCharge.objects.all()],
        "checkouts": list(Checkout.objects.values_list("state", flat=True)),
        "reserved": sum(Stock.objects.values_list("reserved", flat=True)),
        "books": counted(),
        "succeeded": Event.objects.named("payment.succeeded").count(),
        "confirmed": Event.objects.named("order.confirmed").count(),
        "refunded": Event.objects.named("payment.refunded").count(),
    }


WAITING = {
    "orders": [("CREATED", "PENDING", TOTAL)],
    "payments": [("PENDING", 1, 0)],
    "bank": [("OPEN", 0)],
    "checkouts": ["WAITING"],
    "reserved": 2,
    "books": {},
    "succeeded": 0,
    "confirmed": 0,
    "refunded": 0,
}
PAID = WAITING | {
    "orders": [("CONFIRMED", "PAID", TOTAL)],
    "payments": [("SUCCEEDED", 1, 0)],
    "bank": [("PAID", 0)],
    "checkouts": ["DONE"],
    "books": {"GATEWAY": -TOTAL, "PAID_AHEAD": TOTAL},
    "succeeded": 1,
    "confirmed": 1,
}
RETURNED = PAID | {
    "orders": [("CONFIRMED", "REFUNDED", TOTAL)],
    "payments": [("REFUNDED", 1, TOTAL)],
    "bank": [("PAID", TOTAL)],
    "refunded": 1,
}
ENDS = {"order": WAITING, "pay": PAID, "move": RETURNED}


def without_books(state: dict[str, Any]) -> dict[str, Any]:
    """Of a refund before the delivery the books say more than this test is about: they add up."""
    return {name: value for name, value in state.items() if name != "books"}


@pytest.mark.parametrize("verb", COMMITS)
def test_the_process_that_lives(verb: str) -> None:
    pk = prepared(verb)
    process = in_a_process(verb, pk, "never", 0)
    assert (process.returncode, process.stdout.strip()) == (0, str(COMMITS[verb])), process.stderr
    assert without_books(left_behind()) == without_books(ENDS[verb])


@pytest.mark.parametrize(("verb", "number"), [(verb, n + 1) for verb, count in COMMITS.items() for n in range(count)])
@pytest.mark.parametrize("point", ["before", "after"])
def test_killed_at_a_commit_and_carried_on_ends_the_same(verb: str, number: int, point: str) -> None:
    pk = prepared(verb)
    process = in_a_process(verb, pk, point, number)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert_books_add_up()
    mended()
    paying_process.VERBS[verb](pk)  # the household presses again, the queue starts the task again
    end = ENDS[verb]
    assert without_books(left_behind()) == without_books(end)
    if verb != "move":
        assert counted() == end["books"]
