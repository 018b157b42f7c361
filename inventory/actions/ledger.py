"""The one place where stock changes: locked shelves, their batches and promises, a movement for each change, its event.

The lock on a shelf's stock row covers everything that belongs to the shelf.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from inventory.events import StockChanged
from inventory.models import Batch, BatchUse, Promise, Stock, StockMovement
from inventory.rules import ensure_room, ensure_sound
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit_many

Kind = StockMovement.Kind


@dataclass(frozen=True, slots=True)
class Change:
    """What one movement does to a locked shelf, in pieces.

    `reserved` is for the delivery `day`. `batch` gains or loses what `on_hand` does; without one the goods are those
    from before every piece had its batch. `reference` is the order it is for, where that is not the same for all.
    """

    stock: Stock
    on_hand: int = 0
    reserved: int = 0
    day: date | None = None
    batch: Batch | None = None
    reference: str = ""


def shelf_of(vendor_id: int, variant_id: int) -> Stock:
    """The shelf of a vendor's variant, locked until the transaction ends; made where there is none yet."""
    found = Stock.objects.locked([(vendor_id, variant_id)])
    if not found:
        Stock.objects.bulk_create([Stock(vendor_id=vendor_id, variant_id=variant_id)], ignore_conflicts=True)
        found = Stock.objects.locked([(vendor_id, variant_id)])
    return found[0]


def apply(kind: str, changes: Sequence[Change], *, by: Actor, reference: str = "", reason: str = "") -> None:
    """Write what changed on locked shelves, with a movement and a StockChanged for each change.

    Raises StockWouldBreak where the shelves would not be sound; then nothing is written.
    """
    if not changes:
        return
    if kind != Kind.RETURN and any(change.on_hand > 0 and change.batch is None for change in changes):
        raise ValueError("what is added is in a batch: what is in none would never expire")
    for change in changes:
        change.stock.on_hand += change.on_hand
        change.stock.reserved += change.reserved
        change.stock.batched += change.on_hand if change.batch else 0
    stocks = {change.stock.pk: change.stock for change in changes}
    for stock in stocks.values():
        ensure_sound(stock.on_hand, stock.reserved, stock.batched)
    if kind != Kind.RETURN:  # an order that is taken back must not fail for a full shelf
        _ensure_room(changes)
    Stock.objects.bulk_update(stocks.values(), ["on_hand", "reserved", "batched"])
    _move_batches(changes, reference=reference)
    _move_promises(changes)
    _write_down(kind, changes, by=by, reference=reference, reason=reason)


def _ensure_room(changes: Sequence[Change]) -> None:
    """On shelves that grow: what has too much already may still shrink, or be put into a batch."""
    growth: dict[int, int] = defaultdict(int)
    for change in changes:
        growth[change.stock.pk] += change.on_hand
    for change in changes:
        if change.on_hand > 0 and growth[change.stock.pk] > 0:
            ensure_room(change.stock.on_hand)
            ensure_room(change.batch.received if change.batch else 0)


def _move_batches(changes: Sequence[Change], *, reference: str) -> None:
    moved: dict[int, Batch] = {}
    used: dict[int, int] = defaultdict(int)
    for change in changes:
        if change.batch is not None:
            change.batch.remaining += change.on_hand
            moved[change.batch.pk] = change.batch
            used[change.batch.pk] -= change.on_hand
    if moved:
        Batch.objects.bulk_update(moved.values(), ["received", "remaining"])
    if reference:
        BatchUse.objects.add(reference, used)


def _move_promises(changes: Sequence[Change]) -> None:
    """Bring the promises by day to what was reserved and given back, one row per shelf and day."""
    net: dict[tuple[int, date], int] = defaultdict(int)
    for change in changes:
        if change.reserved:
            if change.day is None:
                raise ValueError("what is reserved is reserved for a day")
            net[change.stock.pk, change.day] += change.reserved
    Promise.objects.add(net)


def _write_down(kind: str, changes: Sequence[Change], *, by: Actor, reference: str, reason: str) -> None:
    now = clock.now()
    StockMovement.objects.bulk_create(
        StockMovement(
            stock=change.stock,
            kind=kind,
            on_hand_change=change.on_hand,
            reserved_change=change.reserved,
            reference=change.reference or reference,
            delivery_date=change.day,
            batch=change.batch,
            reason=reason,
            actor=by.label,
            occurred_at=now,
        )
        for change in changes
    )
    emit_many(
        (
            StockChanged(change.stock.pk, str(kind), change.on_hand, change.reserved, change.reference or reference)
            for change in changes
        ),
        actor=by,
    )


def lots_there(stock_ids: Collection[int]) -> dict[int, list[Batch]]:
    """What is left of the batches on locked shelves, first expired first, by shelf. One query."""
    found: dict[int, list[Batch]] = defaultdict(list)
    for batch in Batch.objects.there().filter(stock_id__in=stock_ids):
        found[batch.stock_id].append(batch)
    return found
