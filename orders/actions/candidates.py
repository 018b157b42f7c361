"""Who could fill an order's lines, with stock and capacity read under their locks."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Exists, OuterRef

from inventory.actions import lock_available
from milkdelivery.core import clock
from orders.models import GAVE_BACK, Order, VendorAnswer
from vendors.actions import lock_capacity
from vendors.models import Offer, ServiceArea, may_serve
from vendors.rules import Candidate, is_in_time

Pair = tuple[int, int]
"""Vendor and variant."""

Candidates = Mapping[int, Sequence[Candidate]]
"""By variant."""


def locked_candidates(order: Order, variant_ids: Collection[int], *, held: Collection[Pair] = ()) -> Candidates:
    """All vendors of the market that may serve and offer each variant, as they stand for the order's day.

    Part of the caller's transaction, with the order locked. Locks the shelves of those that serve the pincode and of
    `held` ones, by primary key, then their day.
    """
    serves = ServiceArea.objects.filter(vendor=OuterRef("vendor"), pincode__code=order.pincode)
    offers = list(
        Offer.objects.filter(
            may_serve("vendor"), variant_id__in=variant_ids, is_active=True, vendor__region=order.region_id
        )
        .annotate(serves=Exists(serves))
        .select_related("vendor")
        .only("vendor", "variant", "lead_time_days", "vendor__rating", "vendor__name")
        .order_by("vendor_id", "variant_id")
    )
    serving = [(offer.vendor_id, offer.variant_id) for offer in offers if offer.serves]
    available = lock_available([*serving, *held], on=order.delivery_date)
    room = lock_capacity([vendor_id for vendor_id, _variant in (*serving, *held)], on=order.delivery_date)
    refused = _refused(order)
    today = clock.today(order.region)
    candidates: dict[int, list[Candidate]] = defaultdict(list)
    for offer in offers:
        day = room.get(offer.vendor_id)
        candidates[offer.variant_id].append(
            Candidate(
                vendor_id=offer.vendor_id,
                rating=offer.vendor.rating,
                orders_that_day=day.orders if day else 0,
                daily_order_limit=day.limit if day else 0,
                available=available.get((offer.vendor_id, offer.variant_id), 0),
                name=offer.vendor.name,
                serves=offer.serves,
                is_in_time=is_in_time(offer.lead_time_days, today=today, on=order.delivery_date),
                has_refused=(offer.vendor_id, offer.variant_id) in refused,
            )
        )
    return candidates


def _refused(order: Order) -> set[Pair]:
    """Who gave which variant of the order back. A query only where that can be: the first assignment asks nobody."""
    if order.status == Order.Status.CREATED:
        return set()
    answers = VendorAnswer.objects.filter(order=order, kind__in=GAVE_BACK)
    return set(answers.values_list("vendor_id", "variant_id"))
