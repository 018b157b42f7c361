"""Reads of the vendors' context."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import (
    Count,
    DateField,
    DateTimeField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from catalog.models import Variant
from milkdelivery.core.errors import NotFound
from vendors.models import CapacityUse, Offer, Vendor, VendorMember, VendorQuerySet, Waiting, may_serve
from vendors.rules.days import tag_of_day

SHOWN_DAYS = 14
"""As far ahead as households order."""


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


def serving_vendors() -> VendorQuerySet:
    """Those that may get orders: active, with the licence that their market asks for."""
    return Vendor.objects.serving()


def serving_vendor(vendor_id: int) -> Vendor:
    """Raises NotFound."""
    found = serving_vendors().filter(pk=vendor_id).first()
    if found is None:
        raise NotFound(_("There is no such dairy."))
    return found


def any_vendor(vendor_id: int) -> Vendor:
    """One that stopped, too, with its region. Raises NotFound."""
    found = Vendor.objects.select_related("region").filter(pk=vendor_id).first()
    if found is None:
        raise NotFound(_("There is no such dairy."))
    return found


def areas_of(vendor: Vendor) -> list[str]:
    """The pincodes that it delivers to."""
    return list(vendor.service_areas.order_by("pincode__code").values_list("pincode__code", flat=True))


def offers_of(vendor: Vendor) -> QuerySet[Offer]:
    """What it supplies or supplied, with its currency."""
    return vendor.offers.select_related("vendor__region").order_by("variant_id")


def offer_of(vendor: Vendor, variant_id: int) -> Offer | None:
    return offers_of(vendor).filter(variant_id=variant_id).first()


def vendors_serving(pincode: str) -> VendorQuerySet:
    return Vendor.objects.serving().filter(service_areas__pincode__code=pincode)


def vendors_offering(variant_ids: Collection[int], *, region_id: int, pincode: str | None) -> list[Vendor]:
    """Who can bring any of the variants there (in the whole market, without a pincode), best rated first. One query."""
    offers = Offer.objects.filter(variant_id__in=variant_ids, is_active=True, vendor=OuterRef("pk"))
    vendors = Vendor.objects.serving().filter(Exists(offers), region_id=region_id)
    if pincode:
        vendors = vendors.filter(service_areas__pincode__code=pincode)
    return list(vendors.order_by("-rating", "name"))


def products_offered_by(vendor_id: int) -> QuerySet[Offer, int]:
    """The ids of the products that a vendor who gets orders supplies a pack of; a subquery for others."""
    offers = Offer.objects.filter(may_serve("vendor"), vendor_id=vendor_id, is_active=True)
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
    """Of rows with a vendor and a variant: the vendor gets orders, offers it early enough for that day, and has room.

    A day that has passed counts as today: that it can't be ordered for is said elsewhere.
    """
    today = LocalDate(Value(now, output_field=DateTimeField()), F("vendor__region__time_zone"))
    days_left = Greatest(Value(0), DaysBetween(Value(on, output_field=DateField()), today))
    offers = Offer.objects.filter(vendor=OuterRef("vendor"), variant=OuterRef("variant"), is_active=True)
    in_time = Exists(offers.filter(lead_time_days__lte=days_left))
    return may_serve("vendor") & Q(in_time) & ~Q(full_on(on, vendor="vendor"))


def is_pack(variant_id: int) -> bool:
    """Whether there is such a pack to offer."""
    return Variant.objects.filter(pk=variant_id).exists()


def does_offer(vendor_id: int, variant_id: int) -> bool:
    """Whether the vendor supplies the pack, now or before."""
    return Offer.objects.filter(vendor_id=vendor_id, variant_id=variant_id).exists()


@dataclass(frozen=True, slots=True)
class CapacityDay:
    """A vendor's delivery day: distinct orders it has, how many it takes, and why where that is not the usual."""

    date: date
    orders: int
    limit: int
    note: str
    is_set: bool
    """Whether the limit was set for this day alone."""

    @property
    def left(self) -> int:
        return max(0, self.limit - self.orders)

    @property
    def etag(self) -> str:
        """Of what was set for the day."""
        return tag_of_day(self.limit if self.is_set else None, self.note)


def capacity_days(vendor: Vendor, *, since: date, days: int = SHOWN_DAYS) -> list[CapacityDay]:
    """How full the vendor's coming days are, those without orders included. One query."""
    uses = {use.date: use for use in CapacityUse.objects.filter(vendor=vendor, date__gte=since)}
    return [
        _capacity_day(vendor, day, uses.get(day)) for day in (since + timedelta(days=ahead) for ahead in range(days))
    ]


def _capacity_day(vendor: Vendor, day: date, use: CapacityUse | None) -> CapacityDay:
    if use is None:
        return CapacityDay(day, 0, vendor.daily_order_limit, "", is_set=False)
    limit = vendor.daily_order_limit if use.order_limit is None else use.order_limit
    return CapacityDay(day, use.orders, limit, use.note, is_set=use.order_limit is not None)


def waiting_by_pincode(limit: int = 24) -> list[tuple[str, int]]:
    """Where most households wait for us, most first. One query."""
    counts = Waiting.objects.open().order_by().values_list("pincode").annotate(households=Count("pk"))
    return list(counts.order_by("-households", "pincode")[:limit])
