"""Mending the books by hand, after a recount found that rows and logs disagree."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from inventory.actions.ledger import Kind, shelf_of
from inventory.events import StockChanged
from inventory.models import Batch, Promise, Stock, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import emit


def settle(*, vendor_id: int, variant_id: int, by: Actor, reason: str) -> Stock:
    """Bring a shelf's log to what its rows say, by corrections that carry the reason; the rows stay as they are.

    Orders were promised by the rows, so they are what holds until somebody counts the shelf, which is the next thing to
    do. Safe to repeat: a shelf that agrees gets nothing. Locks the shelf. Emits StockChanged.
    """
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        corrections = [*_of_goods(stock), *_of_promises(stock)]
        for correction in corrections:
            correction.kind, correction.reason, correction.actor = Kind.ADJUST, reason, by.label
            correction.occurred_at = clock.now()
        StockMovement.objects.bulk_create(corrections)
        _count_received(corrections)
        if corrections:
            goods = sum(correction.on_hand_change for correction in corrections)
            promises = sum(correction.reserved_change for correction in corrections)
            emit(StockChanged(stock.pk, str(Kind.ADJUST), goods, promises), actor=by)
    return stock


def _of_goods(stock: Stock) -> list[StockMovement]:
    """What the log lacks of each batch, and of what is in none."""
    moved = StockMovement.objects.filter(stock=stock).order_by("batch_id").values_list("batch_id")
    logged: dict[int | None, int] = dict(moved.annotate(net=Sum("on_hand_change")))
    there: dict[int | None, int] = dict(Batch.objects.filter(stock=stock).values_list("pk", "remaining"))
    there[None] = stock.unbatched
    lacking = {batch_id: there.get(batch_id, 0) - logged.get(batch_id, 0) for batch_id in {*there, *logged}}
    return [
        StockMovement(stock=stock, batch_id=batch_id, on_hand_change=count, reserved_change=0)
        for batch_id, count in lacking.items()
        if count
    ]


def _count_received(corrections: Sequence[StockMovement]) -> None:
    """A batch of a day has received all that was ever added to it, by whatever movement."""
    for correction in corrections:
        if correction.batch_id and correction.on_hand_change > 0:
            batches = Batch.objects.filter(pk=correction.batch_id, days_presumed=True)
            batches.update(received=F("received") + correction.on_hand_change)


def _of_promises(stock: Stock) -> list[StockMovement]:
    """What the log lacks of the promises for each day."""
    moved = StockMovement.objects.filter(stock=stock, delivery_date__isnull=False).order_by("delivery_date")
    logged: dict[date, int] = {
        day: net for day, net in moved.values_list("delivery_date").annotate(net=Sum("reserved_change")) if day
    }
    there = dict(Promise.objects.filter(stock=stock).values_list("delivery_date", "quantity"))
    lacking = {day: there.get(day, 0) - logged.get(day, 0) for day in {*there, *logged}}
    return [
        StockMovement(stock=stock, delivery_date=day, on_hand_change=0, reserved_change=count)
        for day, count in lacking.items()
        if count
    ]
