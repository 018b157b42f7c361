"""Goods that come in, are counted, corrected and thrown away."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from inventory.actions.batches import BatchFacts, added, batch_of, incoming
from inventory.actions.ledger import Change, Kind, apply, lots_there, shelf_of
from inventory.models import Batch, Promise, Stock
from inventory.rules import NEVER, Lot, StockWouldBreak, first_expired, promisable, promised_words
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput

MOST = 1_000_000
"""Pieces in one movement: more is a slip of the finger."""

ChangesOf = Callable[[Stock], list[Change]]


def receive(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str = "", batch: BatchFacts | None = None
) -> Stock:
    """Goods came in, as a batch where their days are known, else in the batch of the day.

    More of a known code adds to that batch. Raises BatchDiffers where the code is known with other days, InvalidInput
    for days that can't be and for a batch that has expired (see `receive_spoiled`). Emits StockChanged.
    """
    _ensure_positive(quantity)
    return on_one(vendor_id, variant_id, Kind.RECEIVE, lambda stock: [incoming(stock, quantity, batch)], by, reason)


def receive_spoiled(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str = "", batch: BatchFacts | None = None
) -> Stock:
    """Goods came in spoiled: they are thrown away at once, with a movement for each of the two, and never promised.

    The batch may have expired. Raises BatchDiffers, and InvalidInput for a batch of tomorrow. Emits StockChanged twice.
    """
    _ensure_positive(quantity)
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        came = incoming(stock, quantity, batch, may_be_expired=True)
        apply(Kind.RECEIVE, [came], reason=reason, by=by)
        apply(Kind.SPOIL, [Change(stock, on_hand=-quantity, batch=came.batch)], reason=reason, by=by)
    return stock


def adjust(
    *, vendor_id: int, variant_id: int, change: int, by: Actor, reason: str, batch_id: int | None = None
) -> Stock:
    """Add (or, below zero, subtract) pieces with a reason: of a batch, or of the shelf.

    Of the shelf, what is added is in the batch of the day, and what expires first is gone first. Raises
    StockWouldBreak, and NotFound for a batch that is not there. Emits StockChanged for each batch.
    """
    if not change:
        raise InvalidInput(_("Enter how many pieces to add or, below zero, to take away."), field="quantity")
    return on_one(vendor_id, variant_id, Kind.ADJUST, lambda stock: _corrected(stock, change, batch_id), by, reason)


class CountedMeanwhile(DomainError):
    """The shelf is no longer as whoever counts it saw it. The fact `on_hand` is how many there are now."""

    code = "counted_meanwhile"


def set_on_hand(
    *,
    vendor_id: int,
    variant_id: int,
    quantity: int,
    by: Actor,
    reason: str,
    batch_id: int | None = None,
    seen: int | None = None,
) -> Stock:
    """The shelf (or what is left of one batch on it) was counted: the difference is stored, as `adjust` does it.

    `seen` is how many on hand the page showed, so that an older page does not undo what went on since. Raises
    StockWouldBreak, CountedMeanwhile, and NotFound for a batch that is not there. Emits StockChanged for each batch.
    """
    if not 0 <= quantity <= MOST:
        raise InvalidInput(_("Enter how many pieces there are."), field="quantity")

    def difference(stock: Stock) -> list[Change]:
        if seen is not None and stock.on_hand not in (seen, quantity):
            text = _("Since you looked it changed from %(seen)d to %(now)d on hand. If your count holds, set it again.")
            told = text % {"seen": seen, "now": stock.on_hand}
            raise CountedMeanwhile(told, field="quantity", on_hand=stock.on_hand)
        there = batch_of(stock, batch_id).remaining if batch_id else stock.on_hand
        return _corrected(stock, quantity - there, batch_id)

    return on_one(vendor_id, variant_id, Kind.SET, difference, by, reason)


def take_away(*, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str) -> Stock:
    """Pieces are gone, and nobody said of which batch: first expired first.

    Raises StockWouldBreak. Emits StockChanged for each batch.
    """
    _ensure_positive(quantity)
    return on_one(vendor_id, variant_id, Kind.ADJUST, lambda stock: _gone(stock, quantity), by, reason)


def spoil(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str, batch_id: int | None = None
) -> Stock:
    """Pieces are thrown away: of a batch, or what expires first.

    Raises StockWouldBreak. Emits StockChanged for each batch.
    """
    _ensure_positive(quantity)
    return on_one(vendor_id, variant_id, Kind.SPOIL, lambda stock: _corrected(stock, -quantity, batch_id), by, reason)


def on_one(vendor_id: int, variant_id: int, kind: str, changes: ChangesOf, by: Actor, reason: str) -> Stock:
    """Change one shelf by what `changes` says of it once it is locked."""
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        apply(kind, changes(stock), reason=reason, by=by)
    return stock


def removable(stock: Stock, batch: Batch | None) -> int:
    """Pieces of a batch (or of what is in none) on a locked shelf that no promise needs. Two queries."""
    until = batch.expires_on if batch else NEVER
    expiring = _expiring(lots_there([stock.pk])[stock.pk])
    return promisable(until, on_hand=stock.on_hand, expiring=expiring, promised=_promised(stock))


def _expiring(batches: Sequence[Batch]) -> dict[date, int]:
    expiring: dict[date, int] = defaultdict(int)
    for lot in batches:
        expiring[lot.expires_on] += lot.remaining
    return expiring


def _promised(stock: Stock) -> dict[date, int]:
    return dict(Promise.objects.filter(stock=stock, quantity__gt=0).values_list("delivery_date", "quantity"))


def _gone(stock: Stock, pieces: int) -> list[Change]:
    """Pieces that are gone from a locked shelf, by batch. Raises StockWouldBreak where a promise needs them.

    What expires first serves the fewest days, so where these can't go nothing else can. Two queries.
    """
    if pieces > stock.on_hand:
        raise _nothing_left()
    batches = lots_there([stock.pk])[stock.pk]
    by_id = {batch.pk: batch for batch in batches}
    expiring, promised, left = _expiring(batches), _promised(stock), stock.on_hand
    lots = [Lot(batch.pk, batch.expires_on, batch.remaining) for batch in batches]
    loose = Lot(None, NEVER, stock.unbatched)
    changes = []
    for lot, count in first_expired([*lots, loose], pieces, on=date.min):
        if count > promisable(lot.expires_on, on_hand=left, expiring=expiring, promised=promised):
            raise _promised_away(stock)
        batch = by_id[lot.batch_id] if lot.batch_id else None
        left -= count
        if batch:
            expiring[batch.expires_on] -= count
        changes.append(Change(stock, on_hand=-count, batch=batch))
    return changes


def _corrected(stock: Stock, change: int, batch_id: int | None) -> list[Change]:
    """A change of one batch, or of the shelf. Raises StockWouldBreak where promised goods would go."""
    batch = batch_of(stock, batch_id) if batch_id else None
    if not change:
        return [Change(stock, batch=batch)]  # it was counted, and right: that is worth a line
    if batch is None:
        return [added(stock, change)] if change > 0 else _gone(stock, -change)
    if stock.on_hand + change < 0:
        raise _nothing_left()
    if batch.remaining + change < 0:
        raise StockWouldBreak(
            ngettext(
                "Only %(count)d piece of batch %(code)s is left.",
                "Only %(count)d pieces of batch %(code)s are left.",
                batch.remaining,
            )
            % {"count": batch.remaining, "code": batch.code},
            field="quantity",
        )
    if batch.days_presumed:
        batch.received += max(0, change)
    elif batch.remaining + change > batch.received:
        raise StockWouldBreak(
            ngettext(
                "Batch %(code)s had %(count)d piece when it came in; receive more of it to add to it.",
                "Batch %(code)s had %(count)d pieces when it came in; receive more of it to add to it.",
                batch.received,
            )
            % {"count": batch.received, "code": batch.code},
            field="quantity",
        )
    if change < 0 and -change > removable(stock, batch):
        raise _promised_away(stock)
    return [Change(stock, on_hand=change, batch=batch)]


def _nothing_left() -> StockWouldBreak:
    return StockWouldBreak(_("There can't be less than nothing on hand."), field="quantity")


def _promised_away(stock: Stock) -> StockWouldBreak:
    return StockWouldBreak(promised_words(stock.reserved), field="quantity")


def _ensure_positive(quantity: int) -> None:
    if not 0 < quantity <= MOST:
        raise InvalidInput(_("Enter a quantity above zero."), field="quantity")
