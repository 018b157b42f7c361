"""How many orders a dairy takes on a day. Counting is part of the transaction that assigns or releases."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from vendors.events import VendorDayChanged
from vendors.models import CapacityUse, Vendor
from vendors.rules.days import tag_of_day


class VendorFull(DomainError):
    """The vendor takes no further order for that date."""

    code = "vendor_full"


@dataclass(frozen=True, slots=True)
class DayRoom:
    """A vendor's delivery day: distinct orders it has, and how many it takes."""

    orders: int
    limit: int


def lock_capacity(vendor_ids: Collection[int], *, on: date) -> Mapping[int, DayRoom]:
    """How full each vendor's day is, locked until the transaction ends, in primary key order.

    Missing rows are made by vendor before any is locked: whoever locks a row waits for no one who still makes some.
    The other way round two orders on a day's first rows deadlock. Call it once in a transaction, with all it needs.
    """
    ids = sorted(set(vendor_ids))
    uses = CapacityUse.objects.filter(vendor_id__in=ids, date=on).order_by()
    known = set(uses.values_list("vendor_id", flat=True))
    missing = [CapacityUse(vendor_id=vendor_id, date=on) for vendor_id in ids if vendor_id not in known]
    if missing:
        CapacityUse.objects.bulk_create(missing, ignore_conflicts=True)
    return {use.vendor_id: DayRoom(use.orders, _limit(use)) for use in _locked(ids, on)}


def _limit(use: CapacityUse) -> int:
    return use.vendor.daily_order_limit if use.order_limit is None else use.order_limit


def _locked(ids: list[int], on: date) -> Iterable[CapacityUse]:
    return CapacityUse.objects.locked(vendor_ids=ids, date=on)


def take_capacity(limits: Mapping[int, int], *, on: date) -> None:
    """Count one more order for each vendor on that day, given how many it takes then.

    `lock_capacity` locked the rows; the statement checks the limit on the row itself all the same. Raises VendorFull.
    """
    for vendor_id, limit in sorted(limits.items()):
        use = CapacityUse.objects.filter(vendor_id=vendor_id, date=on, orders__lt=limit)
        if not use.update(orders=F("orders") + 1):
            raise VendorFull(_("The dairy takes no further order for that day."), date=on.isoformat())


def give_capacity_back(vendor_ids: Collection[int], *, on: date) -> None:
    """Count one order less for each vendor on that day, never below none."""
    rows = CapacityUse.objects.locked(vendor_ids=sorted(set(vendor_ids)), date=on).values_list("pk", flat=True)
    CapacityUse.objects.filter(pk__in=list(rows), orders__gt=0).update(orders=F("orders") - 1)


@dataclass(frozen=True, slots=True)
class DayLimit:
    """How many orders a vendor takes on one day, None for as many as usual, and why."""

    order_limit: int | None
    note: str = ""


class DayChangedMeanwhile(DomainError):
    """Somebody else set the day's limit since it was looked at."""

    code = "day_changed_meanwhile"


def set_day_limit(
    vendor_id: int,
    *,
    on: date,
    order_limit: int | None,
    by: Actor,
    note: str = "",
    seen: DayLimit | Collection[str] | None = None,
) -> CapacityUse:
    """Have the vendor take so many orders on one day; None: as many as usual. Safe to repeat.

    Below what it has already nothing is taken away: it only gets no further order. Locks the day. `seen` is what the
    person had before their eyes, or tags of it: raises DayChangedMeanwhile where that is not so any more. Raises
    InvalidInput for a day that has passed. Emits VendorDayChanged.
    """
    with transaction.atomic():
        if on < clock.today(Vendor.objects.select_related("region").get(pk=vendor_id).region):
            raise InvalidInput(_("This day has passed."), field="date")
        CapacityUse.objects.bulk_create([CapacityUse(vendor_id=vendor_id, date=on)], ignore_conflicts=True)
        use = CapacityUse.objects.locked(vendor_ids=[vendor_id], date=on).get()
        note = "" if order_limit is None else note
        if (use.order_limit, use.note) == (order_limit, note):
            return use
        if seen is not None and not _is_as_seen(use, seen):
            raise DayChangedMeanwhile(_meanwhile(use), field="order_limit")
        use.order_limit, use.note = order_limit, note
        use.save(update_fields=["order_limit", "note"])
        emit(VendorDayChanged(vendor_id, on, order_limit), actor=by)
    return use


def _is_as_seen(use: CapacityUse, seen: DayLimit | Collection[str]) -> bool:
    if isinstance(seen, DayLimit):
        return seen == DayLimit(use.order_limit, use.note)
    return tag_of_day(use.order_limit, use.note) in seen


def set_day_limits(vendor_id: int, days: Mapping[date, tuple[DayLimit, DayLimit]], *, by: Actor) -> int:
    """Set several days from what was seen of each to what is wanted, all or none; how many there were.

    A refusal is that of the first day, and its fact `days` says what is wrong with each (by ISO date). Raises and
    emits as `set_day_limit` does.
    """
    refusals: dict[date, DomainError] = {}
    with transaction.atomic():
        for day, (seen, wanted) in sorted(days.items()):
            try:
                set_day_limit(vendor_id, on=day, order_limit=wanted.order_limit, note=wanted.note, seen=seen, by=by)
            except DomainError as refusal:
                refusals[day] = refusal
        for first in refusals.values():
            first.facts["days"] = {day.isoformat(): str(why) for day, why in refusals.items()}
            raise first
    return len(days)


def _meanwhile(use: CapacityUse) -> Any:
    if use.order_limit is None:
        return _("Somebody else changed this day meanwhile: it takes as many as usual now. Look again, then save.")
    if use.note:
        return _(
            "Somebody else changed this day meanwhile: it takes %(count)d now (%(note)s). Look again, then save."
        ) % {"count": use.order_limit, "note": use.note}
    return _("Somebody else changed this day meanwhile: it takes %(count)d now. Look again, then save.") % {
        "count": use.order_limit
    }
