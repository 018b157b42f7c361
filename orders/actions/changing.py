"""Staff change an order that a household has placed: where to, in which slot, with which words for the driver."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.queries import region_book
from milkdelivery.core.text import seen_lines
from orders.actions.failover import find_others
from orders.events import OrderChanged
from orders.models import Order, OrderLine
from orders.rules.changing import (
    ADDRESS,
    INSTRUCTIONS,
    SLOT,
    DairiesElsewhere,
    OtherRegion,
    SlotNotOpen,
    ensure_changeable,
)
from orders.rules.doors import door_key
from vendors.models import ServiceArea


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What is to be otherwise; None stays as it is. The address is a whole one, as an order keeps it."""

    address: Mapping[str, Any] | None = None
    slot: DeliverySlot | None = None
    special_instructions: str | None = None

    @property
    def pincode(self) -> str | None:
        return str(self.address["pincode"]) if self.address is not None else None


def edition_of(order: Order) -> str:
    """Changes with everything that staff may change of it, and with its status."""
    told = (order.status, order.slot_id, order.delivery_date, sorted(order.address.items()), order.special_instructions)
    return sha256(repr(told).encode()).hexdigest()[:24]


def change_locked_order(order: Order, change: OrderChange, *, by: Actor) -> tuple[str, ...]:
    """Write what is otherwise on a locked order; which of address, slot and instructions that is.

    Prices, money and promises stay: it is the same region and the same day. A dairy that does not come to the new
    place hands its lines to one that does, whole. Part of the caller's transaction. Locks lines, shelves and capacity
    where a dairy changes. Raises NotChangeable, ChangeTooLate, OtherRegion, SlotNotOpen, DairiesElsewhere. Emits
    OrderChanged and what a change of dairy emits.
    """
    ensure_in_transaction("change_locked_order()")
    book = region_book()
    cutoff_at = book.cutoff_at(order.slot, order.delivery_date)
    ensure_changeable(order.status, number=order.number, cutoff_at=cutoff_at, now=clock.now())
    changed = []
    was = order.slot_id, order.pincode
    if change.slot is not None and change.slot.pk != order.slot_id:
        _ensure_open(order, change.slot)
        order.slot = change.slot
        changed.append(SLOT)
    if change.address is not None and dict(change.address) != order.address:
        _ensure_same_region(order, change.pincode)
        order.address = dict(change.address)
        order.pincode = change.pincode or order.pincode
        order.door = door_key(order.address, pincode=order.pincode)
        changed.append(ADDRESS)
    note = None if change.special_instructions is None else seen_lines(change.special_instructions).strip()
    if note is not None and note != order.special_instructions:
        order.special_instructions = note
        changed.append(INSTRUCTIONS)
    if not changed:
        return ()
    order.save(update_fields=["slot", "address", "pincode", "door", "special_instructions", "updated_at"])
    if order.pincode != was[1]:
        _hand_on_what_does_not_come(order, by=by)
    if SLOT in changed:
        order.holds.open().update(keep_until=book.cutoff_at(order.slot, order.delivery_date))
    emit(OrderChanged(order.pk, order.customer_id, tuple(changed), was[0], order.slot_id), actor=by)
    return tuple(changed)


def _ensure_same_region(order: Order, pincode: str | None) -> None:
    """Raises OtherRegion; whether somebody brings it there is asked where the rounds are."""
    known = region_book().pincode(pincode)
    if known is not None and known.region_id != order.region_id:
        words = _(
            "Its prices and taxes are those of %(region)s. Cancel the order and place it anew for another region."
        )
        raise OtherRegion(words % {"region": order.region}, field="pincode")


def _ensure_open(order: Order, slot: DeliverySlot) -> None:
    """Raises SlotNotOpen."""
    is_ours = slot.is_active and slot.region_id == order.region_id
    if not is_ours or all(day.date != order.delivery_date for day in region_book().open_days(slot)):
        day = date_format(order.delivery_date, "D j M")
        words = _("%(slot)s is not open any more on %(day)s.") % {"slot": slot.label, "day": day}
        raise SlotNotOpen(words, field="slot")


def _hand_on_what_does_not_come(order: Order, *, by: Actor) -> None:
    """Lines whose dairy does not come to the new pincode. Raises DairiesElsewhere where nobody has all of one."""
    lines = [line for line in OrderLine.objects.locked_of(order.pk) if line.comes and line.vendor_id is not None]
    vendors = {line.vendor_id for line in lines}
    there = ServiceArea.objects.filter(vendor__in=vendors, pincode__code=order.pincode)
    away = vendors - set(there.values_list("vendor", flat=True))
    given = {line.pk: line.quantity for line in lines if line.vendor_id in away}
    if not given:
        return
    outcome = find_others(order, given, by=by)
    if not all(part["vendor"] and "instead" not in part for parts in outcome.values() for part in parts):
        words = _("No dairy that comes to %(pincode)s has all of it. Cancel the order and place it anew.")
        raise DairiesElsewhere(words % {"pincode": order.pincode}, field="pincode")
