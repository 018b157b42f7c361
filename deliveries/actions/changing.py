"""An order that was placed is brought elsewhere, in another slot, or with other words for the driver."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from deliveries.actions.placing import stop_for, tidy
from deliveries.actions.planning import news_of, write_places
from deliveries.events import DeliveryScheduled, RoutePlanned
from deliveries.models import Delivery, Hub, Route
from deliveries.queries.lookup import hub_serving
from deliveries.queries.seats import door_of_order
from deliveries.rules import OPEN, NotDelivering
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import DomainEvent, emit_many
from orders.actions import OrderChange, change_locked_order, edition_of
from orders.models import Order
from orders.rules.changing import ADDRESS, SLOT, OrderChangedMeanwhile


@dataclass(frozen=True, slots=True)
class _Held:
    """A delivery, locked, with the rounds that it leaves and may go to."""

    delivery: Delivery
    hub: Hub
    door: str


def change_order(order_id: int, change: OrderChange, *, by: Actor, seen: str | None = None) -> Order:
    """Staff change where an order goes, in which slot, or what its driver is told, until the cut-off. Safe to repeat.

    Its delivery leaves its round and goes on one of the new hub and slot, as a new order does. `seen` is the edition
    that whoever decided had before them. Locks the hubs, their rounds of the slots, the delivery, the order, and where
    a dairy changes lines, shelves and capacity. Raises NotFound, OrderChangedMeanwhile, NotDelivering where nobody
    brings it there, and what `change_locked_order` raises. Emits OrderChanged, RoutePlanned, DeliveryScheduled and
    DeliveryAssigned.
    """
    with transaction.atomic():
        before = Order.objects.filter(pk=order_id).first()
        if before is None:
            raise NotFound(_("There is no such order."))
        held = _hold(before, change)
        order = Order.objects.locked(order_id)
        is_other = (order.slot_id, order.delivery_date, order.pincode) != (
            before.slot_id,
            before.delivery_date,
            before.pincode,
        )
        if is_other or (seen is not None and seen != edition_of(order)):
            words = _("Somebody else changed this order meanwhile. Compare it in another tab, then save again.")
            raise OrderChangedMeanwhile(words)
        changed = change_locked_order(order, change, by=by)
        if held is not None and {ADDRESS, SLOT} & set(changed):
            _bring_elsewhere(held, order, by=by)
    return order


def _hold(order: Order, change: OrderChange) -> _Held | None:
    """Lock what the delivery leaves and where it may go; None where there is none yet. Raises NotDelivering."""
    pincode = change.pincode or order.pincode
    hub = hub_serving(pincode)
    if hub is None:
        raise NotDelivering(_("We don't deliver to this pincode yet."), field="pincode")
    known = Delivery.objects.filter(order=order).first()
    if known is None:
        return None
    slot_id = change.slot.pk if change.slot is not None else order.slot_id
    for pk in sorted({known.hub_id, hub.pk}):
        Hub.objects.locked(pk)
    Route.objects.locked_at(
        [(known.hub_id, known.delivery_date, known.slot_id), (hub.pk, known.delivery_date, slot_id)]
    )
    return _Held(Delivery.objects.locked(known.pk), hub, door_of_order(order))


def _bring_elsewhere(held: _Held, order: Order, *, by: Actor) -> None:
    """Off its round, and on one of where it goes now. What is in a van after a failed try follows when it is back."""
    delivery, hub = held.delivery, held.hub
    is_same = (delivery.hub_id, delivery.slot_id, held.door) == (hub.pk, order.slot_id, door_of_order(order))
    if delivery.status not in OPEN or is_same:
        return
    was = {delivery.pk: delivery.driver_id}
    left = delivery.stop.route if delivery.stop is not None else None
    delivery.stop, delivery.hub, delivery.slot = None, hub, order.slot
    delivery.save(update_fields=["hub", "slot"])
    write_places([delivery])
    if left is not None:
        tidy([left.pk])
    delivery.stop = stop_for(order, hub, on=order.delivery_date, slot_id=order.slot_id)
    write_places([delivery])
    there = delivery.stop.route if delivery.stop is not None else None
    touched = {route.pk: route for route in (left, there) if route is not None}
    told: list[DomainEvent] = [DeliveryScheduled(delivery.pk, order.pk, hub.pk, order.delivery_date)]
    told += [RoutePlanned(pk, route.hub_id, route.driver_id or 0) for pk, route in sorted(touched.items())]
    emit_many(told + news_of([delivery], was), actor=by)
