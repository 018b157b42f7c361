"""Goods that come in, are counted, corrected and thrown away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from inventory.actions.ledger import Change, Kind, apply, lots_there, shelf_of
from inventory.models import Batch, Promise, Stock
from inventory.rules import NEVER, BatchDiffers, StockWouldBreak, promisable
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

    Raises BatchDiffers where the code is known with other days. Emits StockChanged.
    """
    _ensure_positive(quantity)
    return on_one(vendor_id, variant_id, Kind.RECEIVE, lambda stock: incoming(stock, quantity, batch), by, reason)


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


def incoming(stock: Stock, quantity: int, facts: BatchFacts | None) -> Change:
    """Goods that come to a locked shelf, with their batch: a new one, or the one of that code. Raises BatchDiffers."""
    if facts is None:
        return Change(stock, on_hand=quantity)
    _ensure_sensible(facts)
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
    batches = lots_there([stock.pk])[stock.pk]
    expiring: dict[date, int] = {}
    for lot in batches:
        expiring[lot.expires_on] = expiring.get(lot.expires_on, 0) + lot.remaining
    promised = dict(Promise.objects.filter(stock=stock, quantity__gt=0).values_list("delivery_date", "quantity"))
    until = batch.expires_on if batch else NEVER
    return promisable(until, on_hand=stock.on_hand, expiring=expiring, promised=promised)


def _corrected(stock: Stock, change: int, batch_id: int | None) -> Change:
    """A change of one batch or of what is in none. Raises StockWouldBreak where promised goods would go."""
    batch = batch_of(stock, batch_id) if batch_id else None
    there = batch.remaining if batch else stock.unbatched
    if stock.on_hand + change < 0:
        raise StockWouldBreak(_("There can't be less than nothing on hand."), field="quantity")
    if batch and there + change < 0:
        raise StockWouldBreak(
            _("Only %(count)d pieces of batch %(code)s are left.") % {"count": there, "code": batch.code},
            field="quantity",
        )
    if batch and there + change > batch.received:
        raise StockWouldBreak(
            _("Batch %(code)s had %(count)d pieces when it came in; receive more of it to add to it.")
            % {"count": batch.received, "code": batch.code},
            field="quantity",
        )
    if change < 0 and there + change >= 0 and -change > removable(stock, batch):
        raise StockWouldBreak(
            _("%(reserved)d pieces are promised to orders; on hand can't go below that.")
            % {"reserved": stock.reserved},
            field="quantity",
        )
    return Change(stock, on_hand=change, batch=batch)


def _ensure_positive(quantity: int) -> None:
    if not 0 < quantity <= MOST:
        raise InvalidInput(_("Enter a quantity above zero."), field="quantity")


def _ensure_sensible(facts: BatchFacts) -> None:
    if not 0 < len(facts.code) <= LONGEST_CODE:
        raise InvalidInput(_("Give the batch a code of at most 40 characters."), field="batch_code")
    if facts.expires_on < facts.produced_on:
        raise InvalidInput(_("It can't expire before it was produced."), field="expires_on")
