"""What a household would order once more: an order of theirs, or the usual."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from milkdelivery.core.rules import MAX_QUANTITY
from orders.models import Order, OrderLine
from orders.queries.lookup import COMING
from orders.rules.usual import usual_basket

LOOK_BACK = 10
"""How many orders tell what is usual."""
_ROWS = 40
"""How many orders are looked at for them: some were cancelled."""
_KEPT = [Order.Status.CONFIRMED, Order.Status.PACKED, Order.Status.OUT_FOR_DELIVERY, Order.Status.DELIVERED]


@dataclass(frozen=True, slots=True)
class Recent:
    """A household's last orders."""

    newest: int
    """Id of the last one, whatever became of it; 0 where there is none."""
    kept: tuple[int, ...]
    """Ids of the last ones that came, or will, newest first."""
    taken: frozenset[tuple[int, date]]
    """Slots and days on which something is coming already."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was wanted, whatever came of it: pieces, and what to do where there is not enough, by variant."""

    pieces: Mapping[int, int]
    if_short: Mapping[int, str]


def recent_of(customer_id: int) -> Recent:
    """One query."""
    rows = list(
        Order.objects.of(customer_id).order_by("-id").values_list("pk", "status", "slot_id", "delivery_date")[:_ROWS]
    )
    return Recent(
        newest=rows[0][0] if rows else 0,
        kept=tuple(pk for pk, status, _slot, _day in rows if status in _KEPT)[:LOOK_BACK],
        taken=frozenset((slot_id, day) for _pk, status, slot_id, day in rows if status in COMING),
    )


def usual_of(recent: Recent) -> Wanted:
    """What its household orders most. One query, none where nothing ever came."""
    if not recent.kept:
        return Wanted({}, {})
    by_order: dict[int, list[OrderLine]] = {order_id: [] for order_id in recent.kept}
    for line in OrderLine.objects.filter(order_id__in=recent.kept).order_by("pk"):
        by_order[line.order_id].append(line)
    baskets = [wanted_in(by_order[order_id]) for order_id in recent.kept]
    pieces = usual_basket([basket.pieces for basket in baskets])
    if_short = {variant_id: choice for basket in reversed(baskets) for variant_id, choice in basket.if_short.items()}
    return Wanted(pieces, {variant_id: if_short[variant_id] for variant_id in pieces})


def wanted_in(lines: Iterable[OrderLine]) -> Wanted:
    """What an order's household asked for, of all its lines: not what came instead, and whole where it was divided."""
    pieces: dict[int, int] = {}
    if_short: dict[int, str] = {}
    for line in lines:
        if line.substitution_of_id is None:
            pieces[line.variant_id] = min(MAX_QUANTITY, pieces.get(line.variant_id, 0) + line.quantity)
            if_short[line.variant_id] = line.if_short
    return Wanted(pieces, if_short)
