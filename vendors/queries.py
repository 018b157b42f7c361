"""Reads of the vendors' context."""

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import DateField, DateTimeField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from milkdelivery.core.errors import NotFound
from vendors.models import CapacityUse, Offer, Vendor, VendorMember, VendorQuerySet


class LocalDate(Func):
    """The date of an instant in a time zone, as PostgreSQL counts it: (instant, name of the zone)."""

    template = "((%(expressions)s)::date)"
    arg_joiner = " AT TIME ZONE "
    output_field = DateField()


class DaysBetween(Func):
    """Whole days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


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


def full_on(day: date, *, vendor: str) -> Exists:
    """Whether a vendor takes no further order for that day. `vendor` names its key in the rows that are asked about.

    For sets; under lock `lock_capacity` says the same.
    """
    uses = CapacityUse.objects.with_limit().filter(vendor=OuterRef(vendor), date=day)
    return Exists(uses.filter(orders__gte=F("limit")))


def can_bring(*, on: date, now: datetime) -> Q:
    """Of rows with a vendor and a variant: the vendor is active, offers it early enough for that day, and has room.

    A day that has passed counts as today: that it can't be ordered for is said elsewhere.
    """
    today = LocalDate(Value(now, output_field=DateTimeField()), F("vendor__region__time_zone"))
    days_left = Greatest(Value(0), DaysBetween(Value(on, output_field=DateField()), today))
    offers = Offer.objects.filter(vendor=OuterRef("vendor"), variant=OuterRef("variant"), is_active=True)
    in_time = Exists(offers.filter(lead_time_days__lte=days_left))
    return Q(vendor__is_active=True) & Q(in_time) & ~Q(full_on(on, vendor="vendor"))
