"""Money back: deciding that it goes, under the payment's lock; and moving it, outside transactions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_in_transaction, ensure_outside_transaction
from orders.models import Order
from orders.rules.status import UNDONE, NotUndoable
from payments.actions.transitions import finish_movement, give_back
from payments.events import RefundDecided, RefundFailed, RefundOverdue
from payments.gateways import gateway_named
from payments.gateways.base import GatewayUnavailable, Returned
from payments.models import Payment, Refund, RefundMovement
from payments.queries import refundable_lines
from payments.rules.attempts import NOT_DELIVERED
from payments.rules.refunds import (
    LESS_COMES,
    LineShare,
    NothingToRefund,
    capped,
    ensure_refundable,
    excess,
    given_for_missing,
    shares_of,
)

Kind = Refund.Kind
Destination = Refund.Destination
MovedTo = RefundMovement.Destination
Moved = RefundMovement.Status

MOVE_TASK = "payments.tasks.move_refunds"
PATIENCE = 12
"""Tries, some six hours of them, after which silence is worth a word to staff."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
_DOUBLINGS = 7
_SELF = Actor.system("payments")


class NoWayBack(InvalidInput):
    """Money can't go there."""

    code = "refund_no_way_back"


@dataclass(frozen=True, slots=True)
class Wish:
    """What staff want to pay back: so many pieces of lines (by id), or an amount; all that is left without either."""

    reason: str
    lines: Mapping[int, int] | None = None
    amount: Money | None = None
    destination: str = Destination.SOURCE


@dataclass(frozen=True, slots=True)
class Preview:
    """What a refund would be."""

    amount: Money
    shares: tuple[LineShare, ...]
    left_after: Money


def preview_refund(payment_id: int, wish: Wish) -> Preview:
    """What a wish comes to, nothing being changed. Raises as `refund_payment` does."""
    return _weigh(Payment.objects.get(pk=payment_id), wish)


def refund_payment(payment_id: int, wish: Wish, *, key: str, by: Actor) -> Refund:
    """Decide that money of a payment goes back; a worker moves it. Safe to repeat: a key is one decision.

    Never past what was captured, however many decide at once: locks the order's payments. Raises NothingToRefund,
    TooMuch, BadLines, NoWayBack. Emits RefundDecided.
    """
    with transaction.atomic():
        payment = Payment.objects.locked(payment_id)
        known = Refund.objects.filter(key=key).first()
        if known is not None:
            return known
        seen = _weigh(payment, wish)
        kind = Kind.LINES if wish.lines else Kind.AMOUNT
        return _decide(
            payment, seen.amount, kind, wish.reason, key, by=by, shares=seen.shares, destination=wish.destination
        )


def _weigh(payment: Payment, wish: Wish) -> Preview:
    if payment.order_id is None:
        raise NoWayBack(_("The money of a top-up is in the wallet. Pay it out from there."), field="destination")
    if wish.destination == Destination.SOURCE and not gateway_named(payment.gateway).gives_back:
        raise NoWayBack(_("Cash can’t go back the way it came. Choose the wallet."), field="destination")
    shares: Sequence[LineShare] = ()
    amount = payment.refundable if wish.amount is None else wish.amount
    if wish.lines:
        given = [part for refund in Refund.objects.of_payment(payment.pk) for part in refund.lines]
        shares = shares_of(wish.lines, sold=refundable_lines(payment), given=given)
        amount = Money.total((share.amount for share in shares), payment.currency)
    if amount.currency != payment.currency:
        raise NoWayBack(_("The payment is in another currency."), field="amount")
    ensure_refundable(amount, left=payment.refundable)
    return Preview(amount, tuple(shares), payment.refundable - amount)


def weigh_claim(payment: Payment, pieces: Mapping[int, int], *, bottles_stay: Collection[int]) -> list[LineShare]:
    """What so many pieces of each line of a locked payment's order are worth, no more than is left of the payment.

    Raises BadLines for pieces that were paid back already, and NothingToRefund.
    """
    given = [part for refund in Refund.objects.of_payment(payment.pk) for part in refund.lines]
    shares = shares_of(pieces, sold=refundable_lines(payment), given=given, bottles_stay=bottles_stay)
    shares = capped(shares, payment.refundable)
    if not payment.refundable or not any(share.amount for share in shares):
        raise NothingToRefund(_("Nothing is left to pay back for these pieces."))
    return shares


def refund_claim(
    payment: Payment, shares: Sequence[LineShare], *, claim_id: int, destination: str, by: Actor
) -> Refund:
    """Decide that what a claim was granted goes back; a worker moves it. One refund a claim, however often it is asked.

    Part of the caller's transaction, which has locked the order's payments and weighed the shares (`weigh_claim`) in
    it. Emits RefundDecided.
    """
    ensure_in_transaction("the refund of a claim")
    key = f"claim-{claim_id}"
    known = Refund.objects.filter(key=key).first()
    if known is not None:
        return known
    amount = Money.total((share.amount for share in shares), payment.currency)
    return _decide(payment, amount, Kind.CLAIM, f"Claim {claim_id}", key, by=by, shares=shares, destination=destination)


def refund_by_itself(payment: Payment, order: Order) -> Refund | None:
    """Send back what is too much of a payment that is locked with its order: all of it where the order was cancelled or
    is paid another way, the difference where less comes. Safe to repeat. Emits RefundDecided."""
    ensure_in_transaction("a refund by rule")
    if not payment.refundable or not gateway_named(payment.gateway).gives_back:
        return None
    if payment.is_surplus:
        return _all_back(payment, Kind.SURPLUS, "paid_already")
    if order.status == Order.Status.CANCELLED:
        return _all_back(payment, Kind.CANCELLED, "order_cancelled")
    over = excess(captured=payment.amount, owed=order.grand_total, given=_given_for_missing(payment))
    over = min(over, payment.refundable)
    if not over:
        return None
    key = f"shortage-{payment.pk}-{order.grand_total.minor}"
    return _decide(payment, over, Kind.SHORTAGE, LESS_COMES, key, by=_SELF)


def _given_for_missing(payment: Payment) -> Money:
    """What went back already for what does not come. Two queries."""
    refunds = list(Refund.objects.of_payment(payment.pk))
    by_rule = Money.total((refund.amount for refund in refunds if refund.kind == Kind.SHORTAGE), payment.currency)
    coming = {line.line_id: line.quantity for line in refundable_lines(payment)}
    by_line = [part for refund in refunds for part in refund.lines]
    return by_rule + given_for_missing(by_line, coming, payment.currency)


def refund_undelivered(payment: Payment, *, after: timedelta) -> Refund:
    """Send back all that is left of a locked payment whose order did not get to its door, so much later: until then it
    can be taken back (`keep_undelivered`). Emits RefundDecided."""
    ensure_in_transaction("a refund by rule")
    earlier = Refund.objects.filter(payment=payment, key__startswith=f"undelivered-{payment.pk}").count()
    key = f"undelivered-{payment.pk}" + (f"-{earlier + 1}" if earlier else "")
    return _decide(payment, payment.refundable, Kind.CANCELLED, NOT_DELIVERED, key, by=_SELF, after=after)


def keep_undelivered(payment: Payment) -> None:
    """Take back that a locked payment goes back, as long as nobody has begun to move it. Safe to repeat.

    Raises NotUndoable.
    """
    ensure_in_transaction("a refund taken back")
    refund = Refund.objects.standing().filter(payment=payment, reason=NOT_DELIVERED, kind=Kind.CANCELLED).last()
    if refund is None:
        return
    live = refund.movements.exclude(status=Moved.FAILED).first()
    if live is None:
        raise NotUndoable(_("The money has gone back to the household already. Ask the hub."))
    movement = RefundMovement.objects.locked(live.pk)
    is_begun = movement.attempts > 0 or movement.tried_at is not None or movement.kept_until is not None
    if movement.status != Moved.PENDING or is_begun:
        raise NotUndoable(_("The money has gone back to the household already. Ask the hub."))
    finish_movement(movement, Moved.UNDONE, UNDONE)
    payment.refunded = payment.refunded - refund.amount
    payment.save(update_fields=["refunded"])


def _all_back(payment: Payment, kind: str, reason: str) -> Refund:
    return _decide(payment, payment.refundable, kind, reason, f"{kind.lower()}-{payment.pk}", by=_SELF)


def refund_order(order_id: int) -> list[Refund]:
    """Send back by rule what is too much of all that was paid for an order. Safe to repeat.

    Locks the order's payments, then the order. Emits RefundDecided.
    """
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order_id)
        order = Order.objects.locked(order_id)
        decided = [refund_by_itself(payment, order) for payment in attempts if payment.is_captured]
    return [refund for refund in decided if refund is not None]


def _decide(
    payment: Payment,
    amount: Money,
    kind: str,
    reason: str,
    key: str,
    *,
    by: Actor,
    shares: Sequence[LineShare] = (),
    destination: str = Destination.SOURCE,
    after: timedelta = timedelta(0),
) -> Refund:
    """Write the decision and its movement; the payment is locked, and counts it at once."""
    now = clock.now()
    if payment.method == Payment.Method.WALLET:
        destination = Destination.WALLET
    payment.refunded = payment.refunded + amount
    payment.save(update_fields=["refunded"])
    refund = Refund.objects.create(
        payment=payment,
        key=key,
        kind=kind,
        reason=reason[:255],
        lines=[share.to_json() for share in shares],
        amount=amount,
        currency=payment.currency,
        destination=destination,
        actor=by.label,
        decided_at=now,
    )
    add_movement(refund, destination, after=after)
    emit(RefundDecided(refund.pk, payment.pk, payment.order_id, amount, kind), actor=by)
    return refund


def add_movement(
    refund: Refund, destination: str, *, reason: str = "", actor: str = "", after: timedelta = timedelta(0)
) -> RefundMovement:
    """One more try to move the money of a decision whose payment is locked, made by a worker soon, or so much later."""
    ensure_in_transaction("a movement of a refund")
    number = refund.movements.count() + 1
    movement = RefundMovement.objects.create(
        refund=refund,
        key=f"refund-{refund.pk}-{number}",
        destination=destination,
        reason=reason,
        actor=actor,
        next_attempt_at=clock.real_now() + after,
        created_at=clock.now(),
    )
    enqueue(MOVE_TASK)
    return movement


# -- moving the money ------------------------------------------------------------------------------------------------


def claim_movements(limit: int = 50) -> list[int]:
    """Movements that are due, left alone for a while by whoever comes next."""
    now = clock.real_now()
    with transaction.atomic():
        ids = RefundMovement.objects.locked_due(now, limit)
        RefundMovement.objects.filter(pk__in=ids).update(next_attempt_at=now + FIRST_PAUSE * 4)
    return ids


def move_refund(movement_id: int, *, by: Actor) -> RefundMovement:
    """Move the money of a decision, under the movement's key at the gateway. Safe to repeat and to do twice at once.

    A gateway that does not answer is asked again later, for as long as it takes: it may have given the money back, so
    nothing but its own word ends a movement, and only under the same key is asking again no second refund. Whatever
    else goes wrong is raised, and tried again as silence is. Emits PaymentRefunded, RefundFailed, or RefundOverdue
    once nothing has come of it for long.
    """
    ensure_outside_transaction("a payment gateway")
    try:
        return _move(movement_id, by)
    except Exception as problem:
        _note_error(movement_id, type(problem).__name__, by)
        raise


def _move(movement_id: int, by: Actor) -> RefundMovement:
    movement = RefundMovement.objects.select_related("refund__payment").get(pk=movement_id)
    if movement.status != Moved.PENDING:
        return movement
    payment = movement.refund.payment
    if movement.destination == MovedTo.WALLET:
        return record_movement(payment, movement_id, Returned("SUCCEEDED"), by)
    if not _begin_try(movement_id):
        return movement
    try:
        said = gateway_named(payment.gateway).refund(
            payment.gateway_reference, movement.refund.amount, idempotency_key=movement.key
        )
    except GatewayUnavailable as silence:
        said = Returned("PENDING", failure_code=str(silence)[:60])
    return record_movement(payment, movement_id, said, by)


def _begin_try(movement_id: int) -> bool:
    """Note that the gateway is being asked, so that nobody sends the money another way meanwhile. False where somebody
    is finding out whether it happened: it is left alone then."""
    with transaction.atomic():
        movement = RefundMovement.objects.locked(movement_id)
        if movement.status != Moved.PENDING or movement.is_left_alone(clock.real_now()):
            return False
        movement.tried_at = clock.real_now()
        movement.save(update_fields=["tried_at"])
    return True


def record_movement(payment: Payment, movement_id: int, said: Returned, by: Actor) -> RefundMovement:
    """Write down what a gateway says of money on its way back. Safe to repeat.

    Locks the order's payments, then the movement, the wallet and the order. Emits PaymentRefunded, RefundFailed, or
    RefundOverdue.
    """
    with transaction.atomic():
        attempts = Payment.objects.locked_with(payment)
        payment = next(attempt for attempt in attempts if attempt.pk == payment.pk)
        movement = RefundMovement.objects.locked(movement_id)
        if movement.status != Moved.PENDING:
            return movement
        movement.gateway_reference = said.reference or movement.gateway_reference
        movement.attempts += 1
        movement.tried_at = None
        if said.status == "SUCCEEDED":
            give_back(payment, attempts, movement, by=by)
        elif said.status == "FAILED":
            finish_movement(movement, Moved.FAILED, said.failure_code)
            refund = movement.refund
            emit(RefundFailed(refund.pk, payment.pk, payment.order_id, said.failure_code), actor=by)
        else:
            _try_later(movement, payment, by)
    return movement


def _note_error(movement_id: int, error: str, by: Actor) -> None:
    with transaction.atomic():
        movement = RefundMovement.objects.locked(movement_id)
        if movement.status == Moved.PENDING:
            movement.attempts += 1
            movement.failure_code = error[:60]
            _try_later(movement, movement.refund.payment, by)


def _try_later(movement: RefundMovement, payment: Payment, by: Actor) -> None:
    """The next try of a locked movement, whose tries are counted with the last one."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(movement.attempts - 1, _DOUBLINGS))
    movement.next_attempt_at = clock.real_now() + pause
    movement.save()
    if movement.attempts == PATIENCE:
        emit(RefundOverdue(movement.refund_id, payment.pk, payment.order_id), actor=by)


def try_refund_again(refund_id: int, *, by: Actor) -> RefundMovement:
    """Another movement for a decision whose last one failed. Safe to repeat: one that is under way is answered."""
    with transaction.atomic():
        refund = Refund.objects.select_related("payment").get(pk=refund_id)
        Payment.objects.locked(refund.payment_id)
        live = refund.movements.exclude(status=Moved.FAILED).first()
        if live is not None:
            return live
        movement = add_movement(refund, refund.destination)
        emit(RefundDecided(refund.pk, refund.payment_id, refund.payment.order_id, refund.amount, refund.kind), actor=by)
    return movement
