"""The one place where the status of a payment changes, and the order's payment status with it."""

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions import record_payment_status
from orders.models import Order
from payments.actions.holding import free_hold
from payments.actions.ledger import post
from payments.events import PaymentFailed, PaymentSucceeded
from payments.models import Payment
from payments.rules.ledger import AccountKind, Leg, Place, TransferKind

Status = Payment.Status
AT_THE_DOOR = (Payment.Method.COD, Payment.Method.WALLET)
"""Methods whose money is taken with the delivery."""


def succeed(payment: Payment, *, by: Actor) -> None:
    """The money of a locked payment is there. Emits PaymentSucceeded."""
    payment.status = Status.SUCCEEDED
    payment.settled_at = clock.now()
    payment.save()
    _book(payment, by=by)
    record_payment_status(payment.order_id, Order.PaymentStatus.PAID)
    emit(PaymentSucceeded(payment.pk, payment.order_id, payment.amount), actor=by)


def fail(payment: Payment, failure_code: str, *, by: Actor) -> None:
    """The money of a locked payment will not come; what it held in the wallet is free. Emits PaymentFailed."""
    payment.status = Status.FAILED
    payment.failure_code = failure_code
    payment.settled_at = clock.now()
    payment.save()
    free_hold(payment, by=by)
    record_payment_status(payment.order_id, Order.PaymentStatus.FAILED)
    emit(PaymentFailed(payment.pk, payment.order_id, failure_code), actor=by)


def _book(payment: Payment, *, by: Actor) -> None:
    """What a gateway took is paid ahead, until the order is delivered. Wallet and cash are booked at the door."""
    if payment.method in AT_THE_DOOR or not payment.amount:
        return
    legs = [Leg(Place(AccountKind.GATEWAY), Place(AccountKind.PAID_AHEAD), payment.amount)]
    key, number = f"{payment.idempotency_key}-taken", payment.order.number
    post(key=key, kind=TransferKind.PAYMENT, legs=legs, reference=number, by=by)
