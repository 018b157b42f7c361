"""What is kept of what a person paid: payments, refunds, the wallet, cards and the like, and the papers about it."""

from typing import Any

from django.db.models import Prefetch

from milkdelivery.core.personal import record, tells
from payments.models import (
    Invoice,
    LedgerAccount,
    LedgerEntry,
    LedgerTransfer,
    Payment,
    Refund,
    RefundMovement,
    SavedMethod,
)
from payments.queries import held_of_person, statement


@tells("payments", Payment, Refund, RefundMovement)
def payments(user_id: int) -> list[dict[str, Any]]:
    """Without what the gateway's secrets are, and with what went back. Three queries."""
    refunds = Prefetch("refunds", Refund.objects.prefetch_related("movements").order_by("pk"))
    made = Payment.objects.filter(user_id=user_id).select_related("order").prefetch_related(refunds)
    facts = ("amount", "refunded", "method", "status", "gateway", "gateway_reference", "created_at", "settled_at")
    return [
        record(
            payment,
            *facts,
            order=payment.order.number if payment.order else "",
            refunds=[_refund(refund) for refund in payment.refunds.all()],
        )
        for payment in made.order_by("pk")
    ]


def _refund(refund: Refund) -> dict[str, Any]:
    ways = [record(way, "destination", "status", "gateway_reference", "finished_at") for way in refund.movements.all()]
    return record(refund, "amount", "kind", "reason", "decided_at", movements=ways)


@tells("wallets", LedgerAccount, LedgerTransfer, LedgerEntry)
def wallets(user_id: int) -> list[dict[str, Any]]:
    """One for each currency, with its whole statement. Five queries for each."""
    own = LedgerAccount.objects.of(user_id).wallets().order_by("currency")
    return [_wallet(account, user_id) for account in own]


def _wallet(account: LedgerAccount, user_id: int) -> dict[str, Any]:
    moves = [
        {
            "kind": line.kind,
            "order_or_payment": line.reference,
            "reason": line.reason,
            "at": line.occurred_at,
            "change": line.change,
            "balance": line.balance,
        }
        for line in statement(account)
    ]
    held = held_of_person(user_id, account.currency)
    return record(account, "balance", "credit_limit", "low_below", set_aside=held, statement=moves)


@tells("saved_methods", SavedMethod)
def saved_methods(user_id: int) -> list[dict[str, Any]]:
    """Brand and last digits: that is all we have of a card. The token that a gateway would charge stays here."""
    facts = ("gateway", "method", "brand", "last4", "label", "expires_on", "created_at", "last_used_at", "removed_at")
    return [record(method, *facts) for method in SavedMethod.objects.filter(user_id=user_id).order_by("pk")]


@tells("invoices", Invoice)
def invoices(user_id: int) -> list[dict[str, Any]]:
    """With all that each says, as it was issued. One query."""
    issued = Invoice.objects.filter(order__customer_id=user_id).select_related("order").order_by("pk")
    return [
        record(paper, "number", "kind", "issued_on", "total", "tax", "document", order=paper.order.number)
        for paper in issued
    ]
