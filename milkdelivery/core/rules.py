"""Delivery days, cut-offs and spans of days: pure functions of a slot, a time zone and a set of closed days."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Generic, Protocol, TypeVar
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


def rate_for(hsn_code: str, rates: Iterable[tuple[str, int]]) -> int | None:
    """Basis points of the longest HSN prefix that matches; None where none does, which is not the same as no tax."""
    matching = [(len(prefix), points) for prefix, points in rates if hsn_code.startswith(prefix)]
    return max(matching)[1] if matching else None


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included; for good without `last`."""

    first: date
    last: date | None = None

    def overlaps(self, other: "Span") -> bool:
        return self.first <= (other.last or date.max) and other.first <= (self.last or date.max)

    def covers(self, day: date) -> bool:
        return self.first <= day <= (self.last or date.max)


K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Room(Generic[K]):
    """How a new span finds its place among others.

    `clash` is one that is in its way; `is_late` where that is so only because the new one starts in the past. `yields`
    is an open-ended one that makes room: it ends on `ends_on`, and goes on from `resumes_on` where the new one ends.
    """

    clash: K | None = None
    yields: K | None = None
    ends_on: date | None = None
    resumes_on: date | None = None
    is_late: bool = False


def room_for(new: Span, others: Mapping[K, Span], *, today: date) -> Room[K]:
    """Where `new` fits among spans that don't overlap each other.

    An open-ended span that started before yields; everything else that overlaps is a clash. What held on a day that
    has passed stays what held.
    """
    taken = sorted((span.first, key) for key, span in others.items() if span.overlaps(new))
    if not taken:
        return Room()
    first, key = taken[0]
    if len(taken) > 1 or others[key].last is not None or first >= new.first:
        return Room(clash=key)
    if new.first < today:
        return Room(clash=key, is_late=True)
    resumes_on = new.last + timedelta(days=1) if new.last and new.last < date.max else None
    return Room(yields=key, ends_on=new.first - timedelta(days=1), resumes_on=resumes_on)


def keeps_past(before: Span, after: Span | None, *, is_same: bool, today: date) -> bool:
    """Whether a change (None: removal) leaves every day before today as it was. `is_same`: nothing but days changes."""
    if before.first >= today:
        return True
    yesterday = today - timedelta(days=1)
    if after is None or not is_same or after.first != before.first:
        return False
    return min(before.last or date.max, yesterday) == min(after.last or date.max, yesterday)
