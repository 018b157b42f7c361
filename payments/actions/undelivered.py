"""The money of an order that did not get to its door, and of one that was called so by mistake."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.outside import ensure_in_transaction
from orders.rules.status import NotUndoable
from payments.actions.holding import hold_again
from payments.actions.refunding import keep_undelivered, refund_undelivered
from payments.actions.transitions import fail, reopen
from payments.models import Payment
from payments.rules.attempts import NOT_DELIVERED
from payments.rules.ledger import InsufficientFunds


def give_up_undelivered(order_id: int, *, by: Actor, after: timedelta = timedelta(0)) -> None:
    """Nobody pays for what does not come: what is set aside in the wallet is free, cash is not asked for, and what came
    goes back, so much later.

    Part of the transaction that says so. Safe to repeat. Locks the order's payments, the wallet, the order. Emits
    PaymentFailed, WalletReleased, RefundDecided.
    """
    ensure_in_transaction("give_up_undelivered()")
    attempts = Payment.objects.locked_of(order_id)
    for payment in attempts:
        if payment.status == Payment.Status.PENDING:
            fail(payment, attempts, NOT_DELIVERED, by=by)
        elif payment.refundable:
            refund_undelivered(payment, after=after)


def ask_again_for_undelivered(order_id: int, *, by: Actor) -> None:
    """It is brought after all: cash is asked for, the wallet sets aside what it had set aside, and what was to go back
    stays. The counterpart of `give_up_undelivered`.

    Part of the transaction that says so. Locks the order's payments, the wallet, the order. Emits PaymentReopened,
    WalletHeld. Raises NotUndoable where the money has gone back, or is no longer in the wallet.
    """
    ensure_in_transaction("ask_again_for_undelivered()")
    attempts = Payment.objects.locked_of(order_id)
    for payment in attempts:
        if payment.status == Payment.Status.FAILED and payment.failure_code == NOT_DELIVERED:
            try:
                hold_again(payment)
            except InsufficientFunds as short:
                raise NotUndoable(_("The household has spent the money for it since. Ask the hub.")) from short
            reopen(payment, attempts, by=by)
        elif payment.is_captured and not payment.is_surplus:
            keep_undelivered(payment)
