"""The records of a dairy: itself, where it delivers, what it offers, who works there, how it is rated."""

from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Pincode
from milkdelivery.core.taken import unless_taken
from vendors.events import VendorActivated, VendorCreated, VendorDeactivated, VendorRated, VendorUpdated
from vendors.models import (
    BOUND_TO_MARKET,
    Offer,
    ServiceArea,
    Vendor,
    VendorMember,
    foreign_words,
    is_foreign,
)
from vendors.rules import MOST_STARS

TAKEN = {"vendors_vendor_name_key": "name"}


class NameInUse(DomainError):
    """Another dairy is called so, in whatever case and with whatever blanks."""

    code = "vendor_name_in_use"


class LicenceInUse(DomainError):
    """Another working dairy has this FSSAI licence."""

    code = "vendor_licence_in_use"


class NoAreaLeft(InvalidInput):
    """A working dairy would serve nobody."""

    code = "vendor_without_area"


class BoundToMarket(InvalidInput):
    """A dairy would leave the market of what it delivers, offers and has orders for."""

    code = "vendor_bound_to_market"


class ForeignPincode(InvalidInput):
    """A dairy would deliver in a market that is not its own."""

    code = "vendor_foreign_pincode"


_CLASHES: Mapping[str, type[DomainError]] = {"name": NameInUse, "fssai_licence": LicenceInUse}


def save_vendor(vendor: Vendor, *, by: Actor) -> Vendor:
    """Create or change a vendor, all of it as it is given: who changes some of it alone, calls `change_vendor`.

    Raises NameInUse, LicenceInUse, TakenMeanwhile, BoundToMarket, and InvalidInput where a working one would lose its
    licence. Emits VendorCreated or VendorUpdated.
    """
    with unless_taken(TAKEN), transaction.atomic():
        Vendor.objects.lock_identities()
        is_new = vendor.pk is None
        vendor.name = " ".join(vendor.name.split())
        if vendor.leaves_its_market:
            raise BoundToMarket(BOUND_TO_MARKET, field="region")
        _ensure_licensed(vendor)
        _ensure_its_own(vendor)
        vendor.save()
        emit(VendorCreated(vendor.pk) if is_new else VendorUpdated(vendor.pk), actor=by)
    return vendor


def change_vendor(vendor_id: int, *, changes: Mapping[str, Any], by: Actor) -> Vendor:
    """Change these fields of a vendor and no other, whatever happens to those at the same moment. Safe to repeat.

    Locks the vendor. Raises Django's ValidationError by field where the dairy that comes of it can't be, name and
    licence of another one or another market included, and InvalidInput where a working one would lose its licence.
    Emits VendorUpdated.
    """
    with unless_taken(TAKEN), transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        Vendor.objects.lock_identities()
        if "name" in changes:
            changes = {**changes, "name": " ".join(changes["name"].split())}
        changed = [name for name, value in changes.items() if getattr(vendor, name) != value]
        if not changed:
            return vendor
        for name in changed:
            setattr(vendor, name, changes[name])
        vendor.full_clean()
        _ensure_licensed(vendor)
        vendor.save(update_fields=[*changed, "updated_at"])
        emit(VendorUpdated(vendor.pk), actor=by)
    return vendor


def _ensure_licensed(vendor: Vendor) -> None:
    if Vendor.objects.serving().filter(pk=vendor.pk).exists() and not vendor.is_licensed:
        text = _("A working dairy keeps its licence. Switch the dairy off first: its orders go to others then.")
        raise InvalidInput(text, field="fssai_licence")


def _ensure_its_own(vendor: Vendor) -> None:
    """Raises NameInUse and LicenceInUse. The caller holds the lock of identities."""
    for field, words in vendor.clashes().items():
        raise _CLASHES[field](words, field=field)


def deactivate_vendor(vendor_id: int, *, by: Actor) -> Vendor:
    """Stop assigning orders to the vendor. Safe to repeat.

    Emits VendorDeactivated; orders hears it and gives what the vendor has not packed yet to other ones.
    """
    with transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        if not vendor.is_active:
            return vendor
        vendor.is_active = False
        vendor.save(update_fields=["is_active", "updated_at"])
        emit(VendorDeactivated(vendor.pk), actor=by)
    return vendor


def activate_vendor(vendor_id: int, *, by: Actor) -> Vendor:
    """Assign orders to the vendor again. What moved on meanwhile stays where it is. Safe to repeat.

    Locks it. Raises LicenceInUse where another one works with its licence meanwhile. Emits VendorActivated.
    """
    with transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        if vendor.is_active:
            return vendor
        Vendor.objects.lock_identities()
        vendor.is_active = True
        _ensure_its_own(vendor)
        vendor.save(update_fields=["is_active", "updated_at"])
        emit(VendorActivated(vendor.pk), actor=by)
    return vendor


def change_service_areas(vendor_id: int, *, add: Collection[int], remove: Collection[int], by: Actor) -> None:
    """Deliver to the pincodes `add` and no longer to `remove` (primary keys). Safe to repeat. Emits VendorUpdated.

    Orders that are promised already stay with the vendor, wherever they go. Locks the vendor. Raises NoAreaLeft where
    a working one would lose its last pincode: its open work would stay with it, and nobody would be told. Raises
    ForeignPincode for a new one of another market.
    """
    with transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        for pincode in Pincode.objects.filter(pk__in=add).order_by("code"):
            if is_foreign(pincode, vendor.region):
                raise ForeignPincode(foreign_words(pincode.code), field="pincodes")
        ServiceArea.objects.filter(vendor_id=vendor_id, pincode_id__in=remove).delete()
        ServiceArea.objects.bulk_create(
            [ServiceArea(vendor_id=vendor_id, pincode_id=pincode_id) for pincode_id in add], ignore_conflicts=True
        )
        is_homeless = not ServiceArea.objects.filter(vendor_id=vendor_id).exists()
        if remove and is_homeless and Vendor.objects.serving().filter(pk=vendor_id).exists():
            raise NoAreaLeft(
                _("A working dairy delivers somewhere. Switch the dairy off instead: its orders go to others then."),
                field="pincodes",
            )
        emit(VendorUpdated(vendor_id), actor=by)


def replace_service_areas(vendor_id: int, pincode_ids: Collection[int], *, by: Actor) -> None:
    """Deliver to exactly these pincodes (primary keys). Locks the vendor. Safe to repeat. Raises what
    `change_service_areas` does. Emits VendorUpdated."""
    with transaction.atomic():
        Vendor.objects.locked(vendor_id)
        known = set(ServiceArea.objects.filter(vendor_id=vendor_id).values_list("pincode_id", flat=True))
        wanted = set(pincode_ids)
        if known != wanted:
            change_service_areas(vendor_id, add=wanted - known, remove=known - wanted, by=by)


def save_offers(vendor_id: int, *, offers: Collection[Offer], by: Actor) -> None:
    """Create or change what the vendor supplies; an inactive offer gets no orders. Emits VendorUpdated.

    Orders that are promised already stay with the vendor. Locks the vendor: what it costs is in its market's currency.
    """
    with transaction.atomic():
        Vendor.objects.locked(vendor_id)
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


def record_rating(vendor_id: int, stars: int, *, instead_of: int | None = None, by: Actor) -> Vendor:
    """A household rated a delivery of the vendor with 1 to 5 stars: its rating is the average of all of them.

    `instead_of` are the stars that the same delivery had before. Locks the vendor. Not safe to repeat: the caller
    counts each delivery once. Raises InvalidInput. Emits VendorRated.
    """
    if not 1 <= stars <= MOST_STARS:
        raise InvalidInput(_("Give one to five stars."), field="stars")
    with transaction.atomic():
        vendor = Vendor.objects.locked(vendor_id)
        vendor.rating_count += instead_of is None
        vendor.rating_stars += stars - (instead_of or 0)
        vendor.rating = (Decimal(vendor.rating_stars) / vendor.rating_count).quantize(
            Decimal("0.01"), rounding=ROUND_HALF_UP
        )
        vendor.save(update_fields=["rating", "rating_count", "rating_stars", "updated_at"])
        emit(VendorRated(vendor.pk, stars), actor=by)
    return vendor
