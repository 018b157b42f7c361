"""An order that did not get to its door: it is brought again, or it is not."""

from datetime import date

from django.db import transaction

from inventory import actions as stock
from inventory.rules import OutOfStock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions.progress import call_off, reserve_lines
from orders.actions.transitions import move, move_lines, settle_hold
from orders.events import OrderRescheduled, OrderUndelivered
from orders.models import Hold, Order, OrderLine

Status = Order.Status
NOT_THERE_AGAIN = "goods_gone"
"""Why an order is cancelled that was to be brought again: its goods were not fit for it, and there were no others."""


def try_again(order_id: int, *, on: date, slot_id: int, by: Actor, reason: str) -> Order:
    """An order that did not get to its door is brought again on another day or in another slot.

    Its goods are still in the van: `put_back` takes them in. Safe to repeat. Emits OrderRescheduled.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.CONFIRMED:
            return order
        move(order, Status.CONFIRMED, by=by, reason=reason)
        order.delivery_date, order.slot_id = on, slot_id
        order.save(update_fields=["delivery_date", "slot", "updated_at"])
        emit(OrderRescheduled(order.pk, order.customer_id, on, reason), actor=by)
    return order


def return_order(order_id: int, *, by: Actor, reason: str) -> Order:
    """An order did not get to its door and is not tried again. Its money is the caller's business.

    Its goods are still in the van: `put_back` takes them in. Safe to repeat. Emits OrderUndelivered.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.RETURNED:
            return order
        move(order, Status.RETURNED, by=by, reason=reason)
        move_lines(order, OrderLine.Status.RETURNED, from_statuses=[OrderLine.Status.PACKED])
        emit(OrderUndelivered(order.pk, order.customer_id, reason), actor=by)
    return order


def put_back(order_id: int, *, by: Actor, reason: str, is_spoiled: bool = False) -> Order:
    """The goods of an order that did not get to its door are at the hub again: in the batches that they came from.

    What is spoiled is thrown away at once. For an order that is to be brought again the pieces are reserved for its new
    day; where they would not keep until then and there are no others, it is cancelled, and OrderCancelled tells it.
    Safe to repeat. Locks the order, its shelves. Emits StockChanged.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        back = stock.take_back(reference=order.number, by=by, reason=reason)
        if is_spoiled:
            for lot in back:
                stock.spoil(
                    vendor_id=lot.vendor_id,
                    variant_id=lot.variant_id,
                    quantity=lot.quantity,
                    batch_id=lot.batch_id,
                    by=by,
                    reason=reason,
                )
        if order.status in (Status.CONFIRMED, Status.ON_HOLD) and back:
            try:
                with transaction.atomic():
                    reserve_lines(order, by=by)
            except OutOfStock:
                if order.status == Status.ON_HOLD:
                    settle_hold(order, Hold.Outcome.CANCELLED, by=by, reason=NOT_THERE_AGAIN)
                call_off(order, by=by, reason=NOT_THERE_AGAIN)
    return order
