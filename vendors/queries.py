"""Reads of the vendors' context."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from vendors.models import Offer, ServiceArea, Vendor, VendorMember, VendorQuerySet


def is_served_by_vendor(pincode: str) -> bool:
    return ServiceArea.objects.filter(pincode__code=pincode, vendor__is_active=True).exists()


def vendors_serving(pincode: str) -> VendorQuerySet:
    return Vendor.objects.active().filter(service_areas__pincode__code=pincode)


def vendors_offering(variant_ids: Collection[int], *, pincode: str | None) -> list[Vendor]:
    """Who can bring any of the variants there (anywhere, without a pincode), best rated first. One query."""
    offers = Offer.objects.filter(variant_id__in=variant_ids, is_active=True, vendor=OuterRef("pk"))
    vendors = Vendor.objects.active().filter(Exists(offers))
    if pincode:
        vendors = vendors.filter(service_areas__pincode__code=pincode)
    return list(vendors.order_by("-rating", "name"))


def vendor_of(user_id: int) -> Vendor | None:
    """The vendor that this person works for."""
    member = VendorMember.objects.select_related("vendor__region").filter(user_id=user_id).first()
    return member.vendor if member else None
