"""Writes of the kernel."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.events import RegionUpdated
from milkdelivery.core.models import DeliverySlot, Holiday, Pincode, Region, TaxRate
from milkdelivery.core.queries import forget_region_book


def save_region(region: Region, *, by: Actor) -> Region:
    """Create or change a market. Emits RegionUpdated."""
    with transaction.atomic():
        region.save()
        _tell(region.pk, "region", by)
    return region


def save_slot(slot: DeliverySlot, *, by: Actor) -> DeliverySlot:
    """Create or change a delivery slot. Orders keep the slot they were placed for. Emits RegionUpdated."""
    with transaction.atomic():
        slot.save()
        _tell(slot.region_id, f"slot:{slot.pk}", by)
    return slot


def save_tax_rate(rate: TaxRate, *, by: Actor) -> TaxRate:
    """Create or change a tax rate. Placed orders keep the tax they were sold at. Emits RegionUpdated."""
    with transaction.atomic():
        rate.save()
        _tell(rate.region_id, f"tax_rate:{rate.pk}", by)
    return rate


def save_pincode(pincode: Pincode, *, by: Actor) -> Pincode:
    """Create or change a postal code. Whether it is served follows from vendors and hubs. Emits RegionUpdated."""
    with transaction.atomic():
        pincode.save()
        _tell(pincode.region_id, f"pincode:{pincode.code}", by)
    return pincode


def save_holiday(holiday: Holiday, *, by: Actor) -> Holiday:
    """Close a region on a day. Emits RegionUpdated."""
    with transaction.atomic():
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


def mark_served(pincode_ids: QuerySet[Any, Any]) -> None:
    """Mark exactly these pincodes as served. Two statements, however many there are."""
    with transaction.atomic():
        Pincode.objects.filter(is_served=False, pk__in=pincode_ids).update(is_served=True)
        Pincode.objects.filter(is_served=True).exclude(pk__in=pincode_ids).update(is_served=False)
        transaction.on_commit(forget_region_book)
