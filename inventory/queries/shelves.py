"""What stands on shelves, for the people who keep them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from catalog.models import Variant
from inventory.models import Batch, DailySupply, Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import NotFound
from vendors.models import Offer, Vendor
from vendors.queries import vendor_of

SOON = timedelta(days=2)
"""Goods that may be delivered no longer than this are worth a look."""

LOW = Q(left__lt=F("low_threshold"))
OUT_OF = Q(left__lte=0)


@dataclass(frozen=True, slots=True)
class Coming:
    """A day's supplies of a dairy, in pieces."""

    date: date
    quantity: int
    promised: int
    is_received: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A dairy's stock at a glance; pieces over all packs."""

    vendor: Vendor
    shelves: int
    on_hand: int
    reserved: int
    available: int
    low: int
    out: int
    expiring_soon: int
    coming: tuple[Coming, ...]


def vendors_kept_by(by: Actor) -> QuerySet[Vendor]:
    """The dairies whose stock this person may see and change: all for staff, one's own for a dairy's people."""
    if by.is_staff:
        return Vendor.objects.all()
    own = vendor_of(by.user_id or 0) if by.role == Role.VENDOR else None
    return Vendor.objects.filter(pk=own.pk) if own else Vendor.objects.none()


def kept_vendor(by: Actor, vendor_id: int) -> Vendor:
    """Raises NotFound for a dairy that is not there or not theirs: a stranger is told the same."""
    found = vendors_kept_by(by).select_related("region").filter(pk=vendor_id).first()
    if found is None:
        raise NotFound(_("There is no such dairy."), field="vendor_id")
    return found


def kept_variant(vendor: Vendor, variant_id: int) -> Variant:
    """A pack that the dairy offers, offered, or has on a shelf. Raises NotFound."""
    found = Variant.objects.filter(pk=variant_id).first()
    known = found and (
        Offer.objects.filter(vendor=vendor, variant=found).exists()
        or Stock.objects.filter(vendor=vendor, variant=found).exists()
    )
    if found is None or not known:
        raise NotFound(_("This dairy offers no such pack."), field="variant_id")
    return found


def shelves_kept_by(by: Actor) -> Any:
    """Their shelves with `left`, what is on hand and not promised."""
    stocks = Stock.objects.filter(vendor__in=vendors_kept_by(by)).select_related("vendor", "variant__product")
    return stocks.annotate(left=F("on_hand") - F("reserved"))


def summary_of(vendor: Vendor) -> Summary:
    """Three queries, whatever the dairy has."""
    today = clock.today(vendor.region)
    pieces = Stock.objects.filter(vendor=vendor).annotate(left=F("on_hand") - F("reserved"))
    totals = pieces.aggregate(
        shelves=Count("pk"),
        on_hand=Coalesce(Sum("on_hand"), 0),
        reserved=Coalesce(Sum("reserved"), 0),
        available=Coalesce(Sum("left"), 0),
        low=Count("pk", filter=LOW),
        out=Count("pk", filter=OUT_OF),
    )
    old = Batch.objects.filter(stock__vendor=vendor, remaining__gt=0, expires_on__lte=today + SOON)
    supplies = DailySupply.objects.filter(stock__vendor=vendor, date__gte=today).order_by("date")
    days = supplies.values("date").annotate(
        pieces=Sum("quantity"), sold=Sum("promised"), waiting=Count("pk", filter=Q(received_at=None))
    )
    return Summary(
        vendor=vendor,
        **totals,
        expiring_soon=old.aggregate(pieces=Coalesce(Sum("remaining"), 0))["pieces"],
        coming=tuple(Coming(day["date"], day["pieces"], day["sold"], not day["waiting"]) for day in days),
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a vendor has of a pack that it offers. `free` of it is promised to nobody."""

    variant: Variant
    on_hand: int
    promised: int
    is_low: bool

    @property
    def free(self) -> int:
        return self.on_hand - self.promised


def shelves_of(vendor_id: int) -> list[Shelf]:
    """Every pack that the vendor offers, by category and name, those without a shelf yet included. Two queries."""
    stocks = {stock.variant_id: stock for stock in Stock.objects.filter(vendor=vendor_id)}
    offered = Offer.objects.filter(vendor=vendor_id, is_active=True).values("variant")
    variants = Variant.objects.filter(pk__in=offered).select_related("product__category")
    return [
        _shelf(variant, stocks.get(variant.pk))
        for variant in variants.order_by("product__category__position", "product__name", "size", "pk")
    ]


def _shelf(variant: Variant, stock: Stock | None) -> Shelf:
    if stock is None:
        return Shelf(variant, 0, 0, is_low=True)
    return Shelf(variant, stock.on_hand, stock.reserved, is_low=stock.available < stock.low_threshold)


def supplies_of(
    vendor_id: int, variant_id: int, *, since: date | None = None, until: date | None = None
) -> QuerySet[DailySupply]:
    """What the vendor said it can bring of a pack on the days from `since` to `until`, in their order."""
    found = DailySupply.objects.filter(stock__vendor=vendor_id, stock__variant=variant_id).order_by("date")
    if since:
        found = found.filter(date__gte=since)
    return found.filter(date__lte=until) if until else found
