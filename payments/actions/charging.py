"""Taking money. Gateways are called outside transactions; what they say is recorded in one."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_outside_transaction
from orders.actions import record_payment_status
from orders.models import Order
from payments.actions.refunding import refund_by_itself
from payments.actions.saving import keep_method
from payments.actions.transitions import fail, succeed
from payments.events import PaymentInitiated, PaymentLowered
from payments.gateways import gateway_for, gateway_named
from payments.gateways.base import Charge, Gateway, Next, Outcome
from payments.models import Payment
from payments.rules.attempts import Standing, next_status, order_status, pay_until, standing, time_to_pay

Status = Payment.Status

LOOK_AFTER = timedelta(minutes=1)
"""How long after its last word a gateway is asked how far a charge is."""


class MethodNotUsable(InvalidInput):
    code = "payment_method_not_usable"


class WrongAmount(DomainError):
    code = "payment_wrong_amount"


class PaymentDeclined(DomainError):
    """Every attempt that a household has is used up."""

    code = "payment_declined"


class PaymentExpired(DomainError):
    """The time to pay is over."""

    code = "payment_expired"


class ForeignAmount(Exception):
    """A gateway says that it took another amount than it was asked for: somebody has to look."""


def open_payment(order: Order, *, method: str, by: Actor) -> Payment | None:
    """The attempt to take an order's total that counts, or the first one. Safe to repeat: an order has one at a time.

    None where the last one failed, and the household may choose how to try again. Raises MethodNotUsable, and
    PaymentDeclined or PaymentExpired once nothing may be tried any more. Emits PaymentInitiated.
    """
    gateway = usable_gateway(method)
    try:
        return _open(order, method, gateway, by)
    except IntegrityError:  # another runner of the same checkout opened it at the same moment
        return _open(order, method, gateway, by)


def usable_gateway(method: str) -> Gateway:
    """Raises MethodNotUsable."""
    gateway = gateway_for(method)
    if gateway is None:
        raise MethodNotUsable(_("This way to pay is not available. Choose another."), field="payment_method")
    return gateway


def _open(order: Order, method: str, gateway: Gateway, by: Actor) -> Payment | None:
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order.pk)
        where = standing(attempts, clock.now())
        ensure_going_on(where)
        if where in (Standing.PENDING, Standing.PAID):
            return counting(attempts)
        return add_attempt(order, attempts, method, gateway, by) if where == Standing.NONE else None


def ensure_going_on(where: Standing) -> None:
    """Raises PaymentDeclined and PaymentExpired."""
    if where == Standing.DECLINED:
        raise PaymentDeclined(_("The payment was declined."), field="payment_method")
    if where == Standing.EXPIRED:
        raise PaymentExpired(_("The payment did not come in time."), field="payment_method")


def counting(attempts: list[Payment]) -> Payment | None:
    """The attempt that counts: under way, or paid."""
    return next((attempt for attempt in attempts if not attempt.is_surplus and attempt.status != Status.FAILED), None)


def add_attempt(order: Order, attempts: list[Payment], method: str, gateway: Gateway, by: Actor) -> Payment:
    """One more attempt at an order whose attempts are locked, for what it costs now. Emits PaymentInitiated."""
    now = clock.now()
    payment = Payment.objects.create(
        order=order,
        user_id=order.customer_id,
        attempt=len(attempts) + 1,
        amount=order.grand_total,
        currency=order.currency,
        method=method,
        gateway=gateway.name,
        gateway_reference=f"{gateway.name}-{order.number}" if gateway.is_on_paper else "",
        idempotency_key=f"{order.number}-{len(attempts) + 1}",
        created_at=now,
        expires_at=None if gateway.is_immediate else pay_until(attempts) or now + time_to_pay_of(order),
        look_at=None if gateway.is_immediate else now + LOOK_AFTER,
    )
    if attempts:
        record_payment_status(order.pk, order_status([*attempts, payment]))
    emit(PaymentInitiated(payment.pk, order.pk, method, payment.amount), actor=by)
    return payment


def time_to_pay_of(order: Order) -> timedelta:
    """How long the household of an order has to pay it from now on."""
    return time_to_pay(
        by_link=order.source == Order.Source.STAFF,
        cutoff_at=rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone),
        now=clock.now(),
    )


def begin_payment(payment: Payment, *, by: Actor) -> Outcome:
    """Ask the gateway to take the money, or how far it is, and record what it says where that is news. Safe to repeat.

    Raises GatewayUnavailable.
    """
    ensure_outside_transaction("a payment gateway")
    gateway = gateway_named(payment.gateway)
    if payment.amount or gateway.is_immediate:
        outcome = gateway.begin(charge_of(payment))
    else:
        outcome = Outcome(Status.SUCCEEDED, may_proceed=True, response={"free": True})
    if not gateway.is_on_paper:
        record_outcome(payment, outcome, by=by)
    return outcome


def charge_of(payment: Payment) -> Charge:
    """A payment in the words of a gateway."""
    number = payment.order.number if payment.order is not None else ""
    return Charge(
        idempotency_key=payment.idempotency_key,
        amount=payment.amount,
        method=payment.method,
        order_number=number,
        customer=f"user-{payment.user_id}",
        return_url=settings.SITE_URL + (reverse("payments:back", args=[number]) if number else _top_up_page(payment)),
    )


def _top_up_page(payment: Payment) -> str:
    return reverse("payments:top_up_state", args=[payment.pk])


def record_outcome(payment: Payment, outcome: Outcome, *, by: Actor, is_sure: bool = True) -> Payment:
    """Write down a gateway's word, and the order's payment status with it. Safe to repeat, in any order.

    Money that comes for a cancelled order, or for one that is paid already, is sent back. Where a failure is our own
    decision and the gateway did not confirm it (`is_sure` False), it is asked again later. Locks the order's payments,
    then the order. Raises ForeignAmount. Emits PaymentSucceeded or PaymentFailed when the status changes.
    """
    with transaction.atomic():
        attempts = Payment.objects.locked_with(payment)
        payment = next(attempt for attempt in attempts if attempt.pk == payment.pk)
        payment.gateway_reference = outcome.reference or payment.gateway_reference
        payment.gateway_response = dict(outcome.response) or payment.gateway_response
        to_status = next_status(payment.status, outcome.status)
        if to_status == payment.status:
            _note(payment, outcome)
        elif to_status == Status.SUCCEEDED:
            _ensure_amount(payment, outcome)
            if outcome.keepsake is not None:
                payment.saved_method = keep_method(payment, outcome.keepsake, by=by)
            order = succeed(payment, attempts, by=by)
            if order is not None:
                refund_by_itself(payment, order)
        else:
            again = None if is_sure else clock.now() + LOOK_AFTER
            fail(payment, attempts, outcome.failure_code, by=by, look_at=again)
    return payment


def _note(payment: Payment, outcome: Outcome) -> None:
    """Nothing new but perhaps what is to be done next."""
    fields = ["gateway_reference", "gateway_response"]
    if payment.status == Status.PENDING and not outcome.may_proceed:
        payment.next_action = outcome.next_action.to_json()
        fields.append("next_action")
    elif payment.status != Status.PENDING and outcome.status != Status.PENDING and payment.look_at is not None:
        payment.look_at = None
        fields.append("look_at")
    payment.save(update_fields=fields)


def _ensure_amount(payment: Payment, outcome: Outcome) -> None:
    if outcome.amount is not None and outcome.amount != payment.amount:
        raise ForeignAmount(f"payment {payment.pk}: {outcome.amount} was taken instead of {payment.amount}")


def waits_for_details(payment: Payment) -> bool:
    """Whether nothing was given for it yet: no bank is at work on it."""
    kind = payment.next_action.get("kind", "")
    return payment.status == Status.PENDING and kind in (Next.NOTHING, Next.FORM, Next.ELEMENT)


def collect_cash(order_id: int, *, amount: Money, by: Actor) -> Payment | None:
    """The driver took the cash of an order at the door. Safe to repeat.

    What is owed is what the order costs now, even where word of a shortage has not come through yet. Returns None where
    the order is not paid in cash. Raises WrongAmount when it is not exactly what is owed. Emits PaymentSucceeded, and
    PaymentLowered before it.
    """
    with transaction.atomic():
        lower_open_payment(order_id, by=by)
        attempts = Payment.objects.locked_of(order_id)
        payment = next(
            (p for p in attempts if (p.method, p.status) == (Payment.Method.COD, Status.PENDING)),
            None,
        )
        if payment is None:
            return None
        if amount != payment.amount:
            raise WrongAmount(
                _("%(amount)s is to be collected.") % {"amount": payment.amount.format()}, field="cash_collected"
            )
        succeed(payment, attempts, by=by)
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
