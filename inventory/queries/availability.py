"""What can still be bought where and when, and what an order holds."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, Min, OuterRef, QuerySet, Sum

from inventory.models import BatchUse, Stock, StockMovement, StockQuerySet, SupplyPromise
from inventory.rules import SHOWN_AT_MOST, availability
from milkdelivery.core import clock
from vendors.queries import can_bring


@dataclass(frozen=True, slots=True)
class Availability:
    """How much of a variant one order can have: `state` is IN_STOCK, LOW or OUT; `quantity` is capped for display."""

    state: str
    quantity: int


OUT = Availability("OUT", 0)


def availability_at(
    pincode: str | None, variant_ids: Collection[int], *, region_id: int, on: date
) -> Mapping[int, Availability]:
    """Availability of variants for a delivery on that day at a pincode (in the whole market, without one). One query.

    One vendor serves a line whole, so what counts is the vendor that has most, not the sum over vendors. A vendor
    counts if it is active, serves the pincode, offers the variant early enough for the day, and has room on it. What is
    missing is OUT.
    """
    stocks = Stock.objects.filter(
        can_bring(on=on, now=clock.now()), variant_id__in=variant_ids, vendor__region_id=region_id
    )
    if pincode:
        stocks = stocks.filter(vendor__service_areas__pincode__code=pincode)
    best = stocks.with_left(on=on).order_by("variant_id", "-left", "low_threshold").distinct("variant_id")
    found = {
        variant_id: Availability(availability(left, threshold), min(left, SHOWN_AT_MOST))
        for variant_id, left, threshold in best.values_list("variant_id", "left", "low_threshold")
    }
    return {variant_id: found.get(variant_id, OUT) for variant_id in variant_ids}


def held_by(reference: str) -> Mapping[tuple[int, int], int]:
    """Pieces that an order holds by (vendor, variant): reserved on shelves, and promised of supplies to come.

    Two queries. What it holds no more (packed, released, or short) is not in it.
    """
    held: dict[tuple[int, int], int] = defaultdict(int)
    moved = StockMovement.objects.filter(reference=reference).order_by("stock__vendor_id", "stock__variant_id")
    for vendor_id, variant_id, net in moved.values_list("stock__vendor_id", "stock__variant_id").annotate(
        net=Sum("reserved_change")
    ):
        held[vendor_id, variant_id] += net
    coming = SupplyPromise.objects.filter(reference=reference, supply__received_at=None)
    for vendor_id, variant_id, quantity in coming.values_list(
        "supply__stock__vendor_id", "supply__stock__variant_id", "quantity"
    ):
        held[vendor_id, variant_id] += quantity
    return {pair: count for pair, count in held.items() if count}


def keeps_until(reference: str) -> date | None:
    """The last day on which all that was packed for an order may be delivered; None where nobody knows. One query."""
    used = BatchUse.objects.filter(reference=reference, quantity__gt=0)
    found: date | None = used.aggregate(first=Min("batch__expires_on"))["first"]
    return found


def shelves_of_order(reference: str) -> Mapping[int, tuple[int, int]]:
    """Every shelf that an order has or had to do with: its (vendor, variant) by primary key. One query.

    Whoever locks shelves of an order locks all of these at once, so that no later step has to lock one more.
    """
    moved = StockMovement.objects.filter(reference=reference).order_by()
    coming = SupplyPromise.objects.filter(reference=reference).order_by()
    rows = moved.values_list("stock_id", "stock__vendor_id", "stock__variant_id").union(
        coming.values_list("supply__stock_id", "supply__stock__vendor_id", "supply__stock__variant_id")
    )
    return {pk: (vendor_id, variant_id) for pk, vendor_id, variant_id in rows}


def came_in_short(references: Collection[str]) -> Mapping[tuple[int, int], list[str]]:
    """Of these orders those that got less of a supply than they were promised, by (vendor, variant). One query."""
    short: dict[tuple[int, int], list[str]] = defaultdict(list)
    found = SupplyPromise.objects.filter(reference__in=references, got__lt=F("quantity")).order_by("pk")
    for vendor_id, variant_id, reference in found.values_list(
        "supply__stock__vendor_id", "supply__stock__variant_id", "reference"
    ):
        short[vendor_id, variant_id].append(reference)
    return short


def products_left_at(pincode: str | None, *, region_id: int, on: date) -> QuerySet[Stock, int]:
    """The ids of products with a pack that can be had there that day; a subquery for others. As `availability_at`."""
    stocks = _stocks_at(pincode, region_id=region_id, on=on).with_left(on=on).filter(left__gt=0)
    return stocks.values_list("variant__product_id", flat=True)


def may_come_at(pincode: str | None, *, region_id: int, on: date) -> Exists:
    """Of a product that another query looks at: whether a pack of it can be had there that day, as far as sorting
    needs to know (see `with_about_left`)."""
    stocks = _stocks_at(pincode, region_id=region_id, on=on).with_about_left(on=on).filter(about_left__gt=0)
    return Exists(stocks.filter(variant__product_id=OuterRef("pk")))


def _stocks_at(pincode: str | None, *, region_id: int, on: date) -> StockQuerySet:
    """The shelves of packs on sale whose dairy can bring them there that day."""
    stocks = Stock.objects.filter(
        can_bring(on=on, now=clock.now()), vendor__region_id=region_id, variant__is_active=True
    )
    return stocks.filter(vendor__service_areas__pincode__code=pincode) if pincode else stocks
