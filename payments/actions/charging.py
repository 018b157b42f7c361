"""Taking money. Gateways are called outside transactions; what they say is recorded in one."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_outside_transaction
from orders.models import Order
from payments.actions.transitions import fail, succeed
from payments.events import PaymentInitiated, PaymentLowered
from payments.gateways import gateway_for, gateway_named
from payments.gateways.base import Charge, Outcome
from payments.models import Payment

Status = Payment.Status


class MethodNotUsable(InvalidInput):
    code = "payment_method_not_usable"


class WrongAmount(DomainError):
    code = "payment_wrong_amount"


def open_payment(order: Order, *, method: str, by: Actor) -> Payment:
    """Record the intent to take an order's total. Safe to repeat: an order has one live payment.

    Raises MethodNotUsable. Emits PaymentInitiated.
    """
    gateway = gateway_for(method)
    if gateway is None:
        raise MethodNotUsable(_("This way to pay is not available. Choose another."), field="payment_method")
    try:
        return _open(order, method, gateway.name, by)
    except IntegrityError:  # another runner of the same checkout opened it at the same moment
        return _open(order, method, gateway.name, by)


def _open(order: Order, method: str, gateway: str, by: Actor) -> Payment:
    with transaction.atomic():
        payments = Payment.objects.locked_of(order.pk)
        live = next((payment for payment in payments if payment.status in (Status.PENDING, Status.SUCCEEDED)), None)
        if live is not None:
            return live
        payment = Payment.objects.create(
            order=order,
            user_id=order.customer_id,
            amount=order.grand_total,
            currency=order.currency,
            method=method,
            gateway=gateway,
            idempotency_key=f"{order.number}-{len(payments) + 1}",
            created_at=clock.now(),
        )
        emit(PaymentInitiated(payment.pk, order.pk, method, payment.amount), actor=by)
    return payment


def begin_payment(payment: Payment, *, by: Actor) -> Outcome:
    """Ask the gateway to take the money and record what it says. Safe to repeat."""
    ensure_outside_transaction("a payment gateway")
    outcome = gateway_named(payment.gateway).begin(
        Charge(payment.idempotency_key, payment.amount, payment.method, payment.order.number)
    )
    record_outcome(payment.pk, outcome, by=by)
    return outcome


def record_outcome(payment_id: int, outcome: Outcome, *, by: Actor) -> Payment:
    """Write down a gateway's word, and the order's payment status with it. Safe to repeat.

    Emits PaymentSucceeded or PaymentFailed when the status changes.
    """
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        payment.gateway_reference = outcome.reference or payment.gateway_reference
        payment.gateway_response = dict(outcome.response)
        if payment.status != Status.PENDING or outcome.status == Status.PENDING:
            payment.save(update_fields=["gateway_reference", "gateway_response"])
        elif outcome.status == Status.SUCCEEDED:
            succeed(payment, by=by)
        else:
            fail(payment, outcome.failure_code, by=by)
    return payment


def collect_cash(order_id: int, *, amount: Money, by: Actor) -> Payment | None:
    """The driver took the cash of an order at the door. Safe to repeat.

    What is owed is what the order costs now, even where word of a shortage has not come through yet. Returns None where
    the order is not paid in cash. Raises WrongAmount when it is not exactly what is owed. Emits PaymentSucceeded, and
    PaymentLowered before it.
    """
    with transaction.atomic():
        lower_open_payment(order_id, by=by)
        pending = [p for p in Payment.objects.locked_of(order_id) if p.method == Payment.Method.COD]
        payment = next((p for p in pending if p.status == Status.PENDING), None)
        if payment is None:
            return None
        if amount != payment.amount:
            raise WrongAmount(
                _("%(amount)s is to be collected.") % {"amount": payment.amount.format()}, field="cash_collected"
            )
        succeed(payment, by=by)
    return payment


def lower_open_payment(order_id: int, *, by: Actor) -> Payment | None:
    """Ask at the door for what the order costs now, where that is less: something of it does not come.

    Safe to repeat. None where no cash is to be taken. Locks the order's payments, then the order.
    Emits PaymentLowered.
    """
    with transaction.atomic():
        payments = Payment.objects.locked_of(order_id)
        payment = next((p for p in payments if (p.method, p.status) == (Payment.Method.COD, Status.PENDING)), None)
        if payment is None:
            return None
        owed = Order.objects.locked(order_id).grand_total
        if owed < payment.amount:
            payment.amount = owed
            payment.save(update_fields=["amount"])
            emit(PaymentLowered(payment.pk, order_id, owed), actor=by)
    return payment


def void_payments(order_id: int, *, by: Actor) -> None:
    """Call off what an order still owes. Safe to repeat."""
    ensure_outside_transaction("a payment gateway")
    for payment in Payment.objects.filter(order_id=order_id, status=Status.PENDING).order_by("pk"):
        outcome = gateway_named(payment.gateway).void(
            payment.gateway_reference, idempotency_key=f"{payment.idempotency_key}-void"
        )
        record_outcome(payment.pk, outcome, by=by)
