"""Which dairy fills which line."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.translation import gettext_lazy as _

from inventory.actions import lock_available
from inventory.rules import OutOfStock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit_many
from milkdelivery.core.outside import ensure_in_transaction
from orders.actions.transitions import assign_lines
from orders.events import VendorAssigned
from orders.models import Order, OrderLine
from vendors.actions import lock_capacity, take_capacity
from vendors.models import Offer
from vendors.rules import Candidate, choose, score

Candidates = Mapping[int, Sequence[Candidate]]


def assign_vendors(order: Order, *, by: Actor) -> None:
    """Give every open line of a locked order to the best dairy and count the order against its day.

    Part of the caller's transaction. Locks the candidates' shelves, then their capacity. Raises OutOfStock with the
    variants nobody can fill. Emits VendorAssigned for each vendor.
    """
    ensure_in_transaction("assign_vendors()")
    lines = [line for line in OrderLine.objects.locked_of(order.pk) if line.status == OrderLine.Status.OPEN]
    if not lines:
        return
    candidates = _locked_candidates([line.variant_id for line in lines], pincode=order.pincode, on=order.delivery_date)
    choices = _choose(lines, candidates)
    for line in lines:
        chosen = choices[line.pk]
        line.vendor_id = chosen.vendor_id
        line.vendor_reason = reason_for(chosen, len(candidates[line.variant_id]))
    assign_lines(lines)
    by_vendor: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        by_vendor[choices[line.pk].vendor_id].append(line.pk)
    take_capacity({c.vendor_id: c.daily_order_limit for c in choices.values()}, on=order.delivery_date)
    emit_many(
        (VendorAssigned(order.pk, vendor_id, tuple(ids)) for vendor_id, ids in sorted(by_vendor.items())), actor=by
    )


def _choose(lines: Sequence[OrderLine], candidates: Candidates) -> dict[int, Candidate]:
    """A vendor for each line, by line id. Raises OutOfStock naming every variant that has none."""
    choices: dict[int, Candidate] = {}
    short: list[int] = []
    for line in lines:
        chosen = {candidate.vendor_id for candidate in choices.values()}
        choice = choose(candidates.get(line.variant_id, ()), quantity=line.quantity, chosen=chosen)
        if choice is None:
            short.append(line.variant_id)
        else:
            choices[line.pk] = choice
    if short:
        raise OutOfStock(_("Not enough is left of what you want."), variant_ids=short)
    return choices


def _locked_candidates(variant_ids: list[int], *, pincode: str, on: date) -> Candidates:
    """The vendors that may fill each variant, with stock and capacity read under their locks."""
    offers = list(
        Offer.objects.filter(
            variant_id__in=variant_ids,
            is_active=True,
            vendor__is_active=True,
            vendor__service_areas__pincode__code=pincode,
        ).select_related("vendor")
    )
    available = lock_available([(offer.vendor_id, offer.variant_id) for offer in offers], on=on)
    orders = lock_capacity([offer.vendor_id for offer in offers], on=on)
    candidates: dict[int, list[Candidate]] = defaultdict(list)
    for offer in offers:
        candidates[offer.variant_id].append(
            Candidate(
                vendor_id=offer.vendor_id,
                rating=offer.vendor.rating,
                orders_that_day=orders[offer.vendor_id],
                daily_order_limit=offer.vendor.daily_order_limit,
                available=available[offer.vendor_id, offer.variant_id],
            )
        )
    return candidates


def reason_for(chosen: Candidate, number: int) -> str:
    """Why this vendor, for staff: written once, when it was decided."""
    return (
        f"score {score(chosen):.1f} (rating {chosen.rating}, {chosen.orders_that_day} orders that day), "
        f"{chosen.available} available, best of {number}"
    )
