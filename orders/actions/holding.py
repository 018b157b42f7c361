"""Stopping an order to look at it, and deciding about it."""

from datetime import datetime

from django.db import transaction

from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions.progress import call_off
from orders.actions.transitions import move, settle_hold
from orders.events import OrderApproved, OrderHeld, OrderRejected
from orders.models import Hold, Order
from orders.rules.fraud import Screening
from orders.rules.holding import LAPSED, REJECTED, ensure_held, ensure_holdable, ensure_in_time, ensure_reason

Status = Order.Status
Outcome = Hold.Outcome


def hold_order(order_id: int, *, by: Actor, reason: str) -> Order:
    """Stop an order that is not packed yet: it keeps its stock until the cut-off. Safe to repeat.

    Raises ReasonMissing, NotHoldable and HoldTooLate. Emits OrderHeld.
    """
    reason = ensure_reason(reason)
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.ON_HOLD:
            return order
        ensure_holdable(order.status, number=order.number, cutoff_at=_cutoff_at(order), now=clock.now())
        _hold(order, Hold(kind=Hold.Kind.STAFF, reason=reason[:255]), by=by)
    return order


def hold_suspect(order: Order, screening: Screening, *, by: Actor) -> None:
    """Stop a locked order that the screening found suspect, with all that speaks against it.

    Part of the caller's transaction. Emits OrderHeld.
    """
    order.fraud_flag = True
    order.save(update_fields=["fraud_flag", "updated_at"])
    findings = [finding.to_json() for finding in screening.findings]
    _hold(order, Hold(kind=Hold.Kind.FRAUD, score=screening.score, findings=findings), by=by)


def _hold(order: Order, hold: Hold, *, by: Actor) -> None:
    hold.order = order
    hold.from_status = order.status
    hold.actor = by.label
    hold.held_at = clock.now()
    hold.keep_until = _cutoff_at(order)
    hold.save()
    move(order, Status.ON_HOLD, by=by, reason=hold.reason)
    rules_broken = tuple(finding["rule"] for finding in hold.findings)
    emit(OrderHeld(order.pk, order.customer_id, hold.pk, hold.kind, rules_broken, hold.reason), actor=by)


def approve_order(order_id: int, *, by: Actor, reason: str = "") -> Order:
    """Let a held order go on where it stood: CREATED, to be paid and confirmed, or CONFIRMED. Safe to repeat.

    Raises NotHeld where somebody decided otherwise, and HoldTooLate from the cut-off on. Emits OrderApproved, which the
    checkout hears.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        last = order.holds.first()
        if order.status != Status.ON_HOLD and last is not None and last.outcome == Outcome.APPROVED:
            return order
        ensure_held(order.status, number=order.number)
        hold = order.holds.open().get()
        ensure_in_time(hold.keep_until, number=order.number, now=clock.now())
        if order.fraud_flag:
            order.fraud_flag = False
            order.save(update_fields=["fraud_flag", "updated_at"])
        settle_hold(order, Outcome.APPROVED, by=by, reason=reason.strip())
        move(order, hold.from_status, by=by, reason=reason.strip())
        emit(OrderApproved(order.pk, order.customer_id, hold.pk, order.status, reason.strip()), actor=by)
    return order


def reject_order(order_id: int, *, by: Actor, reason: str) -> Order:
    """Refuse a held order: it is cancelled, and what it holds is given back. Safe to repeat.

    The reason is for staff; the household hears that it was not accepted. Raises ReasonMissing, and NotHeld where
    somebody decided otherwise. Emits OrderRejected and OrderCancelled.
    """
    reason = ensure_reason(reason)
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        last = order.holds.first()
        if order.status == Status.CANCELLED and last is not None and last.outcome == Outcome.REJECTED:
            return order
        ensure_held(order.status, number=order.number)
        hold = settle_hold(order, Outcome.REJECTED, by=by, reason=reason)
        emit(OrderRejected(order.pk, order.customer_id, hold.pk, reason), actor=by)
        call_off(order, by=by, reason=REJECTED)
    return order


def cancel_lapsed_hold(order_id: int, *, by: Actor) -> Order:
    """Cancel an order about which nobody decided until its cut-off. Safe to repeat, and to come too early.

    Emits OrderCancelled.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.ON_HOLD and order.holds.due(clock.now()).exists():
            settle_hold(order, Outcome.LAPSED, by=by, reason="")
            call_off(order, by=by, reason=LAPSED)
    return order


def _cutoff_at(order: Order) -> datetime:
    return rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone)
