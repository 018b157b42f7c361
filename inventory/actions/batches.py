"""The batches that goods come to: those that somebody names, and for all the rest that of the day."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from inventory.actions.ledger import Change, Kind, apply, shelf_of
from inventory.models import Batch, Stock
from inventory.rules import BatchDiffers, ensure_days, ensure_measured
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.text import ensure_seen

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


def incoming(
    stock: Stock,
    quantity: int,
    facts: BatchFacts | None,
    *,
    came_on: date | None = None,
    may_be_expired: bool = False,
) -> Change:
    """Goods that come to a locked shelf, with their batch: a new one, the one of that code, or the day's.

    They came today, or on an earlier day that is written down only now. Raises BatchDiffers, and InvalidInput for
    days or measures that can't be.
    """
    if facts is None:
        return added(stock, quantity, came_on=came_on)
    _ensure_code(facts.code)
    ensure_measured(facts.temperature)
    today = clock.today(stock.vendor.region)
    good_on = None if may_be_expired else min(today, came_on or today)
    ensure_days(
        facts.produced_on,
        facts.expires_on,
        today=today,
        good_on=good_on,
        shelf_life_days=stock.variant.shelf_life_days,
    )
    batch = Batch.objects.called(facts.code).filter(stock=stock).first()
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


def added(stock: Stock, quantity: int, *, came_on: date | None = None) -> Change:
    """Goods of which nobody said the days come to a locked shelf: they are in the batch of the day.

    It counts as produced on the day they came (today of the market, unless said), and is good for the pack's shelf
    life. So nothing on a shelf is without a last day.
    """
    today = clock.today(stock.vendor.region)
    produced = min(today, came_on or today)
    expires = produced + timedelta(days=stock.variant.shelf_life_days)
    batch = Batch.objects.filter(stock=stock, days_presumed=True, produced_on=produced, expires_on=expires).first()
    if batch is None:
        batch = Batch.objects.create(
            stock=stock,
            code=_free_code(stock, produced),
            days_presumed=True,
            produced_on=produced,
            expires_on=expires,
            received_at=clock.now(),
        )
    batch.received += quantity
    return Change(stock, on_hand=quantity, batch=batch)


def date_goods(*, vendor_id: int, variant_id: int, by: Actor) -> int:
    """Put what is on a shelf in no batch into that of today; how many pieces. Safe to repeat.

    There is such a thing only from before every piece had its batch. Locks the shelf. Emits StockChanged.
    """
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        return put_in_batch(stock, by=by)


def put_in_batch(stock: Stock, *, by: Actor) -> int:
    """As `date_goods`, of a shelf that the caller has locked."""
    loose = stock.unbatched
    if loose:
        come = added(stock, loose)
        gone = replace(come, on_hand=-loose, batch=None)
        apply(Kind.ADJUST, [gone, come], reason=_("Put into the batch of the day"), by=by)
    return loose


def batch_of(stock: Stock, batch_id: int) -> Batch:
    """A batch on a locked shelf. Raises NotFound."""
    found = Batch.objects.filter(stock=stock, pk=batch_id).first()
    if found is None:
        raise NotFound(_("There is no such batch on this shelf."), field="batch")
    return found


def _free_code(stock: Stock, day: date) -> str:
    """A code for the batch of a day that nobody has given to another."""
    first = f"AUTO-{day.isoformat()}"
    taken = set(Batch.objects.filter(stock=stock, code__startswith=first).values_list("code", flat=True))
    number = 1
    while (code := first if number == 1 else f"{first}-{number}") in taken:
        number += 1
    return code


def _ensure_code(code: str) -> None:
    if not 0 < len(code) <= LONGEST_CODE:
        raise InvalidInput(_("Give the batch a code of at most 40 characters."), field="batch_code")
    try:
        ensure_seen(code)
    except ValidationError as refusal:
        raise InvalidInput(refusal.messages[0], field="batch_code") from refusal
