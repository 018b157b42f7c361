"""Writes of the vendors' context."""

from collections.abc import Collection, Mapping
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog import emit
from vendors.events import VendorCreated, VendorDeactivated, VendorUpdated
from vendors.models import CapacityUse, Offer, ServiceArea, Vendor, VendorMember


class VendorFull(DomainError):
    """The vendor takes no further order for that date."""

    code = "vendor_full"


def save_vendor(vendor: Vendor, *, by: Actor) -> Vendor:
    """Create or change a vendor. Emits VendorCreated or VendorUpdated."""
    with transaction.atomic():
        is_new = vendor.pk is None
        vendor.save()
        emit(VendorCreated(vendor.pk) if is_new else VendorUpdated(vendor.pk), actor=by)
    return vendor


def deactivate_vendor(vendor_id: int, *, by: Actor) -> Vendor:
    """Stop assigning orders to the vendor. What it already took stays with it. Safe to repeat."""
    with transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        if not vendor.is_active:
            return vendor
        vendor.is_active = False
        vendor.save(update_fields=["is_active", "updated_at"])
        emit(VendorDeactivated(vendor.pk), actor=by)
    return vendor


def activate_vendor(vendor_id: int, *, by: Actor) -> Vendor:
    """Assign orders to the vendor again. Safe to repeat. Emits VendorUpdated."""
    with transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        if vendor.is_active:
            return vendor
        vendor.is_active = True
        vendor.save(update_fields=["is_active", "updated_at"])
        emit(VendorUpdated(vendor.pk), actor=by)
    return vendor


def change_service_areas(vendor_id: int, *, add: Collection[int], remove: Collection[int], by: Actor) -> None:
    """Deliver to the pincodes `add` and no longer to `remove` (primary keys). Safe to repeat. Emits VendorUpdated."""
    with transaction.atomic():
        ServiceArea.objects.filter(vendor_id=vendor_id, pincode_id__in=remove).delete()
        ServiceArea.objects.bulk_create(
            [ServiceArea(vendor_id=vendor_id, pincode_id=pincode_id) for pincode_id in add], ignore_conflicts=True
        )
        emit(VendorUpdated(vendor_id), actor=by)


def save_offers(vendor_id: int, *, offers: Collection[Offer], by: Actor) -> None:
    """Create or change what the vendor supplies; an inactive offer gets no orders. Emits VendorUpdated."""
    with transaction.atomic():
        for offer in offers:
            offer.save()
        emit(VendorUpdated(vendor_id), actor=by)


def change_members(
    vendor_id: int, *, add: Collection[VendorMember], remove: Collection[VendorMember], by: Actor
) -> None:
    """Who works for the vendor and sees its portal. Emits VendorUpdated."""
    with transaction.atomic():
        for member in remove:
            member.delete()
        for member in add:
            member.save()
        emit(VendorUpdated(vendor_id), actor=by)


def lock_capacity(vendor_ids: Collection[int], *, on: date) -> Mapping[int, int]:
    """Orders that each vendor has on that day, locked until the transaction ends, in primary key order."""
    ids = sorted(set(vendor_ids))
    uses = {use.vendor_id: use for use in CapacityUse.objects.locked(vendor_ids=ids, date=on)}
    missing = [vendor_id for vendor_id in ids if vendor_id not in uses]
    if missing:
        CapacityUse.objects.bulk_create(
            [CapacityUse(vendor_id=vendor_id, date=on) for vendor_id in missing], ignore_conflicts=True
        )
        uses = {use.vendor_id: use for use in CapacityUse.objects.locked(vendor_ids=ids, date=on)}
    return {vendor_id: uses[vendor_id].orders for vendor_id in ids}


def take_capacity(limits: Mapping[int, int], *, on: date) -> None:
    """Count one more order for each vendor on that day, given each vendor's daily limit.

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
