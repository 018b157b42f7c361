"""The one place where the status of a payment changes, and the order's payment status with it."""

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions import record_payment_status
from orders.models import Order
from payments.events import PaymentFailed, PaymentSucceeded
from payments.models import Payment

Status = Payment.Status


def succeed(payment: Payment, *, by: Actor) -> None:
    """The money of a locked payment is there. Emits PaymentSucceeded."""
    payment.status = Status.SUCCEEDED
    payment.settled_at = clock.now()
    payment.save()
    record_payment_status(payment.order_id, Order.PaymentStatus.PAID)
    emit(PaymentSucceeded(payment.pk, payment.order_id, payment.amount), actor=by)


def fail(payment: Payment, failure_code: str, *, by: Actor) -> None:
    """The money of a locked payment will not come. Emits PaymentFailed."""
    payment.status = Status.FAILED
    payment.failure_code = failure_code
    payment.settled_at = clock.now()
    payment.save()
    record_payment_status(payment.order_id, Order.PaymentStatus.FAILED)
    emit(PaymentFailed(payment.pk, payment.order_id, failure_code), actor=by)
