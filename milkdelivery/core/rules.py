"""Delivery days and cut-offs: pure functions of a slot, a time zone and a set of closed days."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

HORIZON_DAYS = 14
"""How far ahead a household may order once."""

MAX_QUANTITY = 50
"""Pieces of one variant in one order."""

MAX_LINES = 100
"""Different variants in one cart."""


class Slot(Protocol):
    starts_at: time
    ends_at: time
    cutoff_days_before: int
    cutoff_time: time
    pack_time: time
    open_weekdays: list[int]
    is_active: bool


@dataclass(frozen=True, slots=True)
class DeliveryDay:
    """A day that can still be ordered for, and the instant until which it can be changed."""

    date: date
    cutoff_at: datetime


def instant(day: date, at: time, zone: str) -> datetime:
    """The instant of a local wall-clock time. A time that a clock change skips means the instant after the gap."""
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone))


def cutoff_at(slot: Slot, day: date, zone: str) -> datetime:
    """Until this instant (not including it) a delivery on `day` can be ordered and changed."""
    return instant(day - timedelta(days=slot.cutoff_days_before), slot.cutoff_time, zone)


def pack_at(slot: Slot, day: date, zone: str) -> datetime:
    """Until this instant vendors accept or reject what they were assigned."""
    return instant(day, slot.pack_time, zone)


def is_open_on(slot: Slot, day: date, holidays: Container[date]) -> bool:
    return slot.is_active and day.weekday() in slot.open_weekdays and day not in holidays


def delivery_days(
    slot: Slot, *, now: datetime, zone: str, holidays: Container[date], horizon: int = HORIZON_DAYS
) -> Iterator[DeliveryDay]:
    """The days from today that `slot` serves and whose cut-off has not passed, soonest first."""
    first = now.astimezone(ZoneInfo(zone)).date()
    for ahead in range(horizon + 1):
        day = first + timedelta(days=ahead)
        closes = cutoff_at(slot, day, zone)
        if is_open_on(slot, day, holidays) and now < closes:
            yield DeliveryDay(day, closes)


def rate_for(hsn_code: str, rates: Iterable[tuple[str, int]]) -> int:
    """Basis points of the longest HSN prefix that matches; 0 where none does."""
    matching = [(len(prefix), points) for prefix, points in rates if hsn_code.startswith(prefix)]
    return max(matching, default=(0, 0))[1]
