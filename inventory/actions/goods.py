"""Goods that come in, are counted, corrected and thrown away."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from inventory.actions.ledger import Change, Kind, apply, lots_there, shelf_of
from inventory.models import Batch, Promise, Stock
from inventory.rules import (
    NEVER,
    BatchDiffers,
    Lot,
    StockWouldBreak,
    ensure_days,
    first_expired,
    promisable,
    promised_words,
)
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound

MOST = 1_000_000
"""Pieces in one movement: more is a slip of the finger."""

LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What is known of a batch that comes in. `expires_on` is the last day it may be delivered."""

    code: str
    produced_on: date
    expires_on: date
    fat_percent: Decimal | None = None
    snf_percent: Decimal | None = None
    temperature: Decimal | None = None


ChangeOf = Callable[[Stock], Change]


def receive(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str = "", batch: BatchFacts | None = None
) -> Stock:
    """Goods came in, as a batch where their days are known; more of a known code adds to that batch.

    Raises BatchDiffers where the code is known with other days, InvalidInput for a batch of tomorrow or one that has
    expired (see `receive_spoiled`). Emits StockChanged.
    """
    _ensure_positive(quantity)
    return on_one(vendor_id, variant_id, Kind.RECEIVE, lambda stock: incoming(stock, quantity, batch), by, reason)


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
    """Add (or, below zero, subtract) pieces with a reason: of a batch, or of what is in none.

    Raises StockWouldBreak, and NotFound for a batch that is not there. Emits StockChanged.
    """
    if not change:
        raise InvalidInput(_("Enter how many pieces to add or, below zero, to take away."), field="quantity")
    return on_one(vendor_id, variant_id, Kind.ADJUST, lambda stock: _corrected(stock, change, batch_id), by, reason)


def set_on_hand(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str, batch_id: int | None = None
) -> Stock:
    """The shelf (or what is left of one batch on it) was counted: the difference is stored.

    Raises StockWouldBreak, and NotFound for a batch that is not there. Emits StockChanged.
    """
    if not 0 <= quantity <= MOST:
        raise InvalidInput(_("Enter how many pieces there are."), field="quantity")

    def difference(stock: Stock) -> Change:
        there = batch_of(stock, batch_id).remaining if batch_id else stock.on_hand
        return _corrected(stock, quantity - there, batch_id)

    return on_one(vendor_id, variant_id, Kind.SET, difference, by, reason)


def count_part(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str, batch_id: int | None = None
) -> Stock:
    """So many pieces of one batch, or of what is in none, were counted: the difference is stored.

    Raises as `set_on_hand` does, which without a batch counts the whole shelf. Emits StockChanged.
    """
    if not 0 <= quantity <= MOST:
        raise InvalidInput(_("Enter how many pieces there are."), field="quantity")

    def difference(stock: Stock) -> Change:
        there = batch_of(stock, batch_id).remaining if batch_id else stock.unbatched
        return _corrected(stock, quantity - there, batch_id)

    return on_one(vendor_id, variant_id, Kind.SET, difference, by, reason)


def take_away(*, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str) -> Stock:
    """Pieces are gone, and nobody said of which batch: first expired first, what is in no batch last.

    Raises StockWouldBreak. Emits StockChanged for each batch.
    """
    _ensure_positive(quantity)
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        apply(Kind.ADJUST, _gone(stock, quantity), reason=reason, by=by)
    return stock


def count_shelf(*, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str) -> Stock:
    """A whole shelf was counted, its batches not told apart: what is missing goes as in `take_away`, more is in none.

    Raises StockWouldBreak. Emits StockChanged for each batch.
    """
    if not 0 <= quantity <= MOST:
        raise InvalidInput(_("Enter how many pieces there are."), field="quantity")
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        more = quantity - stock.on_hand
        changes = _gone(stock, -more) if more < 0 else [Change(stock, on_hand=more)]
        apply(Kind.SET, changes, reason=reason, by=by)
    return stock


def spoil(
    *, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str, batch_id: int | None = None
) -> Stock:
    """Pieces are thrown away: of a batch, or of what is in none. Raises StockWouldBreak. Emits StockChanged."""
    _ensure_positive(quantity)
    return on_one(vendor_id, variant_id, Kind.SPOIL, lambda stock: _corrected(stock, -quantity, batch_id), by, reason)


def on_one(vendor_id: int, variant_id: int, kind: str, change: ChangeOf, by: Actor, reason: str) -> Stock:
    """Change one shelf by what `change` says of it once it is locked."""
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        apply(kind, [change(stock)], reason=reason, by=by)
    return stock


def incoming(
    stock: Stock,
    quantity: int,
    facts: BatchFacts | None,
    *,
    came_on: date | None = None,
    may_be_expired: bool = False,
) -> Change:
    """Goods that come to a locked shelf, with their batch: a new one, or the one of that code.

    They came today, or on an earlier day that is written down only now. Raises BatchDiffers, and InvalidInput for
    days that can't be.
    """
    if facts is None:
        return Change(stock, on_hand=quantity)
    _ensure_code(facts.code)
    today = clock.today(stock.vendor.region)
    good_on = date.min if may_be_expired else min(today, came_on or today)
    ensure_days(
        facts.produced_on,
        facts.expires_on,
        today=today,
        good_on=good_on,
        shelf_life_days=stock.variant.shelf_life_days,
    )
    batch = Batch.objects.filter(stock=stock, code=facts.code).first()
    if batch is None:
        batch = Batch.objects.create(
            stock=stock,
            code=facts.code,
            produced_on=facts.produced_on,
            expires_on=facts.expires_on,
            fat_percent=facts.fat_percent,
            snf_percent=facts.snf_percent,
            temperature=facts.temperature,
            received_at=clock.now(),
        )
    elif (batch.produced_on, batch.expires_on) != (facts.produced_on, facts.expires_on):
        raise BatchDiffers(
            _("Batch %(code)s is here already, produced on %(produced)s and good until %(expires)s.")
            % {
                "code": batch.code,
                "produced": formats.date_format(batch.produced_on),
                "expires": formats.date_format(batch.expires_on),
            },
            field="batch_code",
        )
    batch.received += quantity
    return Change(stock, on_hand=quantity, batch=batch)


def batch_of(stock: Stock, batch_id: int) -> Batch:
    """A batch on a locked shelf. Raises NotFound."""
    found = Batch.objects.filter(stock=stock, pk=batch_id).first()
    if found is None:
        raise NotFound(_("There is no such batch on this shelf."), field="batch")
    return found


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


def _corrected(stock: Stock, change: int, batch_id: int | None) -> Change:
    """A change of one batch or of what is in none. Raises StockWouldBreak where promised goods would go."""
    batch = batch_of(stock, batch_id) if batch_id else None
    there = batch.remaining if batch else stock.unbatched
    if stock.on_hand + change < 0:
        raise _nothing_left()
    if batch and there + change < 0:
        raise StockWouldBreak(
            ngettext(
                "Only %(count)d piece of batch %(code)s is left.",
                "Only %(count)d pieces of batch %(code)s are left.",
                there,
            )
            % {"count": there, "code": batch.code},
            field="quantity",
        )
    if batch and there + change > batch.received:
        raise StockWouldBreak(
            ngettext(
                "Batch %(code)s had %(count)d piece when it came in; receive more of it to add to it.",
                "Batch %(code)s had %(count)d pieces when it came in; receive more of it to add to it.",
                batch.received,
            )
            % {"count": batch.received, "code": batch.code},
            field="quantity",
        )
    if change < 0 and there + change >= 0 and -change > removable(stock, batch):
        raise _promised_away(stock)
    return Change(stock, on_hand=change, batch=batch)


def _nothing_left() -> StockWouldBreak:
    return StockWouldBreak(_("There can't be less than nothing on hand."), field="quantity")


def _promised_away(stock: Stock) -> StockWouldBreak:
    return StockWouldBreak(promised_words(stock.reserved), field="quantity")


def _ensure_positive(quantity: int) -> None:
    if not 0 < quantity <= MOST:
        raise InvalidInput(_("Enter a quantity above zero."), field="quantity")


def _ensure_code(code: str) -> None:
    if not 0 < len(code) <= LONGEST_CODE:
        raise InvalidInput(_("Give the batch a code of at most 40 characters."), field="batch_code")
