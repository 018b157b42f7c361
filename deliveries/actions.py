"""Every write of a delivery. The order's status follows the delivery's here and nowhere else."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from deliveries.events import DeliveryAssigned, DeliveryCompleted, DeliveryScheduled, DeliveryUpdated, HubUpdated
from deliveries.models import Delivery, Driver, Hub, HubArea
from deliveries.queries import hub_serving
from deliveries.rules import (
    OPEN,
    DeliveryCalledOff,
    Load,
    NotADriver,
    NotDelivering,
    NotItsDay,
    NotPacked,
    NotPickedUp,
    PincodeTaken,
    ensure_move,
    next_driver,
)
from milkdelivery.core import clock
from milkdelivery.core.actions import mark_served
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import DomainEvent, emit, emit_many
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.money import Money
from milkdelivery.core.taken import unless_taken
from orders import actions as orders
from orders.models import Order
from payments.actions import collect_cash, settle_delivered
from vendors.models import ServiceArea

Status = Delivery.Status


def schedule_delivery(order: Order, *, by: Actor) -> Delivery:
    """Give a confirmed order to the hub of its pincode, and to that hub's least busy driver.

    Safe to repeat: an order has one delivery. Raises NotDelivering where no hub serves the pincode.
    Emits DeliveryScheduled and, with a driver, DeliveryAssigned.
    """
    with transaction.atomic():
        known = Delivery.objects.locked_of_order(order.pk)
        if known is not None:
            return known
        hub_id = hub_serving(order.pincode)
        if hub_id is None:
            raise NotDelivering(_("We don't deliver to this pincode yet."), field="pincode")
        now = clock.now()
        driver_id = next_driver(_loads(hub_id, on=order.delivery_date, slot=order.slot))
        delivery = Delivery.objects.create(
            order=order,
            hub_id=hub_id,
            delivery_date=order.delivery_date,
            slot=order.slot,
            driver_id=driver_id,
            status=Status.ASSIGNED if driver_id else Status.SCHEDULED,
            assigned_at=now if driver_id else None,
            created_at=now,
        )
        told: list[DomainEvent] = [DeliveryScheduled(delivery.pk, order.pk, hub_id, delivery.delivery_date)]
        if driver_id:
            told.append(DeliveryAssigned(delivery.pk, order.pk, driver_id))
        emit_many(told, actor=by)
    return delivery


def assign_driver(delivery_id: int, *, driver_id: int, by: Actor) -> Delivery:
    """Give a delivery that has not been picked up to a driver of its hub. Safe to repeat. Emits DeliveryAssigned."""
    with transaction.atomic():
        delivery = Delivery.objects.locked(delivery_id)
        if delivery.driver_id == driver_id and delivery.status == Status.ASSIGNED:
            return delivery
        if not _is_free_to_drive(driver_id, delivery.hub_id):
            raise NotFound(_("This hub has no such driver."), field="driver")
        if delivery.status != Status.ASSIGNED:
            ensure_move(delivery.status, Status.ASSIGNED)
        _move(delivery, Status.ASSIGNED, driver_id=driver_id, assigned_at=clock.now())
        emit(DeliveryAssigned(delivery.pk, delivery.order_id, driver_id), actor=by)
    return delivery


def mark_picked_up(delivery_id: int, *, by: Actor, driver_id: int | None = None) -> Delivery:
    """The driver took it from the hub; its order is out for delivery. Safe to repeat.

    `driver_id` says whose it must be: another's is not found. Raises NotItsDay before the delivery day (by the region's
    clock), NotPacked, and DeliveryCalledOff where the order was cancelled. Emits DeliveryUpdated.
    """
    with transaction.atomic():
        delivery = _locked(delivery_id, driver_id)
        if delivery.status in (Status.PICKED_UP, Status.IN_TRANSIT, Status.DELIVERED):
            return delivery
        _ensure_at_hub(delivery)
        ensure_move(delivery.status, Status.PICKED_UP)
        orders.mark_out_for_delivery(delivery.order_id, by=by)
        _move(delivery, Status.PICKED_UP, picked_up_at=clock.now())
        emit(DeliveryUpdated(delivery.pk, delivery.order_id, Status.PICKED_UP.value), actor=by)
    return delivery


def mark_delivered(
    delivery_id: int, *, by: Actor, cash_collected: Money | None = None, driver_id: int | None = None
) -> Delivery:
    """It is at the door: delivery, payment and order move in one transaction. Safe to repeat.

    `cash_collected` is what the driver took; where cash is owed it must be exactly that (nothing given means the
    exact sum). A wallet pays with what is set aside in it. `driver_id` says whose it must be: another's is not found.
    Raises NotPickedUp, WrongAmount, and DeliveryCalledOff where the order was cancelled. Emits DeliveryCompleted.
    """
    with transaction.atomic():
        delivery = _locked(delivery_id, driver_id)
        if delivery.status == Status.DELIVERED:
            return delivery
        _ensure_under_way(delivery)
        ensure_move(delivery.status, Status.DELIVERED)
        order = Order.objects.only("grand_total", "currency").get(pk=delivery.order_id)
        cash = order.grand_total if cash_collected is None else cash_collected
        payment = collect_cash(delivery.order_id, amount=cash, by=by)
        settle_delivered(delivery.order_id, by=by)
        orders.mark_delivered(delivery.order_id, by=by)
        taken = payment.amount if payment else Money.zero(order.currency)
        _move(delivery, Status.DELIVERED, delivered_at=clock.now(), cash_collected=taken)
        emit(DeliveryCompleted(delivery.pk, delivery.order_id, taken), actor=by)
    return delivery


def cancel_delivery(order_id: int, *, by: Actor) -> None:
    """The order was cancelled: nobody brings it. Safe to repeat. Emits DeliveryUpdated."""
    with transaction.atomic():
        delivery = Delivery.objects.locked_of_order(order_id)
        if delivery is None or delivery.status not in OPEN:
            return
        _move(delivery, Status.CANCELLED)
        emit(DeliveryUpdated(delivery.pk, order_id, Status.CANCELLED.value), actor=by)


def refresh_served_pincodes(*, by: Actor) -> None:
    """Mark the pincodes that an active vendor and an active hub both serve. Emits PincodeOpened for new ones."""
    by_vendor = ServiceArea.objects.filter(vendor__is_active=True).values("pincode_id")
    both = HubArea.objects.filter(hub__is_active=True, pincode_id__in=by_vendor).values("pincode_id")
    with transaction.atomic():
        mark_served(both, by=by)


def save_hub(hub: Hub, *, by: Actor) -> Hub:
    """Create or change a hub; the served pincodes follow. Raises TakenMeanwhile. Emits HubUpdated."""
    with unless_taken({"deliveries_hub_name_key": "name"}), transaction.atomic():
        hub.save()
        refresh_served_pincodes(by=by)
        emit(HubUpdated(hub.pk), actor=by)
    return hub


def change_hub_areas(hub_id: int, *, add: Collection[int], remove: Collection[int], by: Actor) -> None:
    """Serve the pincodes `add` and no longer `remove` (primary keys).

    Raises PincodeTaken when another hub serves one. Emits HubUpdated.
    """
    with transaction.atomic():
        HubArea.objects.filter(hub_id=hub_id, pincode_id__in=remove).delete()
        taken = HubArea.objects.filter(pincode_id__in=add).exclude(hub_id=hub_id).select_related("hub", "pincode")
        if other := taken.first():
            raise PincodeTaken(
                _("%(pincode)s is served by %(hub)s.") % {"pincode": other.pincode.code, "hub": other.hub.name}
            )
        HubArea.objects.bulk_create(
            [HubArea(hub_id=hub_id, pincode_id=pincode_id) for pincode_id in add], ignore_conflicts=True
        )
        refresh_served_pincodes(by=by)
        emit(HubUpdated(hub_id), actor=by)


def save_driver(driver: Driver, *, by: Actor) -> Driver:
    """Make a person a driver of a hub, move or stop one. Deliveries keep who has them.

    Raises NotADriver for a person with another role, and TakenMeanwhile. Emits HubUpdated.
    """
    with unless_taken({"deliveries_driver_user_id_key": "user"}), transaction.atomic():
        if driver.user.role != Role.DRIVER:
            raise NotADriver(_("An admin must give this person the role of a driver first."), field="user")
        driver.save()
        emit(HubUpdated(driver.hub_id), actor=by)
    return driver


def _is_free_to_drive(driver_id: int, hub_id: int) -> bool:
    """An active driver of the hub whose account is open."""
    return Driver.objects.filter(pk=driver_id, hub_id=hub_id, is_active=True, user__is_active=True).exists()


def _loads(hub_id: int, *, on: date, slot: DeliverySlot) -> list[Load]:
    """The hub's drivers with their deliveries of that slot. One query."""
    theirs = Delivery.objects.filter(driver=OuterRef("pk"), delivery_date=on, slot=slot)
    counts = theirs.exclude(status=Status.CANCELLED).order_by().values("driver").annotate(number=Count("pk"))
    drivers = Driver.objects.filter(hub_id=hub_id, is_active=True, user__is_active=True)
    loads = drivers.annotate(number=Coalesce(Subquery(counts.values("number")), 0)).values_list("pk", "number")
    return [Load(driver_id, number) for driver_id, number in loads]


def _locked(delivery_id: int, driver_id: int | None) -> Delivery:
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


def _ensure_under_way(delivery: Delivery) -> None:
    if delivery.status == Status.CANCELLED:
        raise DeliveryCalledOff(_("This order was cancelled. Bring it back to the hub."))
    if delivery.status in OPEN:
        raise NotPickedUp(_("Mark it picked up first."))


def _move(delivery: Delivery, to_status: str, **changes: Any) -> None:
    delivery.status = to_status
    for field, value in changes.items():
        setattr(delivery, field, value)
    delivery.save(update_fields=["status", *changes])
