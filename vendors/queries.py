"""Reads of the vendors' context."""

from vendors.models import ServiceArea, Vendor, VendorMember, VendorQuerySet


def is_served_by_vendor(pincode: str) -> bool:
    return ServiceArea.objects.filter(pincode__code=pincode, vendor__is_active=True).exists()


def vendors_serving(pincode: str) -> VendorQuerySet:
    return Vendor.objects.active().filter(service_areas__pincode__code=pincode)


def vendor_of(user_id: int) -> Vendor | None:
    """The vendor that this person works for."""
    member = VendorMember.objects.select_related("vendor__region").filter(user_id=user_id).first()
    return member.vendor if member else None
