"""A process that is killed with money in its hands: the books add up at once, and whoever goes on ends the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from cart.models import Cart, Checkout
from cart.tasks import resume_stalled_checkouts
from deliveries.actions import mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from orders.actions import cancel_order, pack_order
from orders.models import Order
from payments.models import LedgerTransfer, Payment
from tests.cart.shopping import filled_cart
from tests.concurrency import wallet_process
from tests.concurrency.checkout_process import NOW
from tests.concurrency.wallet_process import AT_THE_DOOR, SELF
from tests.factories.accounts import UserFactory
from tests.factories.world import small_world
from tests.payments.books import assert_books_add_up, counted, filled_wallet

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
COMMITS = 6
"""Placed; checked and reserved; payment opened; money set aside; that noted; step noted, confirmed and scheduled."""

TOTAL = 2 * 2800 + 2000
IN_WALLET = 20_000


def in_a_process(verb: str, pk: int, point: str, number: int) -> subprocess.CompletedProcess[str]:
    database = connection.settings_dict["NAME"]
    arguments = [database, point, str(number), verb, str(pk)]
    command = [sys.executable, "-m", "tests.concurrency.wallet_process", *arguments]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False, capture_output=True, text=True)


def killed(verb: str, pk: int, point: str, number: int) -> None:
    process = in_a_process(verb, pk, point, number)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert_books_add_up()  # at once, before anybody mends anything


def household() -> tuple[User, Cart]:
    world = small_world()
    with clock.override(NOW):
        user = UserFactory()
        filled_wallet(user, IN_WALLET // 100)
        return user, filled_cart(world, (world.milk, 2), customer_id=user.pk)


def ordered() -> dict[str, Any]:
    """What is left behind by an order that waits for its door, its money set aside."""
    return {
        "books": counted(),
        "transfers": sorted(LedgerTransfer.objects.values_list("kind", flat=True)),
        "payments": list(Payment.objects.values_list("status", "method", "amount", "failure_code")),
        "orders": list(Order.objects.values_list("status", "payment_status")),
        "held": Event.objects.named("wallet.held").count(),
        "checkouts": list(Checkout.objects.values_list("state", flat=True)),
    }


UNDISTURBED = {
    "books": {"GATEWAY": -IN_WALLET, "WALLET": IN_WALLET - TOTAL, "HELD": TOTAL},
    "transfers": ["HOLD", "TOP_UP"],
    "payments": [("PENDING", "WALLET", TOTAL, "")],
    "orders": [("CONFIRMED", "PENDING")],
    "held": 1,
    "checkouts": ["DONE"],
}


def resume(cart: Cart) -> None:
    """The lease of the dead runs out, a worker goes on, and the household presses the button again."""
    with clock.override(NOW):
        Checkout.objects.filter(next_attempt_at__isnull=False).update(
            next_attempt_at=clock.real_now() - timedelta(seconds=1)
        )
        resume_stalled_checkouts()
        wallet_process.order(cart.pk)


def test_the_process_that_lives_makes_six_commits() -> None:
    _user, cart = household()
    process = in_a_process("order", cart.pk, "never", 0)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == str(COMMITS)
    assert ordered() == UNDISTURBED


@pytest.mark.parametrize("number", range(1, COMMITS + 1))
@pytest.mark.parametrize("point", ["before", "after"])
def test_an_order_killed_at_a_commit_sets_its_money_aside_once(point: str, number: int) -> None:
    _user, cart = household()
    killed("order", cart.pk, point, number)
    resume(cart)
    assert ordered() == UNDISTURBED
    assert_books_add_up()


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_delivery_killed_at_its_commit_pays_once_or_not_at_all(point: str) -> None:
    _user, cart = household()
    wallet_process.order(cart.pk)
    order, delivery = Order.objects.get(), Delivery.objects.get()
    with clock.override(NOW):
        pack_order(order.pk, by=SELF)
    with clock.override(AT_THE_DOOR):
        mark_picked_up(delivery.pk, by=SELF)
    killed("deliver", delivery.pk, point, 1)
    delivered = Delivery.objects.get().status == "DELIVERED"
    paid = Payment.objects.get().status == "SUCCEEDED"
    assert (delivered, paid, "HELD" not in counted()) == (point == "after",) * 3
    wallet_process.deliver(delivery.pk)
    assert Payment.objects.get().status == "SUCCEEDED"
    books = counted()
    assert books["WALLET"] == IN_WALLET - TOTAL
    assert books["SALES"] + books["TAX"] + books["DELIVERY"] == TOTAL
    assert_books_add_up()


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_cancellation_killed_at_its_commit_gives_back_once(point: str) -> None:
    _user, cart = household()
    wallet_process.order(cart.pk)
    order = Order.objects.get()
    with clock.override(NOW):
        cancel_order(order.pk, by=SELF, reason="test")
    killed("void", order.pk, point, 1)
    wallet_process.void(order.pk)
    assert counted() == {"GATEWAY": -IN_WALLET, "WALLET": IN_WALLET}
    assert Payment.objects.get().status == "FAILED"
    assert Event.objects.named("wallet.released").count() == 1


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_top_up_killed_at_its_commit_comes_once(point: str) -> None:
    user = UserFactory()
    killed("top_up", user.pk, point, 1)
    assert counted() == ({} if point == "before" else {"GATEWAY": -50_000, "WALLET": 50_000})
    for _ in range(2):
        wallet_process.top_up(user.pk)
    assert counted() == {"GATEWAY": -50_000, "WALLET": 50_000}
