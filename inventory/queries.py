"""What can still be bought where."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import F, Max, Min

from inventory.models import Stock
from inventory.rules import SHOWN_AT_MOST, availability


@dataclass(frozen=True, slots=True)
class Availability:
    """How much of a variant one order can have: `state` is IN_STOCK, LOW or OUT; `quantity` is capped for display."""

    state: str
    quantity: int


OUT = Availability("OUT", 0)


def availability_at(pincode: str | None, variant_ids: Collection[int]) -> Mapping[int, Availability]:
    """Availability of variants at a pincode (anywhere, without one). One query; what is missing is OUT.

    One vendor serves a line whole, so what counts is the vendor that has most, not the sum over vendors.
    """
    stocks = Stock.objects.filter(variant_id__in=variant_ids, vendor__is_active=True)
    stocks = stocks.filter(vendor__offers__variant_id=F("variant_id"), vendor__offers__is_active=True)
    if pincode:
        stocks = stocks.filter(vendor__service_areas__pincode__code=pincode)
    rows = stocks.values("variant_id").annotate(most=Max(F("on_hand") - F("reserved")), low=Min("low_threshold"))
    found = {
        row["variant_id"]: Availability(availability(row["most"], row["low"]), max(0, min(row["most"], SHOWN_AT_MOST)))
        for row in rows.order_by()
    }
    return {variant_id: found.get(variant_id, OUT) for variant_id in variant_ids}
