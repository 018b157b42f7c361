"""What could be bought instead of what is short."""

from collections.abc import Mapping, Sequence
from datetime import date

from cart.queries.pricing import CartView
from catalog.alternatives import stand_ins
from catalog.queries import Sellable
from inventory.queries import availability_at
from milkdelivery.core.models import Region

MOST = 2
"""Shown for one line."""


def instead_of_short(
    view: CartView, *, region: Region, pincode: str | None, on: date
) -> Mapping[int, Sequence[Sellable]]:
    """By variant of lines that are short or gone: other packs of which there is as much as is wanted, the best first.

    One pack of a product, and nothing that is in the cart already. No query where nothing is short, else four.
    """
    short = {line.line.variant_id: line.quantity for line in view.lines if line.state in ("SHORT", "UNAVAILABLE")}
    if not short:
        return {}
    found = stand_ins(short, region=region, on=on, most=4 * MOST)
    ids = {sold.variant.pk for others in found.values() for sold in others}
    left = availability_at(pincode, ids, region_id=region.pk, on=on) if ids else {}
    held = {line.line.variant_id for line in view.lines}
    instead: dict[int, list[Sellable]] = {}
    for variant_id, others in found.items():
        fits = [sold for sold in others if left[sold.variant.pk].quantity >= short[variant_id]]
        nearest: dict[int, Sellable] = {}
        for sold in fits:
            if sold.variant.pk not in held:
                nearest.setdefault(sold.variant.product_id, sold)
        instead[variant_id] = list(nearest.values())[:MOST]
    return instead
