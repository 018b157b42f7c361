"""Reads of the vendors' context."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from milkdelivery.core.errors import NotFound
from vendors.models import Offer, Vendor, VendorMember, VendorQuerySet


def active_vendors() -> VendorQuerySet:
    return Vendor.objects.active()


def active_vendor(vendor_id: int) -> Vendor:
    """Raises NotFound."""
    found = active_vendors().filter(pk=vendor_id).first()
    if found is None:
        raise NotFound(_("There is no such dairy."))
    return found


def vendors_serving(pincode: str) -> VendorQuerySet:
    return Vendor.objects.active().filter(service_areas__pincode__code=pincode)


def vendors_offering(variant_ids: Collection[int], *, pincode: str | None) -> list[Vendor]:
    """Who can bring any of the variants there (anywhere, without a pincode), best rated first. One query."""
    offers = Offer.objects.filter(variant_id__in=variant_ids, is_active=True, vendor=OuterRef("pk"))
    vendors = Vendor.objects.active().filter(Exists(offers))
    if pincode:
        vendors = vendors.filter(service_areas__pincode__code=pincode)
    return list(vendors.order_by("-rating", "name"))


def products_offered_by(vendor_id: int) -> QuerySet[Offer, int]:
    """The ids of the products that an active vendor supplies a pack of; a subquery for others."""
    offers = Offer.objects.filter(vendor_id=vendor_id, vendor__is_active=True, is_active=True)
    return offers.values_list("variant__product_id", flat=True)


def vendor_of(user_id: int) -> Vendor | None:
    """The vendor that this person works for."""
    member = VendorMember.objects.select_related("vendor__region").filter(user_id=user_id).first()
    return member.vendor if member else None
