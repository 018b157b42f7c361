"""How the orders of the past were paid: most in cash, many ahead at the pretend bank, some of these at the second try.

What the actions leave behind, set by set: attempts, what the bank knows of them, and what went back where an order was
cancelled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

from django.db import connection

from milkdelivery.demo.copying import Row, copy_rows
from orders.models import Order
from payments.gateways import gateway_named
from payments.gateways.base import Charge
from payments.gateways.demo.scenarios import BY_NAME
from payments.models import DemoCharge, Payment

if TYPE_CHECKING:
    from milkdelivery.demo.life import Story

Method, Status = Payment.Method, Payment.Status

BANK, CASH = gateway_named("demo"), gateway_named("cash")
AHEAD = (Method.UPI, Method.CARD, Method.NETBANKING)
WANTED = (45, 30, 16, 9)
"""Of a hundred households, those that usually pay in cash, and in each of these ways."""

FAITHFUL = 85
"""Times of a hundred that a household pays as it usually does; else in cash, or by UPI where cash is usual."""

STUMBLES = 4
"""Of a hundred payments at the bank, those that are declined first."""

PAST = "demo_past_"
"""Before the bank's reference of what is history."""

EXPIRES_AFTER = timedelta(minutes=15)
_DECLINED, _GOOD = BY_NAME["declined"], BY_NAME["success"]


@dataclass(frozen=True, slots=True)
class Way:
    """How an order was paid; `stumbled` says that the first try was declined."""

    method: str
    stumbled: bool = False

    @property
    def is_ahead(self) -> bool:
        return self.method in AHEAD


def way_of(index: int, day: date, *, seed: int) -> Way:
    """How the household at `index` paid what came on a day: a pure function, and no chance of the order's own."""
    usual = Method.COD
    if index:  # the first, which visitors sign in as, is one for cash
        usual = Random(f"{seed}/pays/{index}").choices((Method.COD, *AHEAD), WANTED)[0]
    chance = Random(f"{seed}/pays/{index}/{day}")
    method = usual
    if chance.randrange(100) >= FAITHFUL:
        method = Method.UPI if usual == Method.COD else Method.COD
    return Way(method, method in AHEAD and chance.randrange(100) < STUMBLES)


def payment_status(story: "Story") -> str:
    """Of the order, as its payments leave it."""
    is_cancelled = story.status == Order.Status.CANCELLED
    if story.way.is_ahead:
        return Order.PaymentStatus.REFUNDED if is_cancelled else Order.PaymentStatus.PAID
    if story.status == Order.Status.DELIVERED:
        return Order.PaymentStatus.PAID
    return Order.PaymentStatus.FAILED if is_cancelled else Order.PaymentStatus.PENDING


def payment_rows(story: "Story", order_id: int, number: str) -> Iterator[Row]:
    """The attempts at an order, the one that counts last."""
    if not story.way.is_ahead:
        yield _cash_row(story, order_id, number)
        return
    if story.way.stumbled:
        yield _attempt(story, order_id, number, attempt=1, paid=False)
    yield _attempt(story, order_id, number, attempt=2 if story.way.stumbled else 1, paid=True)


def charge_rows(payments: Sequence[Row], numbers: dict[int, str]) -> Iterator[Row]:
    """What the bank keeps of each attempt there, so that it can give the money back."""
    for row in payments:
        if row["gateway"] == BANK.name:
            is_paid = row["status"] != Status.FAILED
            yield {
                "key": row["idempotency_key"],
                "reference": row["gateway_reference"],
                "secret": f"settled-{row['idempotency_key']}",  # of a page where nothing is left to answer
                "amount": row["amount"],
                "currency": row["currency"],
                "method": row["method"],
                "order_number": numbers[row["order_id"]],
                "scenario": row["gateway_response"]["scenario"],
                "state": DemoCharge.State.PAID if is_paid else DemoCharge.State.FAILED,
                "failure_code": row["failure_code"],
                "instrument": _instrument(row["method"], is_paid=is_paid),
                "refunds": {},
                "created_at": row["created_at"],
            }


def write_attempts(stories: Sequence[tuple["Story", Order]], numbers: dict[int, str]) -> None:
    """The attempts at these orders, here and at the bank."""
    rows = [row for story, order in stories for row in payment_rows(story, order.pk, numbers[order.pk])]
    copy_rows(Payment, rows)
    copy_rows(DemoCharge, list(charge_rows(rows, numbers)))


def _cash_row(story: "Story", order_id: int, number: str) -> Row:
    """Cash, as its gateway begins it; taken at the door, or called off with the order."""
    key = f"{number}-1"
    begun = CASH.begin(Charge(key, story.quote.grand_total, Method.COD, number))
    delivered, cancelled = story.at(Order.Status.DELIVERED), story.at(Order.Status.CANCELLED)
    voided = CASH.void(begun.reference, idempotency_key=f"{key}-void") if cancelled else None
    return {
        "order_id": order_id,
        "user_id": story.household.user_id,
        "attempt": 1,
        "amount": story.quote.grand_total,
        "currency": story.region.currency,
        "method": Method.COD,
        "status": Status.SUCCEEDED if delivered else (voided or begun).status,
        "gateway": CASH.name,
        "gateway_reference": begun.reference,
        "idempotency_key": key,
        "gateway_response": dict((voided or begun).response),
        "failure_code": voided.failure_code if voided else "",
        "created_at": story.steps[1].at,
        "expires_at": None,
        "settled_at": delivered or cancelled,
    }


def _attempt(story: "Story", order_id: int, number: str, *, attempt: int, paid: bool) -> Row:
    """A try at the pretend bank, settled as the order was confirmed. What is refunded is booked set by set."""
    key, at = f"{number}-{attempt}", story.steps[1].at if paid else story.placed_at
    scenario = _GOOD if paid else _DECLINED
    return {
        "order_id": order_id,
        "user_id": story.household.user_id,
        "attempt": attempt,
        "amount": story.quote.grand_total,
        "currency": story.region.currency,
        "method": story.way.method,
        "status": Status.SUCCEEDED if paid else Status.FAILED,
        "gateway": BANK.name,
        "gateway_reference": f"{PAST}{key}",
        "idempotency_key": key,
        "gateway_response": {
            "state": DemoCharge.State.PAID.value if paid else DemoCharge.State.FAILED.value,
            "scenario": scenario.name,
        },
        "failure_code": scenario.failure_code,
        "created_at": at,
        "expires_at": story.placed_at + EXPIRES_AFTER,
        "settled_at": at,
    }


def _instrument(method: str, *, is_paid: bool) -> dict[str, object]:
    scenario = _GOOD if is_paid else _DECLINED
    if method != Method.CARD:
        return {"saves": False}
    return {"brand": "Visa", "last4": scenario.card[-4:], "saves": False}


# As `_book` of payments books what a gateway took.
_TAKEN = """
WITH taken AS (
    SELECT payment.idempotency_key || '-taken' AS key, ordered.number, payment.amount, payment.currency,
        payment.settled_at AS occurred_at, 'user:' || payment.user_id AS actor
    FROM payments_payment payment JOIN orders_order ordered ON ordered.id = payment.order_id
    WHERE payment.gateway = 'demo' AND payment.status <> 'FAILED' AND payment.gateway_reference LIKE 'demo_past_%'
        AND payment.amount > 0
        AND NOT EXISTS (SELECT FROM payments_ledgertransfer WHERE key = payment.idempotency_key || '-taken')
), transfer AS (
    INSERT INTO payments_ledgertransfer (key, kind, reference, reason, actor, occurred_at)
    SELECT key, 'PAYMENT', number, '', actor, occurred_at FROM taken ORDER BY occurred_at, number
    RETURNING id, key
)
INSERT INTO payments_ledgerentry (transfer_id, debit_account_id, credit_account_id, amount, currency)
SELECT transfer.id, gateway.id, ahead.id, taken.amount, taken.currency
FROM transfer JOIN taken USING (key)
JOIN payments_ledgeraccount gateway
    ON gateway.owner_id IS NULL AND gateway.kind = 'GATEWAY' AND gateway.currency = taken.currency
JOIN payments_ledgeraccount ahead
    ON ahead.owner_id IS NULL AND ahead.kind = 'PAID_AHEAD' AND ahead.currency = taken.currency
ORDER BY transfer.id
"""

# The decision that a cancelled order's money goes back, and its movement, done a minute later.
_REFUNDS = """
WITH cancelled AS (
    SELECT payment.id, payment.amount, payment.currency, change.occurred_at
    FROM payments_payment payment
    JOIN orders_order ordered ON ordered.id = payment.order_id AND ordered.status = 'CANCELLED'
    JOIN orders_orderstatuschange change ON change.order_id = ordered.id AND change.to_status = 'CANCELLED'
    WHERE payment.gateway_reference LIKE 'demo_past_%' AND payment.status = 'SUCCEEDED' AND payment.amount > 0
), refund AS (
    INSERT INTO payments_refund
        (payment_id, key, kind, reason, lines, amount, currency, destination, actor, decided_at)
    SELECT id, 'cancelled-' || id, 'CANCELLED', 'order_cancelled', '[]', amount, currency, 'SOURCE',
        'system:payments', occurred_at
    FROM cancelled ORDER BY occurred_at, id
    RETURNING id, payment_id, decided_at
), movement AS (
    INSERT INTO payments_refundmovement
        (refund_id, key, destination, status, gateway_reference, failure_code, attempts, created_at, finished_at)
    SELECT id, 'refund-' || id || '-1', 'SOURCE', 'DONE', 're_refund-' || id || '-1', '', 1, decided_at,
        decided_at + interval '1 minute'
    FROM refund ORDER BY id
    RETURNING refund_id, key
), bank AS (
    UPDATE payments_democharge AS charge SET refunds = jsonb_build_object(movement.key, payment.amount)
    FROM movement JOIN refund ON refund.id = movement.refund_id JOIN payments_payment payment
        ON payment.id = refund.payment_id
    WHERE charge.reference = payment.gateway_reference
)
UPDATE payments_payment AS payment SET status = 'REFUNDED', refunded = payment.amount
FROM refund WHERE refund.payment_id = payment.id
"""

# As `post_refund` books it: against refunds, and out of what was paid ahead.
_WENT_BACK = """
WITH back AS (
    SELECT movement.key, refund.reason, refund.amount, refund.currency, ordered.number,
        movement.finished_at AS occurred_at
    FROM payments_refundmovement movement
    JOIN payments_refund refund ON refund.id = movement.refund_id
    JOIN payments_payment payment ON payment.id = refund.payment_id
    JOIN orders_order ordered ON ordered.id = payment.order_id
    WHERE payment.gateway_reference LIKE 'demo_past_%' AND refund.kind = 'CANCELLED' AND movement.status = 'DONE'
        AND NOT EXISTS (SELECT FROM payments_ledgertransfer WHERE key = movement.key)
), leg AS (
    SELECT back.key || step.suffix AS transfer_key, step.position, step.debit, step.credit, back.*
    FROM back CROSS JOIN (VALUES
        ('', 1, 'REFUNDS', 'GATEWAY'), ('-ahead', 2, 'PAID_AHEAD', 'REFUNDS')
    ) AS step (suffix, position, debit, credit)
), transfer AS (
    INSERT INTO payments_ledgertransfer (key, kind, reference, reason, actor, occurred_at)
    SELECT transfer_key, 'REFUND', number, reason, 'system:payments', occurred_at
    FROM leg ORDER BY occurred_at, number, position
    RETURNING id, key
)
INSERT INTO payments_ledgerentry (transfer_id, debit_account_id, credit_account_id, amount, currency)
SELECT transfer.id, debited.id, credited.id, leg.amount, leg.currency
FROM transfer JOIN leg ON leg.transfer_key = transfer.key
JOIN payments_ledgeraccount debited
    ON debited.owner_id IS NULL AND debited.kind = leg.debit AND debited.currency = leg.currency
JOIN payments_ledgeraccount credited
    ON credited.owner_id IS NULL AND credited.kind = leg.credit AND credited.currency = leg.currency
ORDER BY transfer.id
"""


def book_what_was_paid_ahead() -> None:
    """What the bank took stands in the books, and went back where the order was cancelled. Safe to repeat; three
    statements. The accounts are there."""
    with connection.cursor() as cursor:
        for statement in (_TAKEN, _REFUNDS, _WENT_BACK):
            cursor.execute(statement)
