"""The price calendar of one pack: which price holds on which day, what comes next, and where there is none."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.dates import WEEKDAYS_ABBR

from catalog.models import PriceListEntry, Variant
from catalog.rules.calendar import segments
from milkdelivery.core import clock
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.rules import Span

EARLIEST, LATEST = date(2015, 1, 1), date(2099, 12, 1)
SHADES = 4
"""Neighbours never have the same one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Days with one price. Without an entry the pack's own price holds in the home region, and nothing elsewhere."""

    span: Span
    entry: PriceListEntry | None
    price: Money | None
    shade: int
    """0: no entry."""
    state: str
    """past, now or coming."""
    can_remove: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    segment: Segment
    is_today: bool
    is_outside: bool
    """Of the month before or after."""
    add_url: str
    """Empty for what is over."""

    @property
    def is_first(self) -> bool:
        """Whether its price starts here."""
        return self.segment.span.first == self.date


@dataclass(frozen=True, slots=True)
class PriceCalendar:
    variant: Variant
    region: Region
    month: date
    weeks: Sequence[Sequence[Day]]
    weekdays: Sequence[Any]
    timeline: Sequence[Segment]
    add_url: str
    earlier: str
    later: str

    @property
    def now(self) -> Segment:
        return next(segment for segment in self.timeline if segment.state == "now")

    @property
    def next_change(self) -> Segment | None:
        return next((segment for segment in self.timeline if segment.state == "coming"), None)

    @property
    def gap(self) -> Segment | None:
        """Coming days on which the pack is not sold in the region."""
        coming = (segment for segment in self.timeline if segment.state != "past")
        return next((segment for segment in coming if segment.price is None), None)


def price_calendar(variant: Variant, region: Region, month: date) -> PriceCalendar:
    """One query."""
    entries = list(
        variant.price_entries.filter(region=region).select_related("region", "variant").order_by("valid_from")
    )
    today = clock.today(region)
    timeline = _timeline(variant, region, entries, today)
    days = Calendar().monthdatescalendar(month.year, month.month)
    return PriceCalendar(
        variant=variant,
        region=region,
        month=month,
        weeks=[[_day(day, timeline, variant, region, month, today) for day in week] for week in days],
        weekdays=[WEEKDAYS_ABBR[number] for number in range(7)],
        timeline=timeline,
        add_url=add_url(variant, region, today + timedelta(days=1)),
        earlier=_month_query(region, month - timedelta(days=1)),
        later=_month_query(region, month + timedelta(days=32)),
    )


def month_of(typed: str, *, today: date) -> date:
    """The first day of the month in an address such as 2026-01; this month's for anything else."""
    try:
        month = date.fromisoformat(f"{typed[:7]}-01")
    except ValueError:
        return today.replace(day=1)
    return min(max(month, EARLIEST), LATEST)


def calendar_url(variant_id: int, region: Region, day: date) -> str:
    """The page that shows that day."""
    return reverse("admin:catalog_variant_prices", args=(variant_id,)) + _month_query(region, day)


def add_url(variant: Variant, region: Region, day: date) -> str:
    query = urlencode({"variant": variant.pk, "region": region.pk, "valid_from": day.isoformat()})
    return f"{reverse('admin:catalog_pricelistentry_add')}?{query}"


def _month_query(region: Region, day: date) -> str:
    kept = min(max(day, EARLIEST), LATEST)
    return "?" + urlencode({"region": region.code, "month": f"{kept:%Y-%m}"})


def _timeline(variant: Variant, region: Region, entries: Sequence[PriceListEntry], today: date) -> list[Segment]:
    """From the first entry, or from today, for good."""
    by_id = {entry.pk: entry for entry in entries}
    first = min([today, *(entry.valid_from for entry in entries)])
    own = variant.price if region.code == settings.HOME_REGION else None
    found = []
    for number, (span, key) in enumerate(segments({pk: entry.span for pk, entry in by_id.items()}, first=first)):
        entry = by_id[key] if key is not None else None
        for part, state in _parts(span, today) if entry is None else [(span, _state(span, today))]:
            found.append(
                Segment(
                    span=part,
                    entry=entry,
                    price=entry.price if entry else own,
                    shade=number % SHADES + 1 if entry else 0,
                    state=state,
                    can_remove=entry is not None and entry.valid_from >= today,
                )
            )
    return found


def _parts(span: Span, today: date) -> list[tuple[Span, str]]:
    """Days without an entry begin to matter today."""
    if span.first >= today or not span.covers(today):
        return [(span, _state(span, today))]
    yesterday = today - timedelta(days=1)
    return [(Span(span.first, yesterday), "past"), (Span(today, span.last), "now")]


def _state(span: Span, today: date) -> str:
    if span.covers(today):
        return "now"
    return "past" if span.first < today else "coming"


def _day(day: date, timeline: Sequence[Segment], variant: Variant, region: Region, month: date, today: date) -> Day:
    found = next((segment for segment in timeline if segment.span.covers(day)), None)
    own = variant.price if region.code == settings.HOME_REGION else None
    return Day(
        date=day,
        segment=found or Segment(Span(date.min, timeline[0].span.first), None, own, 0, "past"),
        is_today=day == today,
        is_outside=day.month != month.month,
        add_url=add_url(variant, region, day) if day >= today else "",
    )
