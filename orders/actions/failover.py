"""What one vendor can't bring, another one does; and where there is none, the order costs less."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inventory import actions as stock
from inventory.queries import held_by, shelves_of_order
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.outside import ensure_in_transaction
from orders.actions.assignment import give_line
from orders.actions.candidates import Candidates, Pair, locked_candidates
from orders.actions.progress import cancel_order
from orders.actions.repricing import reprice
from orders.actions.transitions import give_up, hand_on
from orders.events import OrderLineShort, VendorReplaced
from orders.models import Order, OrderLine
from orders.rules.answers import NOBODY_CAN_FILL, Figures, divide
from orders.rules.decision import decision_of
from vendors.actions import give_capacity_back, take_capacity
from vendors.rules import Candidate, spread

FAILOVER = Actor.system("failover")
CHANGED = [
    "quantity",
    "shortage",
    "discount",
    "tax",
    "deposit",
    "total",
    "vendor",
    "vendor_reason",
    "decision",
    "status",
]

Outcome = list[dict[str, Any]]
"""Who took how many pieces; vendor None: nobody."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pieces of a line that was given back: with whom they are now, None for nobody."""

    pieces: int
    chosen: Candidate | None


def find_others(order: Order, given_back: Mapping[int, int], *, by: Actor) -> dict[int, Outcome]:
    """Give pieces of a locked order, by line id, that their vendors don't bring to the next best ones.

    Stock and capacity go along: released here, reserved there. A line is split where only a part of it moves or where
    nobody has all of it. What nobody can bring is SHORT and the order is priced anew; an order of which nothing is left
    is cancelled. Vendors that gave the variant back before are not asked. Says who took what, by line id.

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
    candidates = locked_candidates(order, {line.variant_id for line in giving}, held={*held, *touched})
    staying = _vendors(line for line in lines if given_back.get(line.pk, 0) < line.quantity)
    parts = _share_out(giving, given_back, candidates, staying=staying)
    outcome = {line.pk: _outcome(parts[line.pk]) for line in giving}
    if not any(_still_comes(line, given_back, parts) for line in lines):
        _cancel(order, giving, candidates, by=by)
        return outcome
    before = _vendors(lines)
    _release(order, lines, given_back, held, by=by)
    changed = [
        row for line in giving for row in _divide(line, given_back[line.pk], parts[line.pk], candidates, staying)
    ]
    _save(changed)
    rows = [*(line for line in lines if line.pk not in given_back), *changed]
    _move_capacity(order, before, _vendors(rows), candidates)
    _reserve(order, parts, giving, by=by)
    _tell(order, [row for row in changed if row.status == OrderLine.Status.ASSIGNED], by=by)
    short = [row for row in changed if not row.comes]
    if short:
        total_before = order.grand_total
        _save(reprice(order, rows))
        pieces = sum(row.quantity for row in short)
        ids = tuple(row.pk for row in short)
        emit(
            OrderLineShort(order.pk, order.customer_id, ids, pieces, total_before, order.grand_total, is_whole=False),
            actor=by,
        )
    return outcome


def _vendors(lines: Any) -> frozenset[int]:
    """Who brings something of these."""
    return frozenset(line.vendor_id for line in lines if line.vendor_id is not None and line.comes)


def _share_out(
    giving: Sequence[OrderLine], given_back: Mapping[int, int], candidates: Candidates, *, staying: frozenset[int]
) -> dict[int, list[Part]]:
    """The parts of what each line gives back, by line id. What one line takes, the next doesn't have any more."""
    taken: dict[Pair, int] = defaultdict(int)
    used = set(staying)
    parts: dict[int, list[Part]] = {}
    for line in giving:
        left = [
            replace(c, available=c.available - taken[c.vendor_id, line.variant_id])
            for c in candidates.get(line.variant_id, ())
        ]
        wanted = given_back[line.pk]
        parts[line.pk] = [Part(pieces, chosen) for chosen, pieces in spread(left, quantity=wanted, chosen=used)]
        for part in parts[line.pk]:
            if part.chosen:
                taken[part.chosen.vendor_id, line.variant_id] += part.pieces
                used.add(part.chosen.vendor_id)
        missing = wanted - sum(part.pieces for part in parts[line.pk])
        if missing:
            parts[line.pk].append(Part(missing, None))
    return parts


def _outcome(parts: Sequence[Part]) -> Outcome:
    return [
        {
            "vendor": part.chosen and part.chosen.vendor_id,
            "name": part.chosen.name if part.chosen else "",
            "pieces": part.pieces,
        }
        for part in parts
    ]


def _still_comes(line: OrderLine, given_back: Mapping[int, int], parts: Mapping[int, Sequence[Part]]) -> bool:
    kept = line.quantity - given_back.get(line.pk, 0)
    return line.comes and (kept > 0 or any(part.chosen for part in parts.get(line.pk, ())))


def _cancel(order: Order, giving: Sequence[OrderLine], candidates: Candidates, *, by: Actor) -> None:
    """Nothing is left of the order. Its figures stay, so that what was cancelled can still be seen."""
    for line in giving:
        line.decision = decision_of(
            candidates.get(line.variant_id, ()), chosen_id=None, quantity=line.quantity, used=frozenset()
        )
    OrderLine.objects.bulk_update(giving, ["decision"])
    pieces = sum(line.quantity for line in giving)
    ids = tuple(line.pk for line in giving)
    total = order.grand_total
    emit(OrderLineShort(order.pk, order.customer_id, ids, pieces, total, total, is_whole=True), actor=by)
    cancel_order(order.pk, by=FAILOVER, reason=NOBODY_CAN_FILL)


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


def _divide(
    line: OrderLine, pieces: int, parts: Sequence[Part], candidates: Candidates, staying: frozenset[int]
) -> list[OrderLine]:
    """The rows that a line becomes: what its vendor keeps, and its parts. The first of them is the row it was."""
    kept = line.quantity - pieces
    shares = [Part(kept, None), *parts] if kept else list(parts)
    whole = Figures(discount=line.discount, tax=line.tax, deposit=line.deposit, total=line.total)
    figures = divide(whole, unit_price=line.unit_price, quantities=[share.pieces for share in shares])
    rows = [line, *(_copy(line) for _share in shares[1:])]
    for position, (row, share, its) in enumerate(zip(rows, shares, figures, strict=True)):
        row.quantity = share.pieces
        row.discount, row.tax, row.deposit, row.total = its.discount, its.tax, its.deposit, its.total
        looked = candidates.get(line.variant_id, ())
        if kept and position == 0:
            continue
        if share.chosen:
            give_line(row, share.chosen, looked, used=staying)
            hand_on(row)
        else:
            row.vendor_reason = ""
            row.decision = decision_of(looked, chosen_id=None, quantity=share.pieces, used=staying)
            give_up(row)
    return rows


def _copy(line: OrderLine) -> OrderLine:
    """The same goods once more, not saved yet; quantity, figures and vendor are still to be set."""
    copy = OrderLine(
        variant_id=line.variant_id,
        name=line.name,
        pack=line.pack,
        unit_price=line.unit_price,
        hsn_code=line.hsn_code,
        tax_basis_points=line.tax_basis_points,
        substitution_of_id=line.substitution_of_id,
    )
    copy.order = line.order
    return copy


def _save(lines: Sequence[OrderLine]) -> None:
    known, new = [line for line in lines if line.pk], [line for line in lines if not line.pk]
    if known:
        OrderLine.objects.bulk_update(known, CHANGED)
    if new:
        OrderLine.objects.bulk_create(new)


def _move_capacity(order: Order, before: frozenset[int], after: frozenset[int], candidates: Candidates) -> None:
    """Vendors that came in count the order, those that brought nothing else of it don't any more."""
    limits = {c.vendor_id: c.daily_order_limit for found in candidates.values() for c in found}
    take_capacity({vendor_id: limits[vendor_id] for vendor_id in after - before}, on=order.delivery_date)
    if before - after:
        give_capacity_back(before - after, on=order.delivery_date)


def _reserve(order: Order, parts: Mapping[int, Sequence[Part]], giving: Sequence[OrderLine], *, by: Actor) -> None:
    wanted: dict[Pair, int] = defaultdict(int)
    for line in giving:
        for part in parts[line.pk]:
            if part.chosen:
                wanted[part.chosen.vendor_id, line.variant_id] += part.pieces
    if wanted:
        stock.reserve(wanted, on=order.delivery_date, reference=order.number, by=by)


def _tell(order: Order, moved: Sequence[OrderLine], *, by: Actor) -> None:
    by_vendor: dict[int, list[int]] = defaultdict(list)
    for row in moved:
        by_vendor[row.vendor_id or 0].append(row.pk)
    emit_many(
        (VendorReplaced(order.pk, vendor_id, tuple(ids)) for vendor_id, ids in sorted(by_vendor.items())), actor=by
    )
