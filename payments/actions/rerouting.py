"""Money back another way than was decided: a card was closed, a gateway gave no answer for days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.outside import ensure_outside_transaction
from payments.actions.refunding import add_movement, record_movement
from payments.actions.transitions import finish_movement, give_back
from payments.events import RefundRerouted
from payments.gateways import gateway_named
from payments.gateways.base import GatewayUnavailable, Returned
from payments.models import Payment, Refund, RefundMovement
from payments.rules.ledger import ensure_reason

To = RefundMovement.Destination
Moved = RefundMovement.Status

A_TRY_LASTS = timedelta(minutes=3)
"""Longer than a worker may take for a try. Real time."""
FINDING_OUT_LASTS = timedelta(minutes=3)
"""Longer than a gateway may take to answer staff. Real time."""
NOT_MADE = "not_made"
"""Failure code of a movement that the gateway says never happened."""


class GoneAlready(DomainError):
    """The money has gone back, and goes back once."""

    code = "refund_gone_already"


class StillOnItsWay(DomainError):
    """The gateway may still give the money back, so it can't be sent another way yet."""

    code = "refund_still_on_its_way"


class ReferenceMissing(InvalidInput):
    code = "reference_missing"


@dataclass(frozen=True, slots=True)
class Way:
    """Where the money goes instead, and why. What was paid out by hand names the bank's `reference`."""

    to: str
    reason: str
    reference: str = ""


def reroute_refund(refund_id: int, way: Way, *, by: Actor) -> RefundMovement:
    """Send the money of a decision another way: to the wallet, or noted as paid out by hand.

    Only where it can't go back twice: its last movement has failed, or the gateway says that it never happened. It is
    asked outside transactions, while the worker leaves the movement alone. Safe to repeat: what goes that way already
    is answered. Locks the order's payments, then the movement, wallet and order. Raises ReasonMissing,
    ReferenceMissing, GoneAlready and StillOnItsWay. Emits RefundRerouted, and PaymentRefunded for what went by hand.
    """
    ensure_outside_transaction("a payment gateway")
    way = _checked(way)
    made, asks = _take_way(refund_id, way, by)
    if made is not None:
        return made
    said = _ask(asks)
    if said is not None and said.status == "SUCCEEDED":
        record_movement(asks.refund.payment, asks.pk, said, by)
        raise GoneAlready(_("The gateway says it has given the money back. Nothing more is to be sent."))
    return _go_on(refund_id, way, asks, said, by)


def _checked(way: Way) -> Way:
    reason, reference = ensure_reason(way.reason), way.reference.strip()
    if way.to not in (To.WALLET, To.HAND):
        raise InvalidInput(_("Choose where the money goes."), field="destination")
    if way.to == To.HAND and not reference:
        raise ReferenceMissing(_("Enter the bank’s reference, so that it can be found."), field="reference")
    return Way(way.to, reason[:255], reference[:120] if way.to == To.HAND else "")


def _take_way(refund_id: int, way: Way, by: Actor) -> tuple[RefundMovement | None, RefundMovement]:
    """The movement that was made, or found; or else the one of which the gateway is to be asked, left alone so long."""
    with transaction.atomic():
        refund, attempts = _locked(refund_id)
        live = _live(refund)
        if live is None:
            made = _make(refund, attempts, way, by)
            return made, made
        if live.reason and (live.destination, live.gateway_reference) == (way.to, way.reference):
            return live, live
        _ensure_may_ask(live)
        live.kept_until = clock.real_now() + FINDING_OUT_LASTS
        live.save(update_fields=["kept_until"])
    return None, live


def _ensure_may_ask(live: RefundMovement) -> None:
    """Raises GoneAlready, and StillOnItsWay while somebody else asks the gateway."""
    if live.status == Moved.DONE:
        raise GoneAlready(_("The money has gone back already."))
    if live.status == Moved.UNDONE:
        raise GoneAlready(_("This refund was taken back: the order was delivered after all."))
    now = clock.real_now()
    is_being_tried = live.tried_at is not None and live.tried_at + A_TRY_LASTS > now
    if live.destination != To.SOURCE or is_being_tried or live.is_left_alone(now):
        raise StillOnItsWay(_("It is being moved right now. Look again in a few minutes."))


def _ask(movement: RefundMovement) -> Returned | None:
    """What the gateway says of a movement; None where it says that there never was one."""
    payment = movement.refund.payment
    try:
        return gateway_named(payment.gateway).find_refund(payment.gateway_reference, idempotency_key=movement.key)
    except GatewayUnavailable as silence:
        return Returned("PENDING", failure_code=str(silence)[:60])


def _go_on(refund_id: int, way: Way, asked: RefundMovement, said: Returned | None, by: Actor) -> RefundMovement:
    """Act on what the gateway said, where nobody else has meanwhile."""
    with transaction.atomic():
        refund, attempts = _locked(refund_id)
        movement = RefundMovement.objects.locked(asked.pk)
        if not _is_ours(movement, asked.kept_until):
            raise StillOnItsWay(_("Somebody else works on it. Look again in a few minutes."))
        if said is None or said.status == "FAILED":
            finish_movement(movement, Moved.FAILED, said.failure_code if said else NOT_MADE)
            return _make(refund, attempts, way, by)
        movement.kept_until = None
        movement.save(update_fields=["kept_until"])
    raise StillOnItsWay(
        _("The gateway does not say that the money stayed. Until it does, it can’t be sent another way.")
    )


def _is_ours(movement: RefundMovement, kept_until: datetime | None) -> bool:
    return (
        movement.status == Moved.PENDING
        and movement.kept_until == kept_until
        and movement.is_left_alone(clock.real_now())
    )


def _make(refund: Refund, attempts: list[Payment], way: Way, by: Actor) -> RefundMovement:
    """The movement that goes another way. What was paid out by hand has gone; a worker gives to the wallet."""
    movement = add_movement(refund, way.to, reason=way.reason, actor=by.label)
    if way.to == To.HAND:
        movement.gateway_reference = way.reference
        payment = next(attempt for attempt in attempts if attempt.pk == refund.payment_id)
        payment.order = refund.payment.order
        give_back(payment, attempts, movement, by=by)
    order_id = refund.payment.order_id
    emit(
        RefundRerouted(refund.pk, refund.payment_id, order_id, refund.amount, way.to, way.reason),
        actor=by,
    )
    return movement


def _locked(refund_id: int) -> tuple[Refund, list[Payment]]:
    """The decision, with all attempts at its order locked."""
    refund = Refund.objects.select_related("payment__order").get(pk=refund_id)
    return refund, Payment.objects.locked_with(refund.payment)


def _live(refund: Refund) -> RefundMovement | None:
    found = refund.movements.exclude(status=Moved.FAILED).first()
    return RefundMovement.objects.locked(found.pk) if found is not None else None
