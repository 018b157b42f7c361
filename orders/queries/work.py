"""Reads of what vendors have open: answered for or not, but not packed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from milkdelivery.core.rules import pack_at
from orders.models import Order, OrderLine, VendorAnswer
from orders.queries.demand import OPEN
from orders.rules.answers import ANSWERABLE


def open_lines_of(vendor_id: int) -> QuerySet[OrderLine]:
    """What the vendor has of confirmed and held orders and has not packed."""
    return OrderLine.objects.filter(vendor_id=vendor_id, status__in=OPEN, order__status__in=ANSWERABLE)


def open_work_of(
    vendor_id: int, *, on: date | None, now: datetime, in_time_only: bool = False, after: int = 0
) -> list[int]:
    """Ids of the orders with open lines of the vendor, of one day if given, from id `after` on. Two queries.

    `in_time_only` leaves out those whose pack time has passed.
    """
    lines = open_lines_of(vendor_id).filter(order_id__gt=after)
    if on is not None:
        lines = lines.filter(order__delivery_date=on)
    orders = Order.objects.filter(pk__in=lines.values("order_id")).select_related("slot", "region").order_by("pk")
    return [
        order.pk
        for order in orders.only("delivery_date", "slot", "region")
        if not in_time_only or now < pack_at(order.slot, order.delivery_date, order.region.time_zone)
    ]


def stranded_work(order_ids: Collection[int]) -> set[int]:
    """Vendors that stopped, yet have open lines of these orders. One query."""
    lines = OrderLine.objects.filter(order_id__in=order_ids, vendor__is_active=False, status__in=OPEN)
    return {vendor_id for vendor_id in lines.values_list("vendor_id", flat=True) if vendor_id}


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A day of a vendor's open work."""

    date: date
    orders: int
    pieces: int


def open_days_of(vendor_id: int) -> list[OpenDay]:
    """What moves on when the vendor stops, by day. One query."""
    days: dict[date, tuple[set[int], int]] = {}
    lines = open_lines_of(vendor_id).order_by("order__delivery_date")
    for day, order_id, quantity in lines.values_list("order__delivery_date", "order_id", "quantity"):
        orders, pieces = days.get(day, (set(), 0))
        days[day] = (orders | {order_id}, pieces + quantity)
    return [OpenDay(day, len(orders), pieces) for day, (orders, pieces) in days.items()]


def answers_of(order_id: int) -> Sequence[VendorAnswer]:
    """What vendors said about an order's lines, oldest first. One query."""
    return list(VendorAnswer.objects.filter(order=order_id).select_related("vendor", "line").order_by("pk"))


def given_back_by(vendor_id: int) -> QuerySet[VendorAnswer]:
    """What the vendor said it does not bring, or not all of, newest first, with line and order."""
    answers = VendorAnswer.objects.filter(vendor=vendor_id)
    answers = answers.filter(kind__in=[VendorAnswer.Kind.REJECTED, VendorAnswer.Kind.SHORT])
    return answers.select_related("line__variant__product", "order").order_by("-pk")


def given_back_on(vendor_id: int, day: date) -> Sequence[VendorAnswer]:
    """What the vendor did not bring of a day, newest first. One query."""
    return list(given_back_by(vendor_id).filter(order__delivery_date=day))
