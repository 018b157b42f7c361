"""The region book: what time and money mean, read once and kept in memory.

Regions, slots, holidays, tax rates and pincodes change a few times a year and are needed on every page and for every
order. `region_book()` is at most `FRESH_FOR` old: what changes becomes known everywhere within that time, and an order
is priced by the book that its page was priced by. Only a pincode that it calls unserved is asked for anew, and whoever
writes asks the database whether we come there (`is_served_now`). Instants such as cut-offs are worked out anew at every
look.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic

from django.db.models import Exists
from django.utils.translation import gettext as _

from milkdelivery.core import clock, rules
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import DeliverySlot, Holiday, Pincode, Region, TaxRate
from milkdelivery.core.rules import DeliveryDay

FRESH_FOR = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class SlotDays:
    """A slot with the days that can still be ordered in it, soonest first."""

    slot: DeliverySlot
    days: tuple[DeliveryDay, ...]

    @property
    def soonest(self) -> DeliveryDay | None:
        return next(iter(self.days), None)


class TaxUnknown(DomainError):
    code = "tax_unknown"


@dataclass(frozen=True)
class RegionBook:
    regions: Mapping[int, Region]
    slots: Mapping[int, DeliverySlot]
    holidays: Mapping[int, frozenset[date]]
    tax_rates: Mapping[int, tuple[TaxRate, ...]]
    pincodes: Mapping[str, Pincode]

    def region(self, code: str) -> Region | None:
        return next((region for region in self.regions.values() if region.code == code), None)

    def pincode(self, code: str | None) -> Pincode | None:
        """A pincode that we know, with its region; spaces and letter case don't matter.

        A "not yet" is never older than the question: who was just told that we come is not sent away for as long as the
        book is kept. It costs one query, only where the book knows no such pincode or none that is served.
        """
        wanted = normal_pincode(code or "")
        pincode = self.pincodes.get(wanted)
        if (pincode is None or not pincode.is_served) and self.looks_like_pincode(wanted):
            pincode = Pincode.objects.filter(code=wanted, region__in=list(self.regions)).first() or pincode
        if pincode is not None:
            pincode.region = self.regions[pincode.region_id]
        return pincode

    def region_of(self, pincode_code: str | None) -> Region | None:
        pincode = self.pincode(pincode_code)
        return pincode.region if pincode else None

    def looks_like_pincode(self, code: str) -> bool:
        """Whether the code has the form of any region's postal codes."""
        return any(re.fullmatch(region.postal_code_pattern, code) for region in self.regions.values())

    def slots_of(self, region_id: int) -> list[DeliverySlot]:
        return [slot for slot in self.slots.values() if slot.region_id == region_id and slot.is_active]

    def open_days(self, slot: DeliverySlot, *, now: datetime | None = None) -> tuple[DeliveryDay, ...]:
        region = self.regions[slot.region_id]
        return tuple(
            rules.delivery_days(
                slot,
                now=now or clock.now(),
                zone=region.time_zone,
                holidays=self.holidays.get(region.id, frozenset()),
            )
        )

    def calendar(self, region_id: int, *, now: datetime | None = None) -> list[SlotDays]:
        """Every active slot of the region with its open days."""
        return [SlotDays(slot, self.open_days(slot, now=now)) for slot in self.slots_of(region_id)]

    def next_delivery(self, region_id: int) -> tuple[DeliverySlot, DeliveryDay] | None:
        """The soonest delivery that can still be ordered."""
        first = [(entry.slot, entry.days[0]) for entry in self.calendar(region_id) if entry.days]
        return min(first, key=lambda pair: (pair[1].date, pair[0].starts_at), default=None)

    def cutoff_at(self, slot: DeliverySlot, day: date) -> datetime:
        return rules.cutoff_at(slot, day, self.regions[slot.region_id].time_zone)

    def tax_points(self, region_id: int, hsn_code: str, *, on: date) -> int:
        """The tax on goods of this HSN code on that day, in basis points.

        Raises TaxUnknown where no rate says so: that is not the same as no tax, and such goods are not sold.
        """
        points = self._points(region_id, hsn_code, on=on)
        if points is None:
            raise TaxUnknown(_("No tax rate covers %(code)s on this day.") % {"code": hsn_code})
        return points

    def knows_tax(self, region_id: int, hsn_code: str, *, on: date) -> bool:
        return self._points(region_id, hsn_code, on=on) is not None

    def _points(self, region_id: int, hsn_code: str, *, on: date) -> int | None:
        in_force = (
            (rate.hsn_code, rate.basis_points)
            for rate in self.tax_rates.get(region_id, ())
            if rate.valid_from <= on and (rate.valid_until is None or rate.valid_until >= on)
        )
        return rules.rate_for(hsn_code, in_force)


def normal_pincode(code: str) -> str:
    return "".join(code.split()).upper()


def load_region_book() -> RegionBook:
    """Read the book now: five small queries."""
    regions = {region.id: region for region in Region.objects.all()}
    slots = {slot.id: slot for slot in DeliverySlot.objects.all()}
    for slot in slots.values():
        slot.region = regions[slot.region_id]
    yesterday = clock.now().date() - timedelta(days=1)
    return RegionBook(
        regions=regions,
        slots=slots,
        holidays=_grouped_days(Holiday.objects.filter(date__gte=yesterday).values_list("region_id", "date")),
        tax_rates=_grouped_rates(TaxRate.objects.all()),
        pincodes={pincode.code: pincode for pincode in Pincode.objects.all()},
    )


def _grouped_days(pairs: Iterable[tuple[int, date]]) -> dict[int, frozenset[date]]:
    days: dict[int, set[date]] = {}
    for region_id, day in pairs:
        days.setdefault(region_id, set()).add(day)
    return {region_id: frozenset(found) for region_id, found in days.items()}


def _grouped_rates(rates: Iterable[TaxRate]) -> dict[int, tuple[TaxRate, ...]]:
    grouped: dict[int, list[TaxRate]] = {}
    for rate in rates:
        grouped.setdefault(rate.region_id, []).append(rate)
    return {region_id: tuple(found) for region_id, found in grouped.items()}


class _Shelf:
    """Where this process keeps its copy of the book."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, RegionBook] | None = None

    def book(self) -> RegionBook:
        kept = self._kept
        if kept is None or monotonic() - kept[0] > FRESH_FOR:
            with self._lock:
                kept = self._kept = (monotonic(), load_region_book())
        return kept[1]

    def clear(self) -> None:
        self._kept = None


_shelf = _Shelf()


def region_book() -> RegionBook:
    """The book, at most `FRESH_FOR` seconds old."""
    return _shelf.book()


def served_now(code: str) -> Exists:
    """The same as `is_served_now`, as part of another query."""
    return Exists(Pincode.objects.filter(code=normal_pincode(code), is_served=True))


def is_served_now(code: str) -> bool:
    """Whether we come to the pincode as the database has it: what a write decides by. Pages may ask the book.

    Where the book says otherwise, this process reads it anew. One query.
    """
    served = Pincode.objects.filter(code=normal_pincode(code), is_served=True).exists()
    if not served:
        forget_region_book()
    return served


def forget_region_book(**_: object) -> None:
    """Read anew at the next look. Connected to saves of the book's records in this process."""
    _shelf.clear()
