"""The money of an order that did not get to its door."""

from milkdelivery.core.actors import Actor
from milkdelivery.core.outside import ensure_in_transaction
from payments.actions.refunding import refund_undelivered
from payments.actions.transitions import fail
from payments.models import Payment
from payments.rules.attempts import NOT_DELIVERED


def give_up_undelivered(order_id: int, *, by: Actor) -> None:
    """Nobody pays for what does not come: what is set aside in the wallet is free, cash is not asked for, and what came
    goes back.

    Part of the transaction that says so. Safe to repeat. Locks the order's payments, the wallet, the order. Emits
    PaymentFailed, WalletReleased, RefundDecided.
    """
    ensure_in_transaction("give_up_undelivered()")
    attempts = Payment.objects.locked_of(order_id)
    for payment in attempts:
        if payment.status == Payment.Status.PENDING:
            fail(payment, attempts, NOT_DELIVERED, by=by)
        elif payment.refundable:
            refund_undelivered(payment)
