"""What a driver's tap did to an order, taken back: it is on its way again."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import uncount_delivered_order
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions.transitions import take_lines_back, undo_move
from orders.events import OrderOnItsWayAgain
from orders.models import Claim, Order
from orders.rules.status import NotUndoable

Status = Order.Status


def undo_delivered(order_id: int, *, by: Actor) -> Order:
    """It is not at its door after all. Its money is the caller's business. Safe to repeat.

    Raises NotUndoable once its household has claimed something. Emits OrderOnItsWayAgain.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.OUT_FOR_DELIVERY:
            return order
        if Claim.objects.filter(order=order).exists():
            raise NotUndoable(_("The household has claimed something of it already. Ask the hub."))
        undo_move(order, Status.OUT_FOR_DELIVERY, by=by)
        take_lines_back(order)
        uncount_delivered_order(order.customer_id)
        emit(OrderOnItsWayAgain(order.pk, order.customer_id), actor=by)
    return order


def undo_undelivered(order_id: int, *, on: date, slot_id: int, by: Actor) -> Order:
    """It is still to be brought, on the day and in the slot that it was in the van for. Its money is the caller's
    business. Safe to repeat.

    Raises NotUndoable where something else became of the order since. Emits OrderOnItsWayAgain.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.OUT_FOR_DELIVERY:
            return order
        last = order.status_changes.order_by("-pk").first()
        if last is None or (last.from_status, last.to_status) != (Status.OUT_FOR_DELIVERY, order.status):
            raise NotUndoable(_("The order has changed since. Ask the hub."))
        undo_move(order, Status.OUT_FOR_DELIVERY, by=by)
        take_lines_back(order)
        order.delivery_date, order.slot_id = on, slot_id
        order.save(update_fields=["delivery_date", "slot", "updated_at"])
        emit(OrderOnItsWayAgain(order.pk, order.customer_id), actor=by)
    return order
