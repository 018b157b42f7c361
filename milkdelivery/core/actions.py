"""Writes of the kernel."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.events import PincodeOpened, RegionUpdated
from milkdelivery.core.models import DeliverySlot, Holiday, Pincode, Region, TaxRate
from milkdelivery.core.models.regions import overlaps
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.queries import forget_region_book
from milkdelivery.core.rules import keeps_past, room_for
from milkdelivery.core.taken import unless_taken

TAKEN = {
    "core_region_code_key": "code",
    "core_pincode_code_key": "code",
    "slot_once_per_region": "code",
    "holiday_once_per_day": "date",
}
"""What two people can't both give, by the names that the database gives the constraints."""


class TaxRateOverlap(DomainError):
    """Two rates of one HSN code would hold on one day. The fact `other` is the id of the one that is there."""

    code = "tax_rate_overlap"


class TaxRateInForce(DomainError):
    """The rate of a day that has passed would change."""

    code = "tax_rate_in_force"


class TaxRateBackwards(InvalidInput):
    code = "tax_rate_ends_before_start"


def save_region(region: Region, *, by: Actor) -> Region:
    """Create or change a market. Raises TakenMeanwhile. Emits RegionUpdated."""
    with unless_taken(TAKEN), transaction.atomic():
        region.save()
        _tell(region.pk, "region", by)
    return region


def save_slot(slot: DeliverySlot, *, by: Actor) -> DeliverySlot:
    """Create or change a delivery slot. Orders keep the slot they were placed for.

    Raises TakenMeanwhile. Emits RegionUpdated.
    """
    with unless_taken(TAKEN), transaction.atomic():
        slot.save()
        _tell(slot.region_id, f"slot:{slot.pk}", by)
    return slot


@dataclass(frozen=True, slots=True)
class SavedRate:
    """A tax rate as it was saved; the one before it that made room, and its copy that goes on afterwards."""

    rate: TaxRate
    ended: TaxRate | None = None
    resumed: TaxRate | None = None


def save_tax_rate(rate: TaxRate, *, by: Actor) -> SavedRate:
    """Create or change a tax rate. Placed orders keep the tax they were sold at.

    Rates of one HSN code never overlap. One convenience: an open-ended rate that started before is ended the day
    before the new start, and goes on the day after where the new one has an end. Days that have passed keep their
    rate. Locks the region. Raises TaxRateOverlap, TaxRateInForce and TaxRateBackwards. Emits RegionUpdated.
    """
    if rate.valid_until is not None and rate.valid_until < rate.valid_from:
        raise TaxRateBackwards(_("The rate ends before it starts."), field="valid_until")
    with transaction.atomic():
        region = Region.objects.locked(rate.region_id)
        today = clock.today(region)
        rates = {each.pk: each for each in region.tax_rates.filter(hsn_code=rate.hsn_code)}
        before = TaxRate.objects.filter(pk=rate.pk).first()
        if before is not None:
            _ensure_past_kept(before, rate, today)
        others = {pk: each.span for pk, each in rates.items() if pk != rate.pk}
        room = room_for(rate.span, others, today=today)
        if room.clash is not None:
            raise _overlap(rates[room.clash], is_late=room.is_late, today=today)
        ended = resumed = None
        if room.yields is not None:
            ended = rates[room.yields]
            if room.resumes_on is not None:
                resumed = TaxRate(
                    region=region,
                    hsn_code=ended.hsn_code,
                    basis_points=ended.basis_points,
                    valid_from=room.resumes_on,
                )
            ended.valid_until = room.ends_on
            ended.save()
        rate.save()
        if resumed is not None:
            resumed.save()
        _tell(rate.region_id, f"tax_rate:{rate.pk}", by)
    return SavedRate(rate, ended, resumed)


def _ensure_past_kept(before: TaxRate, after: TaxRate, today: date) -> None:
    is_same = (before.hsn_code, before.basis_points) == (after.hsn_code, after.basis_points)
    if keeps_past(before.span, after.span, is_same=is_same, today=today):
        return
    if is_same and before.valid_from == after.valid_from:
        text = _("This rate has been in force: days before %(today)s stay as they were.") % {
            "today": date_format(today)
        }
        raise TaxRateInForce(text, field="valid_until")
    text = _("This rate has been in force: past days keep it. Enter a new one instead.")
    raise TaxRateInForce(text, field="valid_from" if is_same else "basis_points")


def _overlap(other: TaxRate, *, is_late: bool, today: date) -> TaxRateOverlap:
    text = overlaps(other.words)
    if is_late:
        late = _("%(other)s holds already. Another rate can start on %(today)s or later.")
        text = late % {"other": other.words, "today": date_format(today)}
    return TaxRateOverlap(text, field="valid_from", other=other.pk)


def save_pincode(pincode: Pincode, *, by: Actor) -> Pincode:
    """Create or change a postal code. Whether it is served follows from vendors and hubs.

    Raises TakenMeanwhile. Emits RegionUpdated.
    """
    with unless_taken(TAKEN), transaction.atomic():
        pincode.save()
        _tell(pincode.region_id, f"pincode:{pincode.code}", by)
    return pincode


def save_holiday(holiday: Holiday, *, by: Actor) -> Holiday:
    """Close a region on a day. Raises TakenMeanwhile. Emits RegionUpdated."""
    with unless_taken(TAKEN), transaction.atomic():
        holiday.save()
        _tell(holiday.region_id, f"holiday:{holiday.date.isoformat()}", by)
    return holiday


def remove_holiday(holiday_id: int, *, by: Actor) -> None:
    """Open a region again on a day. Safe to repeat. Emits RegionUpdated."""
    with transaction.atomic():
        holiday = Holiday.objects.filter(pk=holiday_id).first()
        if holiday is None:
            return
        holiday.delete()
        _tell(holiday.region_id, f"holiday:{holiday.date.isoformat()}", by)


def _tell(region_id: int, part: str, by: Actor) -> None:
    emit(RegionUpdated(region_id, part), actor=by)
    transaction.on_commit(forget_region_book)


def mark_served(pincode_ids: QuerySet[Any, Any], *, by: Actor) -> None:
    """Mark exactly these pincodes as served. Four statements, however many there are.

    Part of the caller's transaction, which changed what serves them: the lock makes whoever marks at the same moment
    wait for it, and count what it wrote. Emits PincodeOpened for those that we did not come to before.
    """
    ensure_in_transaction("mark_served()")
    Pincode.objects.lock_serving()
    opened = Pincode.objects.filter(is_served=False, pk__in=pincode_ids)
    codes = list(opened.order_by("pk").values_list("code", flat=True))
    if codes:
        Pincode.objects.filter(code__in=codes).update(is_served=True)
        emit_many((PincodeOpened(code) for code in codes), actor=by)
    Pincode.objects.filter(is_served=True).exclude(pk__in=pincode_ids).update(is_served=False)
    transaction.on_commit(forget_region_book)
