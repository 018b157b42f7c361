"""Giving orders to hubs, rounds and drivers, and calling single deliveries off."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from deliveries.actions.placing import open_route, put_on, stop_for, tidy
from deliveries.actions.transitions import move
from deliveries.events import DeliveryAssigned, DeliveryScheduled, DeliveryUpdated
from deliveries.models import Delivery, Driver, Hub, Route
from deliveries.queries.lookup import hub_serving
from deliveries.queries.seats import crew_of, crew_serving, door_of_order, position_of_order
from deliveries.rules import OPEN, NotDelivering, ensure_move
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import DomainEvent, emit, emit_many
from orders.models import Order

Status = Delivery.Status


def schedule_delivery(order: Order, *, by: Actor) -> Delivery:
    """Give a confirmed order to the hub of its pincode, and to a round of its slot where somebody drives.

    Safe to repeat: an order has one delivery. Locks the round, and the hub where a round is made. Raises NotDelivering
    where no hub serves the pincode. Emits DeliveryScheduled and, with a driver, DeliveryAssigned.
    """
    try:
        with transaction.atomic():
            return _schedule(order, by=by)
    except IntegrityError:  # it has one already: that is rarer than that it has none, and is not asked beforehand
        known = Delivery.objects.select_related("stop__route").filter(order=order).first()
        if known is None:
            raise
        return known


def _schedule(order: Order, *, by: Actor) -> Delivery:
    on, slot_id = order.delivery_date, order.slot_id
    crew = crew_serving(order.pincode, on=on, slot_id=slot_id)
    hub = crew.hub or hub_serving(order.pincode)
    if hub is None:
        raise NotDelivering(_("We don't deliver to this pincode yet."), field="pincode")
    now = clock.now()
    stop = stop_for(order, hub, on=on, slot_id=slot_id, crew=crew) if crew.vehicles else None
    delivery = Delivery.objects.create(
        order=order,
        hub=hub,
        delivery_date=on,
        slot=order.slot,
        stop=stop,
        status=Status.ASSIGNED if stop else Status.SCHEDULED,
        assigned_at=now if stop else None,
        created_at=now,
    )
    told: list[DomainEvent] = [DeliveryScheduled(delivery.pk, order.pk, hub.pk, delivery.delivery_date)]
    if delivery.driver_id is not None:
        told.append(DeliveryAssigned(delivery.pk, order.pk, delivery.driver_id))
    emit_many(told, actor=by)
    return delivery


def assign_driver(delivery_id: int, *, driver_id: int, by: Actor) -> Delivery:
    """Give a delivery that has not been picked up to a driver of its hub: it goes on their round of its slot.

    Safe to repeat. Locks the hub, its rounds of the slot, the delivery. Raises NotFound for another hub's driver. On a
    round that has left it comes last; who is back already gets a second round. Emits DeliveryAssigned.
    """
    with transaction.atomic():
        known = Delivery.objects.get(pk=delivery_id)
        hub = Hub.objects.locked(known.hub_id)  # as whoever plans does: hub, rounds, deliveries
        Route.objects.locked_of(hub.pk, on=known.delivery_date, slot_id=known.slot_id)
        delivery = Delivery.objects.locked(delivery_id)
        if delivery.driver_id == driver_id and delivery.status == Status.ASSIGNED:
            return delivery
        ensure_at_work(delivery.hub_id, driver_id)
        if delivery.status != Status.ASSIGNED:
            ensure_move(delivery.status, Status.ASSIGNED)
        order, left = Order.objects.get(pk=delivery.order_id), delivery.stop
        on, slot_id = delivery.delivery_date, delivery.slot_id
        route = open_route(hub, driver_id, on=on, slot_id=slot_id, crew=crew_of(hub.pk, on=on, slot_id=slot_id))
        stop = put_on(route, door_of_order(order), position_of_order(order))
        move(delivery, Status.ASSIGNED, stop=stop, assigned_at=clock.now())
        if left is not None:
            tidy([left.route_id])
        emit(DeliveryAssigned(delivery.pk, delivery.order_id, driver_id), actor=by)
    return delivery


def ensure_at_work(hub_id: int, driver_id: int) -> None:
    """Raises NotFound for whoever is no active driver of the hub."""
    if not Driver.objects.at_work(hub_id).filter(pk=driver_id).exists():
        raise NotFound(_("This hub has no such driver."), field="driver")


def cancel_delivery(order_id: int, *, by: Actor) -> None:
    """The order was cancelled: nobody brings it. Safe to repeat. Emits DeliveryUpdated."""
    with transaction.atomic():
        delivery = Delivery.objects.locked_of_order(order_id)
        if delivery is None or delivery.status not in OPEN:
            return
        move(delivery, Status.CANCELLED)
        emit(DeliveryUpdated(delivery.pk, order_id, Status.CANCELLED.value), actor=by)
