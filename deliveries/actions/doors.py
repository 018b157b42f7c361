"""What happens at the hub and at the door. The order's status follows the delivery's here and nowhere else."""

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from deliveries.actions.transitions import move
from deliveries.events import DeliveryCompleted, DeliveryUpdated
from deliveries.models import Delivery, Route
from deliveries.rules import OPEN, DeliveryCalledOff, NotItsDay, NotPacked, NotPickedUp, ensure_move
from deliveries.rules.status import NoDriver
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from orders import actions as orders
from orders.models import Order
from payments.actions import WrongAmount, collect_cash, settle_delivered

Status = Delivery.Status


def mark_picked_up(
    delivery_id: int, *, by: Actor, driver_id: int | None = None, at: datetime | None = None
) -> Delivery:
    """The driver took it from the hub; its order is out for delivery. Safe to repeat.

    On a round that has left it is on the way at once. `driver_id` says whose it must be: another's is not found.
    `at` says when, where that was not now. Raises NotItsDay before the delivery day (by the region's clock), NotPacked,
    NoDriver, and DeliveryCalledOff where the order was cancelled. Emits DeliveryUpdated.
    """
    with transaction.atomic():
        delivery = locked_of(delivery_id, driver_id)
        if delivery.status in (Status.PICKED_UP, Status.IN_TRANSIT, Status.DELIVERED):
            return delivery
        _ensure_at_hub(delivery)
        if delivery.stop_id is None:
            raise NoDriver(_("Nobody drives this yet. Give it to a driver first."))
        ensure_move(delivery.status, Status.PICKED_UP)
        orders.mark_out_for_delivery(delivery.order_id, by=by)
        has_left = Route.objects.filter(stops__deliveries=delivery, status=Route.Status.STARTED).exists()
        to_status = Status.IN_TRANSIT if has_left else Status.PICKED_UP
        move(delivery, to_status, picked_up_at=at or clock.now())
        emit(DeliveryUpdated(delivery.pk, delivery.order_id, to_status.value), actor=by)
    return delivery


def mark_delivered(
    delivery_id: int,
    *,
    by: Actor,
    cash_collected: Money | None = None,
    empties: int = 0,
    driver_id: int | None = None,
    at: datetime | None = None,
) -> Delivery:
    """It is at the door: delivery, payment and order move in one transaction. Safe to repeat.

    `cash_collected` is what the driver took; where cash is owed it must be exactly that (nothing given means the
    exact sum). `empties` are the bottles that came back, `at` says when, where that was not now. A
    wallet pays with what is set aside in it. `driver_id` says whose it must be: another's is not found. Raises
    NotPickedUp, WrongAmount, and DeliveryCalledOff where the order was cancelled. Emits DeliveryCompleted.
    """
    with transaction.atomic():
        delivery = locked_of(delivery_id, driver_id)
        if delivery.status == Status.DELIVERED:
            return delivery
        ensure_under_way(delivery)
        ensure_move(delivery.status, Status.DELIVERED)
        order = Order.objects.only("grand_total", "currency").get(pk=delivery.order_id)
        cash = order.grand_total if cash_collected is None else cash_collected
        payment = collect_cash(delivery.order_id, amount=cash, by=by)
        if payment is None and cash_collected:
            raise WrongAmount(_("Nothing is to be collected for this order."), field="cash_collected")
        settle_delivered(delivery.order_id, by=by)
        orders.mark_delivered(delivery.order_id, by=by)
        taken = payment.amount if payment else Money.zero(order.currency)
        facts = {"delivered_at": at or clock.now(), "cash_collected": taken, "empties_collected": empties}
        move(delivery, Status.DELIVERED, **facts)
        emit(DeliveryCompleted(delivery.pk, delivery.order_id, taken), actor=by)
    return delivery


def locked_of(delivery_id: int, driver_id: int | None) -> Delivery:
    """A delivery, locked. Raises NotFound where there is none, or not for that driver."""
    try:
        delivery = Delivery.objects.locked(delivery_id)
    except Delivery.DoesNotExist:
        delivery = None
    if delivery is None or (driver_id is not None and delivery.driver_id != driver_id):
        raise NotFound(_("There is no such delivery on your round."))
    return delivery


def _ensure_at_hub(delivery: Delivery) -> None:
    """In words that help whoever stands there. The order is locked, so that it can't be cancelled meanwhile."""
    order = Order.objects.locked(delivery.order_id)
    if order.status == Order.Status.CANCELLED or delivery.status == Status.CANCELLED:
        raise DeliveryCalledOff(_("Order %(number)s was cancelled. It stays at the hub.") % {"number": order.number})
    if delivery.delivery_date > clock.today(order.region):
        words = {"number": order.number, "day": date_format(delivery.delivery_date, "l, j F")}
        raise NotItsDay(_("Order %(number)s is for %(day)s. It can be picked up on that day.") % words)
    if order.status in (Order.Status.CREATED, Order.Status.ON_HOLD, Order.Status.CONFIRMED):
        raise NotPacked(_("Order %(number)s is not packed yet.") % {"number": order.number})


def ensure_under_way(delivery: Delivery) -> None:
    """Raises DeliveryCalledOff and NotPickedUp."""
    if delivery.status == Status.CANCELLED:
        raise DeliveryCalledOff(_("This order was cancelled. Bring it back to the hub."))
    if delivery.status in OPEN:
        raise NotPickedUp(_("Mark it picked up first."))
