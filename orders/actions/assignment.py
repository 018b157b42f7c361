"""Which dairy fills which line, when the order is placed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from inventory.rules import OutOfStock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit_many
from milkdelivery.core.outside import ensure_in_transaction
from orders.actions.candidates import Candidates, Pair, locked_candidates
from orders.actions.parts import (
    Instead,
    Part,
    divide_line,
    give_line,
    instead_of,
    save_rows,
    share_out,
    stops_the_order,
    variants_of,
)
from orders.actions.repricing import reprice_what_is_missing
from orders.actions.transitions import assign_lines
from orders.events import VendorAssigned
from orders.models import Order, OrderLine
from vendors.actions import take_capacity
from vendors.rules import Candidate, Want, choose_all


def assign_vendors(order: Order, *, by: Actor) -> None:
    """Give every open line of a locked order to the best dairy and count the order against its day.

    Where no dairy has all of a line, several bring parts of it. What nobody has goes by what the household chose: the
    line is short and the order costs less, something like it comes, or nothing at all.

    Part of the caller's transaction. Locks the candidates' shelves, then their capacity. Raises OutOfStock with the
    variants nobody can fill, where nothing is left of the order or the household chose so. Emits VendorAssigned for
    each vendor, and OrderLineShort.
    """
    ensure_in_transaction("assign_vendors()")
    lines = [line for line in OrderLine.objects.locked_of(order.pk) if line.status == OrderLine.Status.OPEN]
    if not lines:
        return
    instead = instead_of(order, lines)
    candidates = locked_candidates(order, variants_of(lines, instead))
    choices = choose_all({line.pk: Want(line.quantity, candidates.get(line.variant_id, ())) for line in lines})
    if len(choices) < len(lines):
        _assign_in_part(order, lines, choices, candidates, instead, by=by)
        return
    for line in lines:
        give_line(line, choices[line.pk], candidates[line.variant_id])
    assign_lines(lines)
    _count_and_tell(order, lines, candidates, by=by)


def _assign_in_part(
    order: Order,
    lines: Sequence[OrderLine],
    choices: Mapping[int, Candidate],
    candidates: Candidates,
    instead: Instead,
    *,
    by: Actor,
) -> None:
    """What comes whole goes as it was chosen; the rest is divided, replaced or left out."""
    for line in lines:
        line.order = order
    short = [line for line in lines if line.pk not in choices]
    taken: dict[Pair, int] = defaultdict(int)
    for line in lines:
        if line.pk in choices:
            taken[choices[line.pk].vendor_id, line.variant_id] += line.quantity
    parts: dict[int, list[Part]] = {pk: [Part(_pieces(lines, pk), chosen)] for pk, chosen in choices.items()}
    parts |= share_out(
        short,
        {line.pk: line.quantity for line in short},
        candidates,
        staying=frozenset(chosen.vendor_id for chosen in choices.values()),
        instead=instead,
        taken=taken,
    )
    unwanted = stops_the_order(short, parts)
    if not any(part.chosen for shared in parts.values() for part in shared):
        unwanted = short
    if unwanted:
        ids = [line.variant_id for line in unwanted]
        raise OutOfStock(_("Not enough is left of what you want."), variant_ids=ids)
    rows = [row for line in lines for row in divide_line(line, line.quantity, parts[line.pk], candidates, frozenset())]
    save_rows(rows)
    _count_and_tell(order, rows, candidates, by=by)
    reprice_what_is_missing(order, rows, rows, by=by)


def _pieces(lines: Iterable[OrderLine], pk: int) -> int:
    return next(line.quantity for line in lines if line.pk == pk)


def _count_and_tell(order: Order, lines: Iterable[OrderLine], candidates: Candidates, *, by: Actor) -> None:
    """The order takes room at every vendor that brings something of it."""
    limits = {c.vendor_id: c.daily_order_limit for found in candidates.values() for c in found}
    by_vendor: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        if line.vendor_id is not None:
            by_vendor[line.vendor_id].append(line.pk)
    take_capacity({vendor_id: limits[vendor_id] for vendor_id in by_vendor}, on=order.delivery_date)
    emit_many(
        (VendorAssigned(order.pk, vendor_id, tuple(ids)) for vendor_id, ids in sorted(by_vendor.items())), actor=by
    )
