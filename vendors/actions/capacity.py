"""How many orders a dairy takes on a day. Counting is part of the transaction that assigns or releases."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from vendors.events import VendorDayChanged
from vendors.models import CapacityUse, Vendor


class VendorFull(DomainError):
    """The vendor takes no further order for that date."""

    code = "vendor_full"


@dataclass(frozen=True, slots=True)
class DayRoom:
    """A vendor's delivery day: distinct orders it has, and how many it takes."""

    orders: int
    limit: int


def lock_capacity(vendor_ids: Collection[int], *, on: date) -> Mapping[int, DayRoom]:
    """How full each vendor's day is, locked until the transaction ends, in primary key order."""
    ids = sorted(set(vendor_ids))
    uses = _locked(ids, on)
    missing = [vendor_id for vendor_id in ids if vendor_id not in uses]
    if missing:
        CapacityUse.objects.bulk_create(
            [CapacityUse(vendor_id=vendor_id, date=on) for vendor_id in missing], ignore_conflicts=True
        )
        uses = _locked(ids, on)
    return {vendor_id: DayRoom(use.orders, _limit(use)) for vendor_id, use in uses.items()}


def _limit(use: CapacityUse) -> int:
    return use.vendor.daily_order_limit if use.order_limit is None else use.order_limit


def _locked(ids: list[int], on: date) -> dict[int, CapacityUse]:
    return {use.vendor_id: use for use in CapacityUse.objects.locked(vendor_ids=ids, date=on)}


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


def set_day_limit(vendor_id: int, *, on: date, order_limit: int | None, by: Actor, note: str = "") -> CapacityUse:
    """Have the vendor take so many orders on one day; None: as many as usual. Safe to repeat.

    Below what it has already nothing is taken away: it only gets no further order. Locks the day.
    Raises InvalidInput for a day that has passed. Emits VendorDayChanged.
    """
    with transaction.atomic():
        if on < clock.today(Vendor.objects.select_related("region").get(pk=vendor_id).region):
            raise InvalidInput(_("This day has passed."), field="date")
        CapacityUse.objects.bulk_create([CapacityUse(vendor_id=vendor_id, date=on)], ignore_conflicts=True)
        use = CapacityUse.objects.locked(vendor_ids=[vendor_id], date=on).get()
        note = "" if order_limit is None else note
        if (use.order_limit, use.note) == (order_limit, note):
            return use
        use.order_limit, use.note = order_limit, note
        use.save(update_fields=["order_limit", "note"])
        emit(VendorDayChanged(vendor_id, on, order_limit), actor=by)
    return use
