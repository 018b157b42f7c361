"""Today and tomorrow of each region: the orders by status, and what they bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from milkdelivery.backoffice.dashboard.weeks import Weeks
from milkdelivery.backoffice.frame import list_url
from milkdelivery.core.models import Region
from orders.models import Order

Status = Order.Status
_SHOWN = (
    Status.CREATED,
    Status.ON_HOLD,
    Status.CONFIRMED,
    Status.PACKED,
    Status.OUT_FOR_DELIVERY,
    Status.DELIVERED,
    Status.RETURNED,
    Status.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One status of a day: how many, how many stand before it in the bar, and where they are listed."""

    status: str
    label: str
    count: int
    before: int
    url: str


@dataclass(frozen=True, slots=True)
class Day:
    """`weeks` tells what today brings; None for tomorrow, of which orders are still to come."""

    title: str
    region: Region
    date: date
    total: int
    parts: tuple[Part, ...]
    url: str
    weeks: Weeks | None


Counts = Mapping[tuple[int, date, str], int]


def days_of(today: Sequence[tuple[Region, date]], weeks: Sequence[Weeks]) -> list[Day]:
    """Today and tomorrow of every region that has orders then; the first region always. One query."""
    counts = _orders_by_status(today)
    told = {each.region.pk: each for each in weeks}
    found = []
    for index, (region, this_day) in enumerate(today):
        for title, day in ((_("Today"), this_day), (_("Tomorrow"), this_day + timedelta(days=1))):
            entry = _day(title, region, day, counts, told.get(region.pk) if day == this_day else None)
            if entry.total or index == 0:
                found.append(entry)
    return found


def _orders_by_status(today: Sequence[tuple[Region, date]]) -> Counts:
    """Orders of today and tomorrow, by region, day and status. One query."""
    wanted = Q(pk__in=[])
    for region, day in today:
        wanted |= Q(region=region, delivery_date__in=[day, day + timedelta(days=1)])
    rows = Order.objects.filter(wanted).order_by().values_list("region_id", "delivery_date", "status")
    return {(region_id, day, status): count for region_id, day, status, count in rows.annotate(count=Count("pk"))}


def _day(title: str, region: Region, day: date, counts: Counts, weeks: Weeks | None) -> Day:
    numbers = {status: counts.get((region.pk, day, status), 0) for status in Status}
    filters = {"region__id__exact": region.pk, "delivery_date_from": day, "delivery_date_to": day}
    shown = [status for status in _SHOWN if numbers[status]]
    starts = accumulate((numbers[status] for status in shown), initial=0)
    parts = tuple(
        Part(
            status=status,
            label=str(status.label),
            count=numbers[status],
            before=before,
            url=list_url(Order, **filters, status__exact=status),
        )
        for status, before in zip(shown, starts, strict=False)
    )
    total = sum(numbers.values())
    return Day(
        title=title, region=region, date=day, total=total, parts=parts, url=list_url(Order, **filters), weeks=weeks
    )
