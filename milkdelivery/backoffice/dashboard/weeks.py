"""The last two weeks of each region: orders and what they are worth, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from milkdelivery.backoffice.frame import list_url
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from orders.models import Order

DAYS = 14
HEIGHT = 40
"""Of the tallest bar, in the units of the picture."""

LOST = (Order.Status.CANCELLED, Order.Status.RETURNED)
"""What brings no money."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: how many orders, what they are worth, and where its bar stands in the picture."""

    day: date
    orders: int
    worth: Money
    x: int
    height: int
    url: str
    is_today: bool

    @property
    def y(self) -> int:
        return HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class Weeks:
    """A region's days up to today. All orders count; what was cancelled or returned is worth nothing."""

    region: Region
    bars: tuple[Bar, ...]

    @property
    def today(self) -> Bar:
        return self.bars[-1]

    @property
    def week_before(self) -> Bar:
        """The same weekday a week ago."""
        return self.bars[-8]

    @property
    def is_worth_showing(self) -> bool:
        return any(bar.orders for bar in self.bars)

    @property
    def compared(self) -> str:
        """Today beside the same weekday before, in words."""
        before = self.week_before.worth
        if not before.minor:
            return _("nothing on that weekday before")
        change = round((self.today.worth.minor - before.minor) * 100 / before.minor)
        if change == 0:
            return _("as much as a week ago")
        words = _("%(percent)d%% more than a week ago") if change > 0 else _("%(percent)d%% less than a week ago")
        return words % {"percent": abs(change)}


def weeks_of(today: Sequence[tuple[Region, date]]) -> list[Weeks]:
    """Each region's last two weeks. One query."""
    wanted = Q(pk__in=[])
    for region, day in today:
        wanted |= Q(region=region, delivery_date__range=(day - timedelta(days=DAYS - 1), day))
    rows = Order.objects.filter(wanted).order_by().values("region_id", "delivery_date")
    sums = {
        (row["region_id"], row["delivery_date"]): (row["count"], row["worth"])
        for row in rows.annotate(count=Count("pk"), worth=Sum("grand_total", filter=~Q(status__in=LOST), default=0))
    }
    return [_weeks(region, day, sums) for region, day in today]


def _weeks(region: Region, today: date, sums: dict[tuple[int, date], tuple[int, int]]) -> Weeks:
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    facts = [sums.get((region.pk, day), (0, 0)) for day in days]
    most = max((worth for _orders, worth in facts), default=0)
    return Weeks(
        region,
        tuple(
            Bar(
                day=day,
                orders=orders,
                worth=Money(worth, region.currency),
                x=index * 10,
                height=_height(worth, most),
                url=list_url(Order, region__id__exact=region.pk, delivery_date_from=day, delivery_date_to=day),
                is_today=day == today,
            )
            for index, (day, (orders, worth)) in enumerate(zip(days, facts, strict=True))
        ),
    )


def _height(worth: int, most: int) -> int:
    """Of a bar; what is not nothing is seen."""
    return max(1, worth * HEIGHT // most) if worth > 0 else 0
