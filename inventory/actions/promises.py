"""What belongs to an order: pieces promised to it, given back, packed, returned. Part of the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Sum
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from inventory.actions.batches import put_in_batch
from inventory.actions.ledger import Change, Kind, apply, lots_there
from inventory.events import SupplyPromised
from inventory.models import Batch, DailySupply, Stock, StockMovement, SupplyPromise
from inventory.queries.availability import shelves_of_order
from inventory.rules import NEVER, Lot, OutOfStock, SupplyNotReceived, first_expired
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit_many
from milkdelivery.core.outside import ensure_in_transaction

Pair = tuple[int, int]


def lock_available(pairs: Collection[Pair], *, on: date) -> Mapping[Pair, int]:
    """Pieces that can be promised for a delivery on that day, by (vendor, variant); 0 where there is no shelf.

    Locks the shelves until the transaction ends, in primary key order. Two queries.
    """
    ensure_in_transaction("lock_available()")
    found = {(stock.vendor_id, stock.variant_id): stock.left for stock in _locked_with_left(pairs, on=on)}
    return {pair: found.get(pair, 0) for pair in pairs}


def reserve(quantities: Mapping[Pair, int], *, on: date, reference: str, by: Actor) -> None:
    """Promise pieces of (vendor, variant) to an order delivered on that day, all or nothing.

    From the day's supply where one is given and not received yet, else from the shelf. Locks the shelves. Raises
    OutOfStock with the variants that fell short. Emits StockChanged and SupplyPromised.
    """
    ensure_in_transaction("reserve()")
    wanted = {pair: count for pair, count in quantities.items() if count > 0}
    stocks = {(stock.vendor_id, stock.variant_id): stock for stock in _locked_with_left(wanted, on=on)}
    short = [pair[1] for pair, count in wanted.items() if pair not in stocks or stocks[pair].left < count]
    if short:
        raise OutOfStock(_("Not enough is left of what you want."), variant_ids=short)
    coming = {stocks[pair].supply_id: count for pair, count in wanted.items() if stocks[pair].supply_id}
    there = [
        Change(stocks[pair], reserved=count, day=on) for pair, count in wanted.items() if not stocks[pair].supply_id
    ]
    _promise_supply(coming, reference=reference, by=by)
    apply(Kind.RESERVE, there, reference=reference, by=by)


def release(*, reference: str, by: Actor, reason: str = "", only: Mapping[Pair, int] | None = None) -> None:
    """Give back what the order still holds, on shelves and of supplies to come.

    All of it, which is safe to repeat; or, with `only`, at most so many pieces of each (vendor, variant). Locks the
    shelves. Emits StockChanged and SupplyPromised.
    """
    ensure_in_transaction("release()")
    held = _held(reference)
    wanted = _Wanted(only)
    changes = [Change(stock, reserved=-wanted.of(stock, count), day=day) for stock, day, count in held]
    apply(Kind.RELEASE, [change for change in changes if change.reserved], reference=reference, reason=reason, by=by)
    _release_supply(reference, wanted, by=by)


def sell(*, reference: str, by: Actor) -> Mapping[Pair, int]:
    """The order was packed: what it held leaves the shelf, first expired first. Safe to repeat.

    Says how many pieces left, by (vendor, variant): fewer than were promised where milk came in short. Writes which
    batches went into it. Raises SupplyNotReceived while milk that it was promised is still to come.
    Emits StockChanged.
    """
    ensure_in_transaction("sell()")
    held = _held(reference)
    _ensure_received(reference)
    batches = lots_there([stock.pk for stock, _day, _count in held])
    changes: list[Change] = []
    for stock, day, count in held:
        changes.extend(_sold(stock, batches[stock.pk], changes, day=day, count=count))
    apply(Kind.SELL, changes, reference=reference, by=by)
    gone: dict[Pair, int] = defaultdict(int)
    for stock, _day, count in held:
        gone[stock.vendor_id, stock.variant_id] += count
    return gone


@dataclass(frozen=True, slots=True)
class Returned:
    """Pieces that are on a shelf again; `batch_id` is None for those that came from no batch."""

    vendor_id: int
    variant_id: int
    batch_id: int | None
    quantity: int


def take_back(*, reference: str, by: Actor, reason: str) -> list[Returned]:
    """A packed order came back or was cancelled: its pieces are on the shelf again, in the batches they came from.

    What came from none, before every piece had one, is in that of the day. Says what came back: nothing, where it is
    repeated. Emits StockChanged.
    """
    ensure_in_transaction("take_back()")
    stocks = Stock.objects.locked_rows(shelves_of_order(reference))
    sold = _sold_net(reference) if stocks else {}
    batches = Batch.objects.in_bulk([batch_id for _stock, batch_id in sold if batch_id])
    changes = [
        Change(stocks[stock_id], on_hand=count, batch=batches[batch_id] if batch_id else None)
        for (stock_id, batch_id), count in sold.items()
    ]
    apply(Kind.RETURN, changes, reference=reference, reason=reason, by=by)
    for stock in {change.stock.pk: change.stock for change in changes if change.batch is None}.values():
        put_in_batch(stock, by=by)
    return [
        Returned(
            change.stock.vendor_id, change.stock.variant_id, change.batch.pk if change.batch else None, change.on_hand
        )
        for change in changes
    ]


# -- shelves -----------------------------------------------------------------------------------------------------------


def _locked_with_left(pairs: Collection[Pair], *, on: date) -> list[Any]:
    """Locked shelves with `left` and `supply_id`, counted after the lock was there: a lock that waited reads anew."""
    locked = Stock.objects.locked(pairs)
    found = Stock.objects.filter(pk__in=[stock.pk for stock in locked]).with_left(on=on).order_by("pk")
    return list(found) if locked else []


def _held(reference: str) -> list[tuple[Stock, date, int]]:
    """What the order holds of each shelf for each day, read once all its shelves are locked."""
    stocks = Stock.objects.locked_rows(shelves_of_order(reference))
    net = _reserved_net(reference) if stocks else {}
    return [(stocks[pk], day, count) for (pk, day), count in net.items() if count > 0]


def _reserved_net(reference: str) -> dict[tuple[int, date], int]:
    """Pieces that the order holds, by shelf and delivery day, as its movements add up."""
    rows = StockMovement.objects.filter(reference=reference, delivery_date__isnull=False)
    net = rows.order_by("stock_id", "delivery_date").values_list("stock_id", "delivery_date")
    return {(pk, day): count for pk, day, count in net.annotate(net=Sum("reserved_change")) if count}


def _sold_net(reference: str) -> dict[tuple[int, int | None], int]:
    """Pieces that left the shelf for the order and are not back, by shelf and batch."""
    rows = StockMovement.objects.filter(reference=reference).order_by("stock_id", "batch_id")
    net = rows.values_list("stock_id", "batch_id").annotate(net=Sum("on_hand_change"))
    return {(pk, batch_id): -count for pk, batch_id, count in net if count < 0}


def _sold(stock: Stock, batches: Sequence[Batch], before: Sequence[Change], *, day: date, count: int) -> list[Change]:
    """The movements that take `count` pieces for a delivery on `day` off a shelf that `before` has changed already."""
    gone: dict[Batch | None, int] = {}
    for change in before:
        if change.stock is stock:
            gone[change.batch] = gone.get(change.batch, 0) - change.on_hand
    lots = [Lot(batch.pk, batch.expires_on, batch.remaining - gone.get(batch, 0)) for batch in batches]
    lots.append(Lot(None, NEVER, stock.unbatched - gone.get(None, 0)))
    by_id = {batch.pk: batch for batch in batches}
    return [
        Change(stock, on_hand=-pieces, reserved=-pieces, day=day, batch=by_id.get(lot.batch_id or 0))
        for lot, pieces in first_expired(lots, count, on=day)
    ]


# -- supplies to come --------------------------------------------------------------------------------------------------


def _promise_supply(coming: Mapping[int, int], *, reference: str, by: Actor) -> None:
    """Count pieces of open supplies (by id) to an order. Their shelves are locked, and there is enough."""
    if not coming:
        return
    supplies = {supply.pk: supply for supply in DailySupply.objects.locked(coming)}
    for pk, supply in supplies.items():
        supply.promised += coming[pk]
        known = SupplyPromise.objects.filter(supply=supply, reference=reference)
        if not known.update(quantity=F("quantity") + coming[pk]):
            SupplyPromise.objects.create(supply=supply, reference=reference, quantity=coming[pk])
    DailySupply.objects.bulk_update(supplies.values(), ["promised"])
    emit_many(
        (SupplyPromised(supply.stock_id, supply.date, coming[pk], reference) for pk, supply in supplies.items()),
        actor=by,
    )


def _release_supply(reference: str, wanted: "_Wanted", *, by: Actor) -> None:
    """Take the order's promises off the supplies that are still to come. Their shelves are locked."""
    told = []
    for promise in _open_promises(reference):
        count = wanted.of(promise.supply.stock, promise.quantity)
        if not count:
            continue
        promise.supply.promised -= count
        promise.supply.save(update_fields=["promised"])
        promise.quantity -= count
        if promise.quantity:
            promise.save(update_fields=["quantity"])
        else:
            promise.delete()
        told.append(SupplyPromised(promise.supply.stock_id, promise.supply.date, -count, reference))
    emit_many(told, actor=by)


class _Wanted:
    """How much is to be given back: everything, or what is left of so many pieces of each (vendor, variant)."""

    def __init__(self, only: Mapping[Pair, int] | None) -> None:
        self._left = None if only is None else dict(only)

    def of(self, stock: Stock, held: int) -> int:
        """Pieces to give back of `held` ones, counted off."""
        if self._left is None:
            return held
        pair = (stock.vendor_id, stock.variant_id)
        count = min(held, self._left.get(pair, 0))
        self._left[pair] = self._left.get(pair, 0) - count
        return count


def _open_promises(reference: str) -> Collection[SupplyPromise]:
    return SupplyPromise.objects.select_related("supply__stock").filter(reference=reference, supply__received_at=None)


def _ensure_received(reference: str) -> None:
    days = sorted({promise.supply.date for promise in _open_promises(reference)})
    if days:
        raise SupplyNotReceived(
            _("The milk of %(day)s for this order has not come in yet: receive it first, then pack.")
            % {"day": formats.date_format(days[0])}
        )
