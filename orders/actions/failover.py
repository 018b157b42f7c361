"""What one vendor can't bring, another one does; and where there is none, the order costs less."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from inventory import actions as stock
from inventory.queries import held_by, shelves_of_order
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.outside import ensure_in_transaction
from orders.actions.candidates import Candidates, Pair, locked_candidates
from orders.actions.parts import (
    Outcome,
    Parts,
    divide_line,
    instead_of,
    outcome_of,
    save_rows,
    share_out,
    stops_the_order,
    variants_of,
)
from orders.actions.progress import cancel_order
from orders.actions.repricing import reprice_what_is_missing
from orders.actions.transitions import leave_to_nobody
from orders.events import OrderLineShort, VendorReplaced
from orders.models import Order, OrderLine
from orders.rules.answers import LINE_MISSING, NOBODY_CAN_FILL
from orders.rules.decision import decision_of
from vendors.actions import give_capacity_back, take_capacity

FAILOVER = Actor.system("failover")


def find_others(order: Order, given_back: Mapping[int, int], *, by: Actor) -> dict[int, Outcome]:
    """Give pieces of a locked order, by line id, that their vendors don't bring to the next best ones.

    Stock and capacity go along: released here, reserved there. A line is split where only a part of it moves or where
    nobody has all of it. What nobody can bring goes by what the household chose: it is SHORT and the order is priced
    anew, something like it comes (SUBSTITUTED), or the whole order is cancelled; so is one of which nothing is left.
    Vendors that gave the variant back before are not asked. Says who took what, by line id.

    Part of the caller's transaction. Locks lines, shelves, then capacity. Emits VendorReplaced for each vendor that got
    something, OrderLineShort, and what a cancelled order emits.
    """
    ensure_in_transaction("find_others()")
    lines = OrderLine.objects.locked_of(order.pk)
    for line in lines:
        line.order = order
    giving = [line for line in lines if line.pk in given_back]
    held = {(line.vendor_id or 0, line.variant_id) for line in giving}
    touched = shelves_of_order(order.number).values()
    instead = instead_of(order, giving)
    candidates = locked_candidates(order, variants_of(giving, instead), held={*held, *touched})
    staying = _vendors(line for line in lines if given_back.get(line.pk, 0) < line.quantity)
    parts = share_out(giving, given_back, candidates, staying=staying, instead=instead)
    outcome = {line.pk: outcome_of(parts[line.pk]) for line in giving}
    if not any(_still_comes(line, given_back, parts) for line in lines):
        _cancel(order, giving, candidates, reason=NOBODY_CAN_FILL, by=by)
        return outcome
    if unwanted := stops_the_order(giving, parts):
        _cancel(order, unwanted, candidates, reason=LINE_MISSING, by=by)
        return outcome
    before = _vendors(lines)
    _release(order, lines, given_back, held, by=by)
    changed = [
        row for line in giving for row in divide_line(line, given_back[line.pk], parts[line.pk], candidates, staying)
    ]
    save_rows(changed)
    rows = [*(line for line in lines if line.pk not in given_back), *changed]
    _move_capacity(order, before, _vendors(rows), candidates)
    _reserve(order, parts, giving, by=by)
    _tell(order, [row for row in changed if row.status == OrderLine.Status.ASSIGNED], by=by)
    reprice_what_is_missing(order, rows, changed, by=by)
    return outcome


def _vendors(lines: Any) -> frozenset[int]:
    """Who brings something of these."""
    return frozenset(line.vendor_id for line in lines if line.vendor_id is not None and line.comes)


def _still_comes(line: OrderLine, given_back: Mapping[int, int], parts: Parts) -> bool:
    kept = line.quantity - given_back.get(line.pk, 0)
    return line.comes and (kept > 0 or any(part.chosen for part in parts.get(line.pk, ())))


def _cancel(order: Order, giving: Sequence[OrderLine], candidates: Candidates, *, reason: str, by: Actor) -> None:
    """Nothing is left of the order, or nothing of it is wanted without these lines.

    Its figures stay, so that what was cancelled can still be seen. What was given back is REJECTED, and nobody's.
    """
    for line in giving:
        line.decision = decision_of(
            candidates.get(line.variant_id, ()), chosen_id=None, quantity=line.quantity, used=frozenset()
        )
    OrderLine.objects.bulk_update(giving, ["decision"])
    pieces = sum(line.quantity for line in giving)
    ids = tuple(line.pk for line in giving)
    total = order.grand_total
    emit(OrderLineShort(order.pk, order.customer_id, ids, pieces, total, total, is_whole=True), actor=by)
    cancel_order(order.pk, by=FAILOVER, reason=reason)
    leave_to_nobody(ids)


def _release(
    order: Order, lines: Sequence[OrderLine], given_back: Mapping[int, int], held: set[Pair], *, by: Actor
) -> None:
    """Let the order hold no more at those vendors than they still bring of it: some may be gone already."""
    kept: dict[Pair, int] = defaultdict(int)
    for line in lines:
        if line.comes and line.vendor_id is not None:
            kept[line.vendor_id, line.variant_id] += line.quantity - given_back.get(line.pk, 0)
    now = held_by(order.number)
    free = {pair: now[pair] - kept[pair] for pair in held if now.get(pair, 0) > kept[pair]}
    if free:
        stock.release(reference=order.number, by=by, reason="Given back by the dairy", only=free)


def _move_capacity(order: Order, before: frozenset[int], after: frozenset[int], candidates: Candidates) -> None:
    """Vendors that came in count the order, those that brought nothing else of it don't any more."""
    limits = {c.vendor_id: c.daily_order_limit for found in candidates.values() for c in found}
    take_capacity({vendor_id: limits[vendor_id] for vendor_id in after - before}, on=order.delivery_date)
    if before - after:
        give_capacity_back(before - after, on=order.delivery_date)


def _reserve(order: Order, parts: Parts, giving: Sequence[OrderLine], *, by: Actor) -> None:
    wanted: dict[Pair, int] = defaultdict(int)
    for line in giving:
        for part in parts[line.pk]:
            if part.chosen:
                variant_id = part.instead.variant_id if part.instead else line.variant_id
                wanted[part.chosen.vendor_id, variant_id] += part.pieces
    if wanted:
        stock.reserve(wanted, on=order.delivery_date, reference=order.number, by=by)


def _tell(order: Order, moved: Sequence[OrderLine], *, by: Actor) -> None:
    by_vendor: dict[int, list[int]] = defaultdict(list)
    for row in moved:
        by_vendor[row.vendor_id or 0].append(row.pk)
    emit_many(
        (VendorReplaced(order.pk, vendor_id, tuple(ids)) for vendor_id, ids in sorted(by_vendor.items())), actor=by
    )
