"""Reads of what a vendor has to fill: totals by product first, then the orders behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Q, QuerySet, Sum

from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.rules import pack_at
from orders.models import Hold, Order, OrderLine
from orders.rules.answers import ANSWERABLE

OPEN = (OrderLine.Status.ASSIGNED, OrderLine.Status.ACCEPTED)
"""Statuses of a line that its vendor can still answer for."""

_PACKED = (OrderLine.Status.PACKED, OrderLine.Status.DELIVERED)
_TO_FILL = (OrderLine.Status.ASSIGNED, OrderLine.Status.ACCEPTED, *_PACKED)


@dataclass(frozen=True, slots=True)
class DemandDay:
    """A day on which a vendor has something to bring, in packs. `left` of them are not packed yet."""

    date: date
    packs: int
    left: int


@dataclass(frozen=True, slots=True)
class DemandItem:
    """All packs of one variant that a vendor brings for one slot. `packed` of them stand ready at the hub."""

    name: str
    pack: str
    quantity: int
    packed: int
    by_pincode: Mapping[str, int]

    def by_hub(self, hubs: Mapping[str, str]) -> list[tuple[str, int]]:
        """How many go to which hub, most first, given the hub of each pincode; "" where none is known."""
        found: dict[str, int] = {}
        for pincode, pieces in self.by_pincode.items():
            hub = hubs.get(pincode, "")
            found[hub] = found.get(hub, 0) + pieces
        return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))


@dataclass(frozen=True, slots=True)
class Assignment:
    """A vendor's lines of one order."""

    order: Order
    lines: tuple[OrderLine, ...]

    @property
    def is_packed(self) -> bool:
        return all(line.status in _PACKED for line in self.lines)

    @property
    def is_open(self) -> bool:
        """Whether the vendor may still answer, as far as the order goes."""
        return self.order.status in ANSWERABLE

    @property
    def to_answer(self) -> tuple[OrderLine, ...]:
        """The lines that wait for the vendor's word."""
        return tuple(line for line in self.lines if self.is_open and line.status == OrderLine.Status.ASSIGNED)

    @property
    def accepted(self) -> tuple[OrderLine, ...]:
        return tuple(line for line in self.lines if self.is_open and line.status == OrderLine.Status.ACCEPTED)


@dataclass(frozen=True, slots=True)
class SlotDemand:
    """What a vendor brings for one slot of a day: the totals, and the orders behind them."""

    slot: DeliverySlot
    pack_by: datetime
    items: tuple[DemandItem, ...]
    assignments: tuple[Assignment, ...]

    @property
    def is_packed(self) -> bool:
        return all(assignment.is_packed for assignment in self.assignments)

    @property
    def to_answer(self) -> int:
        """Lines that wait for the vendor's word."""
        return sum(len(assignment.to_answer) for assignment in self.assignments)

    def is_open(self, now: datetime) -> bool:
        """Whether the vendor may still answer."""
        return now < self.pack_by

    def seconds_left(self, now: datetime) -> int:
        return max(0, int((self.pack_by - now).total_seconds()))


def demand_days(vendor_id: int, *, since: date) -> list[DemandDay]:
    """The days with demand from `since` on, soonest first. One query."""
    days = (
        _demand(vendor_id)
        .filter(order__delivery_date__gte=since)
        .values_list("order__delivery_date")
        .annotate(packs=Sum("quantity"), left=Sum("quantity", filter=~Q(status__in=_PACKED), default=0))
        .order_by("order__delivery_date")
    )
    return [DemandDay(day, packs, left) for day, packs, left in days]


def demand_on(vendor_id: int, day: date) -> list[SlotDemand]:
    """What the vendor brings on a day, slot by slot. One query."""
    lines = _demand(vendor_id).filter(order__delivery_date=day)
    by_slot = groupby(lines.order_by("order__slot__starts_at", "order__slot", "order", "id"), lambda at: at.order.slot)
    return [_slot_demand(slot, list(found), day) for slot, found in by_slot]


def lines_for_vendor(vendor_id: int) -> QuerySet[OrderLine]:
    """What a vendor was given to fill of orders that are certain: not cancelled, nor held before being confirmed."""
    uncertain = Hold.objects.open().filter(from_status=Order.Status.CREATED)
    return (
        OrderLine.objects.filter(vendor_id=vendor_id)
        .exclude(order__status__in=[Order.Status.CANCELLED, Order.Status.CREATED])
        .exclude(order__in=uncertain.values("order"))
        .select_related("order__slot", "order__region", "variant__product")
        .order_by("order__delivery_date", "order__slot__starts_at", "order_id", "id")
    )


def _demand(vendor_id: int) -> QuerySet[OrderLine]:
    return lines_for_vendor(vendor_id).filter(status__in=_TO_FILL)


def _slot_demand(slot: DeliverySlot, lines: list[OrderLine], day: date) -> SlotDemand:
    """The totals, most wanted first; the orders with what is still to pack first."""
    assignments = [Assignment(order, tuple(found)) for order, found in groupby(lines, lambda line: line.order)]
    by_variant: dict[int, list[OrderLine]] = {}
    for line in lines:
        by_variant.setdefault(line.variant_id, []).append(line)
    items = sorted((_item(same) for same in by_variant.values()), key=lambda item: (-item.quantity, item.name))
    return SlotDemand(
        slot=slot,
        pack_by=pack_at(slot, day, lines[0].order.region.time_zone),
        items=tuple(items),
        assignments=tuple(sorted(assignments, key=lambda assignment: assignment.is_packed)),
    )


def _item(lines: list[OrderLine]) -> DemandItem:
    packed = sum(line.quantity for line in lines if line.status in _PACKED)
    by_pincode: dict[str, int] = {}
    for line in lines:
        by_pincode[line.order.pincode] = by_pincode.get(line.order.pincode, 0) + line.quantity
    wanted = sum(line.quantity for line in lines)
    return DemandItem(lines[0].local_name, lines[0].local_pack, wanted, packed, by_pincode)


def line_for_vendor(vendor_id: int, line_id: int) -> OrderLine | None:
    """One of those that it has not packed yet; None for any other. One query."""
    return lines_for_vendor(vendor_id).filter(pk=line_id, status__in=OPEN).first()
