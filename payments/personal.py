"""What is kept of what a person paid: payments, refunds, the wallet, cards and the like, and the papers about it."""

from typing import Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from accounts.actions import WALLET
from milkdelivery.core.erasing import Leaving, Obstacle, erases, holds, obstructs
from milkdelivery.core.personal import record, tells
from payments.actions import forget_payments
from payments.models import (
    Invoice,
    LedgerAccount,
    LedgerEntry,
    LedgerTransfer,
    Payment,
    Refund,
    RefundMovement,
    SavedMethod,
    uninvoiced_orders,
)
from payments.queries import held_of_person, statement, stuck_refunds
from payments.queries.invoices import uncredited_refunds
from payments.rules.ledger import AccountKind


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


@obstructs
def money_under_way(user_id: int) -> list[Obstacle]:
    """Money that is being taken or on its way back, papers still to be written, and wallets that are not empty."""
    found = []
    own = Payment.objects.filter(user_id=user_id)
    if own.filter(Q(status=Payment.Status.PENDING, order=None) | Q(look_at__isnull=False)).exists():
        found.append(Obstacle("payment_under_way", _("A payment is still under way."), "payments:history"))
    moving = RefundMovement.objects.filter(refund__payment__user_id=user_id, status=RefundMovement.Status.PENDING)
    if moving.exists() or stuck_refunds().filter(payment__user_id=user_id).exists():
        found.append(Obstacle("refund_under_way", _("Money is still on its way back to you."), "payments:history"))
    papers = uninvoiced_orders().filter(customer_id=user_id).exists()
    if papers or uncredited_refunds().filter(payment__user_id=user_id).exists():
        found.append(Obstacle("invoice_under_way", _("An invoice is still being written. Look again tomorrow.")))
    return [*found, *_wallets_in_the_way(user_id)]


def _wallets_in_the_way(user_id: int) -> list[Obstacle]:
    found = []
    for account in LedgerAccount.objects.of(user_id).exclude(balance=0).order_by("currency", "kind"):
        words = {"amount": account.balance.format()}
        if account.kind == AccountKind.HELD:
            found.append(Obstacle("money_set_aside", _("%(amount)s is still set aside for an order.") % words))
        elif account.balance.minor < 0:
            words = {"amount": (-account.balance).format()}
            text = _("%(amount)s is still owed. Top the wallet up first.") % words
            found.append(Obstacle("wallet_owes", text, "payments:top_up"))
        else:
            text = _("%(amount)s is in the wallet. Spend it, have us pay it out to you, or give it up.") % words
            found.append(Obstacle(WALLET, text, "payments:wallet", facts=words))
    return found


@holds
def hold(user_id: int) -> None:
    """Payments, then wallets."""
    Payment.objects.locked_of_user(user_id)
    LedgerAccount.objects.locked_all_of(user_id)


@erases
def erase(leaving: Leaving) -> None:
    forget_payments(leaving)
