"""The one place where the status of a payment changes, and the order's payment status with it; the status of a webhook
and of money on its way back too."""

from collections.abc import Sequence
from datetime import datetime

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from orders.actions import record_payment_status
from orders.models import Order
from orders.queries import COMING
from payments.actions.holding import free_hold
from payments.actions.ledger import post, post_refund
from payments.actions.wallet import refund_to_wallet, top_up
from payments.events import PaymentFailed, PaymentRefunded, PaymentReopened, PaymentSucceeded
from payments.models import Payment, Refund, RefundMovement, Webhook
from payments.queries import paid_ahead_for
from payments.rules.attempts import AT_THE_DOOR, PAY_WITHIN, order_status
from payments.rules.ledger import AccountKind, Leg, Place, TransferKind

Status = Payment.Status

_GATEWAY, _PAID_AHEAD, _REFUNDS = Place(AccountKind.GATEWAY), Place(AccountKind.PAID_AHEAD), Place(AccountKind.REFUNDS)
_NEVER_SOLD = (Order.Status.CANCELLED, Order.Status.RETURNED)
"""Statuses of orders of which nothing may stay paid ahead."""
COUNTS = (Status.PENDING, Status.SUCCEEDED, Status.PARTIALLY_REFUNDED)


def succeed(payment: Payment, attempts: Sequence[Payment], *, by: Actor) -> Order | None:
    """The money of a payment is there, it and the other attempts at its order being locked.

    Where another attempt counts already it is surplus. Returns the order, locked. Emits PaymentSucceeded.
    """
    payment.is_surplus = any(other != payment and other.status in COUNTS for other in _counting(attempts))
    payment.status = Status.SUCCEEDED
    payment.failure_code = ""
    _book(payment, by=by)
    order = _settled(payment, attempts)
    emit(PaymentSucceeded(payment.pk, payment.order_id, payment.amount), actor=by)
    return order


def fail(
    payment: Payment, attempts: Sequence[Payment], failure_code: str, *, by: Actor, look_at: datetime | None = None
) -> None:
    """The money of a payment will not come, it and the other attempts at its order being locked; what it held in the
    wallet is free.

    `look_at` says when to ask the gateway once more, where that did not say so itself. Emits PaymentFailed.
    """
    payment.status = Status.FAILED
    payment.failure_code = failure_code
    payment.expires_at = payment.expires_at or payment.created_at + PAY_WITHIN  # else the order might wait for ever
    free_hold(payment, by=by)
    _settled(payment, attempts, look_at=look_at)
    emit(PaymentFailed(payment.pk, payment.order_id, failure_code), actor=by)


def reopen(payment: Payment, attempts: Sequence[Payment], *, by: Actor) -> None:
    """The money of a payment at the door is still to be taken, it and the other attempts at its order being locked.

    Emits PaymentReopened.
    """
    payment.status = Status.PENDING
    payment.failure_code = ""
    payment.settled_at = payment.expires_at = payment.look_at = None
    payment.save()
    _tell_order(payment, attempts)
    emit(PaymentReopened(payment.pk, payment.order_id, payment.amount), actor=by)


def give_back(payment: Payment, attempts: Sequence[Payment], movement: RefundMovement, *, by: Actor) -> None:
    """Money of a locked payment has gone back: all that was decided, or a part; a wallet gets it here.

    Locks the wallet, then the order. Emits PaymentRefunded, and WalletRefunded.
    """
    _book_refund(payment, movement, by=by)
    finish_movement(movement, RefundMovement.Status.DONE)
    done = RefundMovement.objects.filter(refund__payment=payment, status=RefundMovement.Status.DONE)
    moved = Money.total((each.refund.amount for each in done.select_related("refund")), payment.currency)
    payment.status = Status.REFUNDED if moved >= payment.amount else Status.PARTIALLY_REFUNDED
    payment.save(update_fields=["status"])
    _tell_order(payment, attempts)
    refund = movement.refund
    emit(PaymentRefunded(payment.pk, payment.order_id, refund.pk, refund.amount, movement.destination), actor=by)


def finish_movement(movement: RefundMovement, to_status: str, failure_code: str = "") -> None:
    """A locked movement has come to its end."""
    movement.status = to_status
    movement.failure_code = failure_code
    movement.next_attempt_at = movement.tried_at = movement.kept_until = None
    movement.finished_at = clock.now()
    movement.save()


def close_webhook(webhook: Webhook, to_status: str, *, payment: Payment | None = None, error: str = "") -> None:
    """A locked word of a gateway is done with."""
    webhook.status = to_status
    webhook.payment = payment
    webhook.error = error[:255]
    webhook.next_attempt_at = None
    webhook.processed_at = clock.now()
    webhook.save()


def _settled(payment: Payment, attempts: Sequence[Payment], *, look_at: datetime | None = None) -> Order | None:
    payment.settled_at = clock.now()
    payment.look_at = look_at
    payment.next_action = {}
    payment.save()
    return _tell_order(payment, attempts)


def _tell_order(payment: Payment, attempts: Sequence[Payment]) -> Order | None:
    if payment.order_id is None:
        return None
    return record_payment_status(payment.order_id, order_status(attempts))


def _book(payment: Payment, *, by: Actor) -> None:
    """What a gateway took is paid ahead until the order is delivered; without an order it is in the wallet at once.
    Wallet and cash are booked at the door."""
    if payment.method in AT_THE_DOOR or not payment.amount:
        return
    if payment.order is None:
        key = payment.idempotency_key
        top_up(payment.user_id, payment.amount, key=f"{key}-taken", reference=key, by=by)
        return
    legs = [Leg(_GATEWAY, _PAID_AHEAD, payment.amount)]
    key, number = f"{payment.idempotency_key}-taken", payment.order.number
    post(key=key, kind=TransferKind.PAYMENT, legs=legs, reference=number, by=by)


def _book_refund(payment: Payment, movement: RefundMovement, *, by: Actor) -> None:
    """What went back, in the books. What staff give of an order that is still to come stays paid ahead: the sale will
    take it from there. An order that never comes leaves nothing there."""
    refund, order = movement.refund, payment.order
    number = order.number if order is not None else payment.idempotency_key
    key, reason = movement.key, refund.reason
    is_gift = refund.kind in (Refund.Kind.LINES, Refund.Kind.AMOUNT)
    is_still_sold = is_gift and order is not None and order.status in COMING
    facts = {"key": key, "reference": number, "reason": reason}
    if movement.destination == Refund.Destination.WALLET:
        refund_to_wallet(payment.user_id, refund.amount, by=by, is_still_sold=is_still_sold, **facts)
    else:
        post_refund(_GATEWAY, refund.amount, by=by, is_still_sold=is_still_sold, **facts)
    if order is not None and order.status in _NEVER_SOLD and payment.refunded == payment.amount:
        rest = paid_ahead_for(number, currency=payment.currency)
        if rest.minor > 0:
            legs = [Leg(_PAID_AHEAD, _REFUNDS, rest)]
            post(key=f"{key}-rest", kind=TransferKind.REFUND, legs=legs, reference=number, by=by, reason=reason)


def _counting(attempts: Sequence[Payment]) -> list[Payment]:
    return [attempt for attempt in attempts if not attempt.is_surplus]
