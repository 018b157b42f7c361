"""What was not handed over: brought again, or given back its money at once."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from deliveries.actions.doors import ensure_under_way, locked_of
from deliveries.actions.placing import stop_for
from deliveries.actions.transitions import move
from deliveries.events import DeliveryAssigned, DeliveryFailed, DeliveryScheduled, DeliveryUpdated
from deliveries.models import Delivery, FailedAttempt, Hub
from deliveries.queries.lookup import hub_serving
from deliveries.rules import FAILED, OPEN, UNDER_WAY, ensure_move
from deliveries.rules.failures import Retrying, is_tried_again, next_round
from inventory.queries import keeps_until
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import DomainEvent, emit, emit_many
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import region_book
from orders import actions as orders
from orders.models import Order
from orders.rules.status import UNDO_WITHIN
from payments.actions import give_up_undelivered

Status, Reason = Delivery.Status, Delivery.FailureReason
_ROUNDS = Actor.system("rounds")
_GOING_ON = (Order.Status.CONFIRMED, Order.Status.ON_HOLD)


def mark_failed(
    delivery_id: int,
    *,
    reason: str,
    by: Actor,
    note: str = "",
    driver_id: int | None = None,
    is_final: bool = False,
    at: datetime | None = None,
) -> Delivery:
    """It could not be handed over. Its order is brought again, or is returned with its money, in one transaction.

    Brought again is what failed for a reason that a second try mends, as often as the settings say, while its goods
    keep until then; never where `is_final`. The goods stay in the van until the round is closed. Safe to repeat.
    `driver_id` says whose it must be: another's is not found. `at` says when, where that was not now. What was paid
    goes back once the driver can't take it back any more. Raises NotPickedUp, DeliveryCalledOff. Emits DeliveryFailed.
    """
    with transaction.atomic():
        delivery = locked_of(delivery_id, driver_id)
        if delivery.status == Status.FAILED:
            return delivery
        ensure_under_way(delivery)
        ensure_move(delivery.status, Status.FAILED)
        again = None if is_final else _again(delivery, reason)
        now = at or clock.now()
        if again is not None:
            slot, on = again
            orders.try_again(delivery.order_id, on=on, slot_id=slot.pk, by=by, reason=reason)
        else:
            give_up_undelivered(delivery.order_id, by=by, after=timedelta(0) if is_final else UNDO_WITHIN)
            orders.return_order(delivery.order_id, by=by, reason=reason)
        FailedAttempt.objects.create(
            delivery=delivery,
            stop_id=delivery.stop_id or 0,  # under way, it has one
            reason=reason,
            note=note[:200],
            retried_on=again[1] if again else None,
            actor=by.label,
            occurred_at=now,
        )
        move(delivery, Status.FAILED, failed_at=now, failure_reason=reason)
        emit(DeliveryFailed(delivery.pk, delivery.order_id, reason, again[1] if again else None), actor=by)
    return delivery


def _again(delivery: Delivery, reason: str) -> tuple[DeliverySlot, date] | None:
    """When it is brought again, None where it is not. At most two queries."""
    policy = Retrying(
        tries=settings.DELIVERY_TRIES,
        reasons=settings.DELIVERY_RETRY_REASONS,
        next_day=settings.DELIVERY_RETRY_NEXT_DAY,
    )
    tries = FailedAttempt.objects.true().filter(delivery=delivery).count() + 1
    if not is_tried_again(reason, tries=tries, policy=policy):
        return None
    book = region_book()
    slot = book.slots[delivery.slot_id]
    found = next_round(
        slot,
        delivery.delivery_date,
        book.slots_of(slot.region_id),
        holidays=book.holidays.get(slot.region_id, frozenset()),
        policy=policy,
    )
    lasts = keeps_until(Order.objects.values_list("number", flat=True).get(pk=delivery.order_id))
    return found if found is not None and (lasts is None or lasts >= found[1]) else None


def give_up_missed(delivery_id: int, *, reason: str, by: Actor) -> Delivery:
    """Nobody brought it, and nobody will: its money goes back in the same transaction. Safe to repeat.

    What never left the hub is cancelled; what is still in the van has failed for good. Emits DeliveryUpdated or
    DeliveryFailed, and OrderCancelled or OrderUndelivered.
    """
    with transaction.atomic():
        delivery = locked_of(delivery_id, None)
        if delivery.status in OPEN:
            give_up_undelivered(delivery.order_id, by=by)
            orders.cancel_order(delivery.order_id, by=_ROUNDS, reason=reason)  # not a wish of the driver's
            move(delivery, Status.CANCELLED, failed_at=clock.now(), failure_reason=Reason.NO_TIME)
            emit(DeliveryUpdated(delivery.pk, delivery.order_id, Status.CANCELLED.value), actor=by)
        elif delivery.status in UNDER_WAY:
            return mark_failed(delivery.pk, reason=Reason.NO_TIME, note=reason, by=by, is_final=True)
    return delivery


def take_goods_in(attempt_id: int, *, by: Actor) -> None:
    """The goods of a failed attempt are at the hub again, and where it is tried again it gets its next round.

    Safe to repeat. Locks the delivery, the order, its shelves, then the next round. Emits StockChanged and, where it is
    tried again, DeliveryScheduled and DeliveryAssigned.
    """
    attempt = FailedAttempt.objects.select_related("stop").get(pk=attempt_id)
    with transaction.atomic():
        delivery = locked_of(attempt.delivery_id, None)
        attempt.refresh_from_db(fields=["put_back_at", "undone_at"])
        if attempt.put_back_at is not None or attempt.undone_at is not None:
            return
        is_spoiled = attempt.reason == Reason.DAMAGED
        order = orders.put_back(delivery.order_id, by=by, reason=attempt.reason, is_spoiled=is_spoiled)
        attempt.put_back_at = clock.now()
        attempt.save(update_fields=["put_back_at"])
        if delivery.status == FAILED and order.status in _GOING_ON:
            _schedule_again(delivery, order, by=by)


def _schedule_again(delivery: Delivery, order: Order, *, by: Actor) -> None:
    """A failed delivery begins anew, on its order's new day."""
    hub = Hub.objects.select_related("region").get(pk=delivery.hub_id)
    hub = hub_serving(order.pincode) or hub
    stop = stop_for(order, hub, on=order.delivery_date, slot_id=order.slot_id)
    now = clock.now()
    move(
        delivery,
        Status.ASSIGNED if stop else Status.SCHEDULED,
        hub=hub,
        stop=stop,
        delivery_date=order.delivery_date,
        slot=order.slot,
        assigned_at=now if stop else None,
        picked_up_at=None,
        failed_at=None,
        failure_reason="",
    )
    told: list[DomainEvent] = [DeliveryScheduled(delivery.pk, order.pk, hub.pk, order.delivery_date)]
    if delivery.driver_id is not None:
        told.append(DeliveryAssigned(delivery.pk, order.pk, delivery.driver_id))
    emit_many(told, actor=by)
