"""A household pays: chooses, fills in, comes back, tries again; and what never answered is asked or given up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.rules import is_contact_only
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, NotFound
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_outside_transaction
from orders.models import Order
from payments.actions.charging import (
    LOOK_AFTER,
    MethodNotUsable,
    WrongAmount,
    add_attempt,
    begin_payment,
    charge_of,
    counting,
    ensure_going_on,
    record_outcome,
    time_to_pay_of,
    usable_gateway,
    waits_for_details,
)
from payments.gateways import gateway_named
from payments.gateways.base import GatewayUnavailable, Next, NextAction, Outcome
from payments.models import Payment, SavedMethod
from payments.queries import missing_for
from payments.rules.attempts import (
    EXPIRED,
    GIVEN_UP,
    REPLACED,
    VOIDED,
    Standing,
    attempts_left,
    standing,
)
from payments.rules.ledger import InsufficientFunds

Status = Payment.Status

LOOK_FOR = timedelta(days=1)
"""How long after its end a payment that its gateway did not call off is still asked about."""


class NotPayable(DomainError):
    """The order is paid, or goes on without it, or was called off."""

    code = "order_not_payable"


class BankAtWork(DomainError):
    """The attempt under way can't be called off: its word has to be waited for."""

    code = "payment_under_way"


class LastAttempt(DomainError):
    """The attempt under way is the last one: giving it up would end the order."""

    code = "payment_last_attempt"


@dataclass(frozen=True, slots=True)
class Means:
    """How a household pays. `details` go to the gateway and are kept nowhere.

    `instead_of` names the attempt under way that is given up for it; one that nothing was given for needs no naming.
    `attempt` is the number of the attempt that the person saw: one that failed meanwhile is answered, not made again.
    `saves` asks the gateway to keep the way to pay. `expected` is the amount that the person saw: it is compared, never
    charged.
    """

    method: str
    details: Mapping[str, str] = field(default_factory=dict, repr=False)
    saved_id: int | None = None
    instead_of: int | None = None
    attempt: int | None = None
    saves: bool = False
    expected: Money | None = None


def pay(order_id: int, means: Means, *, by: Actor) -> Payment:
    """Make an attempt to pay an order, or go on with the one under way. Safe to repeat and to do in two tabs at once.

    Raises NotPayable, MethodNotUsable, InsufficientFunds, NotFound for a saved way to pay of somebody else, BankAtWork,
    LastAttempt, PaymentDeclined and PaymentExpired. A gateway that does not answer raises nothing: the payment stays
    PENDING and is asked about. Emits PaymentInitiated, PaymentSucceeded, PaymentFailed.
    """
    ensure_outside_transaction("a payment gateway")
    saved = _saved(order_id, means)
    method = saved.method if saved else means.method
    payment = _attempt(order_id, method, means, by)
    if not waits_for_details(payment):
        return payment
    try:
        return _give(payment, means, saved, by)
    except GatewayUnavailable:
        return note_silence(payment, by=by)


def _saved(order_id: int, means: Means) -> SavedMethod | None:
    if means.saved_id is None:
        return None
    owner = Order.objects.filter(pk=order_id).values_list("customer_id", flat=True).first()
    saved = SavedMethod.objects.of(owner or 0).filter(pk=means.saved_id).first()
    if saved is None:
        raise NotFound(_("There is no such way to pay."), field="saved_method")
    return saved


def _ensure_wallet_reaches(order: Order) -> None:
    """What is known not to work costs no attempt. The hold looks again, under the wallet's lock."""
    if is_contact_only(order.customer):
        text = _("Sign in to pay from your wallet, or choose another way to pay.")
        raise MethodNotUsable(text, field="payment_method")
    missing = missing_for(order.customer_id, order.grand_total)
    if missing:
        text = _("%(missing)s is missing in your wallet. Top it up, or choose another way to pay.")
        words = {"missing": missing.format()}
        raise InsufficientFunds(text % words, field="payment_method", missing=str(missing.to_decimal()))


def _give(payment: Payment, means: Means, saved: SavedMethod | None, by: Actor) -> Payment:
    """Hand what was filled in to the gateway, which may have to be told of the charge first."""
    gateway = gateway_named(payment.gateway)
    reference = payment.gateway_reference
    if not reference:
        begin_payment(payment, by=by)
        payment = Payment.objects.select_related("order").get(pk=payment.pk)
        reference = payment.gateway_reference
        if not waits_for_details(payment):
            return payment
    return payment if gateway.is_immediate else give_details(payment, means, saved, by)


def give_details(payment: Payment, means: Means, saved: SavedMethod | None, by: Actor) -> Payment:
    """Hand what was filled in, if anything, to the gateway that knows of the charge. Raises GatewayUnavailable."""
    details = {"saved": saved.token} if saved else dict(means.details)
    if not details:
        return payment
    if means.saves:
        details["saves"] = "1"
    gateway = gateway_named(payment.gateway)
    outcome = gateway.submit(payment.gateway_reference, details, idempotency_key=f"{payment.idempotency_key}-submit")
    return record_outcome(payment, outcome, by=by)


def note_silence(payment: Payment, *, by: Actor) -> Payment:
    """A gateway did not answer, so nobody knows what it did: the household waits and the gateway is asked soon."""
    waiting = Outcome(Status.PENDING, may_proceed=False, next_action=NextAction(Next.WAIT))
    return record_outcome(payment, waiting, by=by)


def _attempt(order_id: int, method: str, means: Means, by: Actor) -> Payment:
    """The attempt to go on with: the one under way, or a new one."""
    for _round in range(3):
        try:
            found, in_the_way = _find_or_add(order_id, method, means, by)
        except IntegrityError:  # another tab was faster
            continue
        if not in_the_way:
            return found
        call_off(found, in_the_way, by=by)
    raise BankAtWork(_("Your bank is still working on the payment before. Wait a moment for its answer."))


def _find_or_add(order_id: int, method: str, means: Means, by: Actor) -> tuple[Payment, str]:
    """The attempt to go on with; or the one to be called off first, and the failure code for it."""
    gateway = usable_gateway(method)
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order_id)
        order = Order.objects.locked(order_id)
        where = standing(attempts, clock.now())
        if order.status == Order.Status.ON_HOLD:
            raise NotPayable(_("We are looking at this order. You can pay once that is done."))
        if where == Standing.PAID or order.status != Order.Status.CREATED:
            raise NotPayable(_("There is nothing to pay for this order now."))
        ensure_going_on(where)
        if means.expected is not None and means.expected != order.grand_total:
            raise WrongAmount(_("The order costs %(total)s.") % {"total": order.grand_total.format()}, field="amount")
        made = [p for p in attempts if means.attempt is not None and p.attempt >= means.attempt]
        left = [p for p in made if p.pk != means.instead_of and p.failure_code != REPLACED]
        failed = [p for p in left if p.status == Status.FAILED]
        live = counting(attempts)
        if failed:
            return failed[-1], ""
        if gateway.needs_account and (live is None or live.method != method):
            _ensure_wallet_reaches(order)
        if live is None:
            return add_attempt(order, attempts, method, gateway, by), ""
        live.order = order
    return live, _reason_to_end(live, attempts, method, means)


def _reason_to_end(live: Payment, attempts: list[Payment], method: str, means: Means) -> str:
    """The failure code with which the attempt under way makes room for what is wanted; empty where it goes on itself.

    Raises LastAttempt.
    """
    if live.expires_at is not None and live.expires_at <= clock.now():
        return EXPIRED
    if waits_for_details(live):
        return REPLACED if live.method != method else ""
    if live.pk != means.instead_of:
        return ""
    if not attempts_left([attempt for attempt in attempts if not attempt.is_surplus]):
        raise LastAttempt(_("This is the last try. Finish it at your bank, or cancel the order and order again."))
    return GIVEN_UP


# -- giving up, and asking -------------------------------------------------------------------------------------------


def call_off(payment: Payment, failure_code: str = VOIDED, *, by: Actor) -> Payment:
    """Take no money for a payment that is PENDING, and say why. Safe to repeat.

    Where it is too late, the money is recorded as come. Where the gateway can't say, the payment fails all the same and
    is asked about again: money that still comes goes back, or counts where nothing else does.
    Emits PaymentSucceeded or PaymentFailed.
    """
    ensure_outside_transaction("a payment gateway")
    try:
        outcome = _void(payment, by)
    except GatewayUnavailable:
        outcome = Outcome(Status.PENDING, may_proceed=False)
    is_sure = outcome.status != Status.PENDING
    if outcome.status != Status.SUCCEEDED:
        outcome = replace(outcome, status=Status.FAILED, failure_code=failure_code, may_proceed=False)
    return record_outcome(payment, outcome, by=by, is_sure=is_sure)


def _void(payment: Payment, by: Actor) -> Outcome:
    """What the gateway says of calling it off. One that it may not have told us of is looked up first."""
    gateway = gateway_named(payment.gateway)
    reference = payment.gateway_reference
    if not reference and not gateway.is_immediate:
        reference = gateway.begin(charge_of(payment)).reference
    return gateway.void(reference, idempotency_key=f"{payment.idempotency_key}-void")


def void_payments(order_id: int, *, by: Actor) -> None:
    """Call off what an order still owes. Safe to repeat."""
    pending = Payment.objects.filter(order_id=order_id, status=Status.PENDING)
    for payment in pending.select_related("order").order_by("pk"):
        call_off(payment, by=by)


def look_at_payment(payment_id: int, *, by: Actor) -> Payment:
    """Ask the gateway how far a payment is, and record what it says. Safe to repeat.

    A gateway that does not answer is asked again later. Emits PaymentSucceeded or PaymentFailed.
    """
    ensure_outside_transaction("a payment gateway")
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    gateway = gateway_named(payment.gateway)
    if gateway.is_immediate or (payment.status != Status.PENDING and payment.look_at is None):
        return payment
    try:
        if payment.gateway_reference:
            outcome = gateway.fetch(payment.gateway_reference)
        else:
            outcome = gateway.begin(charge_of(payment))
    except GatewayUnavailable:
        return payment
    return record_outcome(payment, outcome, by=by)


def expire_payments(order_id: int, *, by: Actor) -> None:
    """End the attempts at an order whose time is over, having asked the gateway a last time. Safe to repeat.

    Emits PaymentSucceeded or PaymentFailed.
    """
    overdue = Payment.objects.filter(order_id=order_id, status=Status.PENDING, expires_at__lte=clock.now())
    for payment_id in list(overdue.order_by("pk").values_list("pk", flat=True)):
        payment = look_at_payment(payment_id, by=by)
        if payment.status == Status.PENDING:
            call_off(payment, EXPIRED, by=by)


def restart_time_to_pay(order_id: int) -> None:
    """An order was on hold, when nobody could pay it: the time for it begins anew, all attempts at it counting still.

    Safe to repeat. Locks the order's payments.
    """
    with transaction.atomic():
        attempts = [payment for payment in Payment.objects.locked_of(order_id) if payment.expires_at is not None]
        if not attempts:
            return
        within = time_to_pay_of(Order.objects.select_related("slot", "region").get(pk=order_id))
        for payment in attempts:
            payment.expires_at = clock.now() + within
        Payment.objects.bulk_update(attempts, ["expires_at"])


def claim_to_look_at(limit: int = 50) -> list[int]:
    """Payments whose gateway is to be asked now, each left alone for a while by whoever comes next.

    One that failed without the gateway's word is asked about for `LOOK_FOR` at most.
    """
    now = clock.now()
    with transaction.atomic():
        due = Payment.objects.locked_to_look_at(now, limit)
        for payment in due:
            over = payment.settled_at is not None and payment.settled_at + LOOK_FOR <= now
            pause = LOOK_AFTER if payment.settled_at is None else LOOK_AFTER * 15
            payment.look_at = None if over else now + pause
        Payment.objects.bulk_update(due, ["look_at"])
    return [payment.pk for payment in due]
