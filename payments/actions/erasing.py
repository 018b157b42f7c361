"""What the books and the payments forget with a person. Amounts, times, gateways and their references stay: the books
are kept by law, and every paisa must still be found. Invoices stay as they were issued."""

from django.db.models import Q, QuerySet

from milkdelivery.core.actors import Actor
from milkdelivery.core.erasing import Leaving
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.models.erasing import empty_words, forget_errors
from milkdelivery.core.outside import ensure_in_transaction
from orders.models import Order
from payments.actions.wallet import give_up
from payments.gateways import gateway_named
from payments.models import (
    DemoCharge,
    LedgerAccount,
    LedgerEntry,
    LedgerTransfer,
    Payment,
    Refund,
    RefundMovement,
    SavedMethod,
    Webhook,
)
from payments.rules.ledger import GIVEN_UP, TransferKind

FORGET_METHOD = "payments.tasks.forget_method"


def forget_payments(leaving: Leaving) -> None:
    """Empty what a person paid with, and what was written about it; cards go at their gateways after the commit. Money
    left in a wallet is given up first. Part of the transaction that erases them, which holds payments and wallets."""
    ensure_in_transaction("forget_payments()")
    user_id = leaving.user_id
    if leaving.gives_up_money:
        _give_up(user_id, by=leaving.by)
    for gateway, token in SavedMethod.objects.filter(user_id=user_id).values_list("gateway", "token"):
        enqueue(FORGET_METHOD, gateway, token)
    own = Payment.objects.filter(user_id=user_id)
    own.update(gateway_response={}, next_action={}, saved_method=None)
    SavedMethod.objects.filter(user_id=user_id).delete()
    Webhook.objects.filter(payment__user_id=user_id).update(body="", error="")
    DemoCharge.objects.filter(reference__in=own.exclude(gateway_reference="").values("gateway_reference")).update(
        instrument={}, return_url=""
    )
    by_people = Q(actor__startswith="user:") | Q(actor="guest")
    Refund.objects.filter(by_people, payment__user_id=user_id).update(reason="")
    RefundMovement.objects.filter(refund__payment__user_id=user_id).update(reason="")
    LedgerAccount.objects.of(user_id).update(low_below=0)
    _forget_reasons(user_id)
    refunds = Refund.objects.filter(payment__user_id=user_id).values_list("pk", flat=True)
    subjects = [f"refund:{pk}" for pk in refunds] + [f"payment:{pk}" for pk in own.values_list("pk", flat=True)]
    empty_words(subjects, user_id=user_id)
    forget_errors(subjects)


def forget_method(gateway: str, token: str) -> None:
    """Have a gateway keep a way to pay no longer. Safe to repeat. Raises GatewayUnavailable."""
    gateway_named(gateway).forget(token)


def _give_up(user_id: int, *, by: Actor) -> None:
    for wallet in LedgerAccount.objects.of(user_id).wallets().order_by("pk"):
        if wallet.balance.minor > 0:
            give_up(user_id, wallet.balance, by=by)


def _forget_reasons(user_id: int) -> None:
    """Why money moved, in people's words. What the system writes as a reason is a code, but for a refund: there it
    carries out what somebody decided, with their words."""
    accounts = list(LedgerAccount.objects.of(user_id).values_list("pk", flat=True))
    entries = LedgerEntry.objects.filter(Q(debit_account__in=accounts) | Q(credit_account__in=accounts))
    _empty(LedgerTransfer.objects.filter(pk__in=entries.values("transfer_id")))
    _empty(LedgerTransfer.objects.filter(reference__in=Order.objects.of(user_id).values("number")))


def _empty(transfers: QuerySet[LedgerTransfer]) -> None:
    by_people = Q(actor__startswith="user:") | Q(actor="guest") | Q(kind=TransferKind.REFUND)
    transfers.filter(by_people).exclude(reason__in=["", GIVEN_UP]).update(reason="")
