"""Orders that are paid at the pretend bank, and what everybody does about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cart.actions import resume_checkout
from cart.models import Checkout
from cart.tasks import expire_payments, resume_stalled_checkouts
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from orders.models import Order
from payments import tasks
from payments.actions import Means, pay
from payments.gateways.demo.scenarios import BY_NAME
from payments.models import Payment, RefundMovement, Webhook
from tests.cart.shopping import GUEST, buy
from tests.factories.world import World

EVENING = datetime.fromisoformat("2026-01-30T20:00+05:30")
STAFF = Actor.system("tests")


def unpaid(world: World, method: str = "CARD", **changes: Any) -> Checkout:
    """An order whose checkout waits for its household to pay."""
    run = buy(world, *changes.pop("items", ()), payment_method=method, **changes)
    assert (run.state, run.waiting_for) == ("WAITING", "payment")
    return run


def by_card(scenario: str, **changes: Any) -> Means:
    return Means("CARD", {"number": BY_NAME[scenario].card, "expires_on": "2030-12-31"}, **changes)


def try_card(run: Checkout, scenario: str, **changes: Any) -> Payment:
    """Press the button with a card; what its page does after that is done too."""
    payment = pay(run.order_id, by_card(scenario, **changes), by=GUEST)
    if payment.status != "PENDING":
        resume_checkout(run.pk, by=GUEST)
    return payment


def worker(drain: Callable[[], int]) -> None:
    """Everything a worker would have got to by now."""
    for _round in range(3):
        drain()
        tasks.write_demo_letters()
        Webhook.objects.filter(status="RECEIVED").update(next_attempt_at=clock.real_now() - timedelta(seconds=1))
        tasks.process_webhooks()
        tasks.ask_gateways()
        RefundMovement.objects.filter(status="PENDING").update(next_attempt_at=clock.real_now() - timedelta(seconds=1))
        tasks.move_refunds()
        expire_payments()
        for order_id in Order.objects.filter(status="CANCELLED").values_list("pk", flat=True):
            tasks.void_payments(order_id)
        resume_stalled_checkouts()


def states(run: Checkout) -> tuple[str, str, str]:
    """Of the checkout, of the order, of its payment."""
    run.refresh_from_db()
    order = Order.objects.get(pk=run.order_id)
    return run.state, order.status, order.payment_status


PAID = ("DONE", "CONFIRMED", "PAID")
UNPAID = ("WAITING", "CREATED", "PENDING")
GONE = ("FAILED", "CANCELLED", "FAILED")
"""Undone, and nothing was taken."""
RETURNED = ("FAILED", "CANCELLED", "REFUNDED")


def attempts_of(run: Checkout) -> list[tuple[str, str, str]]:
    found = Payment.objects.filter(order_id=run.order_id).order_by("pk")
    return list(found.values_list("method", "status", "failure_code"))
