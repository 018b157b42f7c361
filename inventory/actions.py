"""Every change of stock: locked rows, a movement for each change, and the event that tells it.

What belongs to an order (reserve, release, sell, take_back) is part of the caller's transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from inventory.events import StockChanged
from inventory.models import Stock, StockMovement
from inventory.rules import OutOfStock, ensure_sound
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import emit_many
from milkdelivery.core.outside import ensure_in_transaction

Kind = StockMovement.Kind


@dataclass(frozen=True, slots=True)
class Change:
    """What one movement does to a locked stock row, in pieces."""

    stock: Stock
    on_hand: int = 0
    reserved: int = 0


ChangeOf = Callable[[Stock], Change]


def receive(*, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str = "") -> Stock:
    """Goods came in. Emits StockChanged."""
    _ensure_positive(quantity)
    return _on_one(vendor_id, variant_id, Kind.RECEIVE, lambda stock: Change(stock, on_hand=quantity), by, reason)


def adjust(*, vendor_id: int, variant_id: int, change: int, by: Actor, reason: str) -> Stock:
    """Add (or, below zero, subtract) pieces with a reason. Raises StockWouldBreak. Emits StockChanged."""
    return _on_one(vendor_id, variant_id, Kind.ADJUST, lambda stock: Change(stock, on_hand=change), by, reason)


def set_on_hand(*, vendor_id: int, variant_id: int, quantity: int, by: Actor, reason: str) -> Stock:
    """The shelf was counted: the difference is stored. Raises StockWouldBreak. Emits StockChanged."""
    return _on_one(
        vendor_id, variant_id, Kind.SET, lambda stock: Change(stock, on_hand=quantity - stock.on_hand), by, reason
    )


def lock_stock(pairs: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Stock]:
    """Stock rows by (vendor, variant), locked until the transaction ends."""
    return {(stock.vendor_id, stock.variant_id): stock for stock in Stock.objects.locked(pairs)}


def reserve(quantities: Mapping[tuple[int, int], int], *, reference: str, by: Actor) -> None:
    """Promise pieces of (vendor, variant) to an order, all or nothing.

    Looks at the stock under its lock. Raises OutOfStock with the variants that fell short. Emits StockChanged.
    """
    ensure_in_transaction("reserve()")
    stocks = lock_stock(list(quantities))
    short = [
        variant
        for (vendor, variant), count in quantities.items()
        if (vendor, variant) not in stocks or stocks[vendor, variant].available < count
    ]
    if short:
        raise OutOfStock(_("Not enough is left of what you want."), variant_ids=short)
    changes = [Change(stocks[pair], reserved=count) for pair, count in quantities.items()]
    _apply(Kind.RESERVE, changes, reference=reference, reason="", by=by)


def release(*, reference: str, by: Actor, reason: str = "") -> None:
    """Give back whatever the order still holds. Safe to repeat: what is outstanding is read from the movements."""
    ensure_in_transaction("release()")
    held = _outstanding(reference)
    changes = [Change(stock, reserved=-count) for stock, count in held]
    _apply(Kind.RELEASE, changes, reference=reference, reason=reason, by=by)


def sell(*, reference: str, by: Actor) -> None:
    """The order was packed: what it held leaves the shelf. Safe to repeat."""
    ensure_in_transaction("sell()")
    changes = [Change(stock, on_hand=-count, reserved=-count) for stock, count in _outstanding(reference)]
    _apply(Kind.SELL, changes, reference=reference, reason="", by=by)


def take_back(*, reference: str, by: Actor, reason: str) -> None:
    """A packed order came back or was cancelled: its pieces are on the shelf again. Safe to repeat."""
    ensure_in_transaction("take_back()")
    sold = _net(reference, "on_hand_change")
    stocks = Stock.objects.locked_rows(sold)
    sold = _net(reference, "on_hand_change")
    changes = [Change(stocks[pk], on_hand=-count) for pk, count in sold.items() if count < 0]
    _apply(Kind.RETURN, changes, reference=reference, reason=reason, by=by)


def _outstanding(reference: str) -> list[tuple[Stock, int]]:
    """What the order still holds of each stock row, with the rows locked before it is read again."""
    stock_ids = [pk for pk, count in _net(reference, "reserved_change").items() if count]
    stocks = Stock.objects.locked_rows(stock_ids)
    return [(stocks[pk], count) for pk, count in _net(reference, "reserved_change").items() if count > 0]


def _net(reference: str, column: str) -> dict[int, int]:
    rows = StockMovement.objects.filter(reference=reference).order_by("stock_id")
    return {row["stock_id"]: row["net"] for row in rows.values("stock_id").annotate(net=Sum(column))}


def _on_one(vendor_id: int, variant_id: int, kind: str, change: ChangeOf, by: Actor, reason: str) -> Stock:
    with transaction.atomic():
        Stock.objects.bulk_create([Stock(vendor_id=vendor_id, variant_id=variant_id)], ignore_conflicts=True)
        stock = lock_stock([(vendor_id, variant_id)])[vendor_id, variant_id]
        _apply(kind, [change(stock)], reference="", reason=reason, by=by)
    return stock


def _apply(kind: str, changes: Sequence[Change], *, reference: str, reason: str, by: Actor) -> None:
    """Write locked rows, their movements and their events: the one place where stock changes."""
    if not changes:
        return
    for change in changes:
        change.stock.on_hand += change.on_hand
        change.stock.reserved += change.reserved
        ensure_sound(change.stock.on_hand, change.stock.reserved)
    Stock.objects.bulk_update([change.stock for change in changes], ["on_hand", "reserved"])
    now = clock.now()
    StockMovement.objects.bulk_create(
        StockMovement(
            stock=change.stock,
            kind=kind,
            on_hand_change=change.on_hand,
            reserved_change=change.reserved,
            reference=reference,
            reason=reason,
            actor=by.label,
            occurred_at=now,
        )
        for change in changes
    )
    emit_many(
        (StockChanged(change.stock.pk, str(kind), change.on_hand, change.reserved, reference) for change in changes),
        actor=by,
    )


def _ensure_positive(quantity: int) -> None:
    if quantity <= 0:
        raise InvalidInput(_("Enter a quantity above zero."), field="quantity")
