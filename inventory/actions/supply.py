"""What a dairy can bring on a day: said beforehand, promised to orders, and then received."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from inventory.actions.batches import BatchFacts, incoming
from inventory.actions.goods import MOST
from inventory.actions.ledger import Change, Kind, apply, shelf_of
from inventory.events import SupplyCameIn, SupplyPlanned, SupplyShort
from inventory.models import DailySupply, Stock, SupplyPromise
from inventory.rules import SupplyBelowPromised, SupplyReceived
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput, NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.rules import HORIZON_DAYS

AT_ONCE = 500
"""Promises written by one statement."""


def plan_supply(*, vendor_id: int, variant_id: int, on: date, quantity: int, by: Actor) -> DailySupply:
    """Say how many pieces the vendor can bring on a day. From now on the day's milk is sold against that alone.

    Saying it again changes it; the same again is no change. Locks the shelf. Raises InvalidInput for a day that has
    passed or that nobody can order for yet, SupplyReceived once the milk is in, SupplyBelowPromised below what orders
    were promised. Emits SupplyPlanned.
    """
    if not 0 <= quantity <= MOST:
        raise InvalidInput(_("Enter how many pieces there will be."), field="quantity")
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        _ensure_near(on, today=clock.today(stock.vendor.region))
        supply = DailySupply.objects.filter(stock=stock, date=on).first() or DailySupply(stock=stock, date=on)
        _ensure_open(supply)
        if quantity < supply.promised:
            raise _below_promised(supply)
        if supply.quantity != quantity:
            supply.quantity = quantity
            supply.save()
            emit(SupplyPlanned(stock.pk, on, quantity), actor=by)
    return supply


def plan_days(*, vendor_id: int, variant_id: int, wishes: Mapping[date, int | None], by: Actor) -> int:
    """Say how much there will be on each of several days, all or nothing; None says nothing of its day.

    Returns how many days it changed. A refusal names its day as the field `on_<date>`. Raises and emits as
    `plan_supply` and `drop_supply` do.
    """
    key = {"vendor_id": vendor_id, "variant_id": variant_id}
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        known = dict(DailySupply.objects.filter(stock=stock, date__in=wishes).values_list("date", "quantity"))
        changed = {day: wish for day, wish in wishes.items() if known.get(day) != wish}
        for day, wish in sorted(changed.items()):
            try:
                if wish is None:
                    drop_supply(**key, on=day, by=by)
                else:
                    plan_supply(**key, on=day, quantity=wish, by=by)
            except DomainError as refusal:
                refusal.field = f"on_{day.isoformat()}"
                raise
    return len(changed)


def drop_supply(*, vendor_id: int, variant_id: int, on: date, by: Actor) -> None:
    """Say nothing of that day any more: its milk is sold from the shelf again. Safe to repeat.

    Locks the shelf. Raises SupplyReceived once the milk is in, SupplyBelowPromised while orders were promised some.
    Emits SupplyPlanned.
    """
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        supply = DailySupply.objects.filter(stock=stock, date=on).first()
        if supply is None:
            return
        _ensure_open(supply)
        if supply.promised:
            raise _below_promised(supply)
        supply.delete()
        emit(SupplyPlanned(stock.pk, on, None), actor=by)


def receive_supply(
    *,
    vendor_id: int,
    variant_id: int,
    on: date,
    quantity: int,
    by: Actor,
    batch: BatchFacts | None = None,
    reason: str = "",
) -> DailySupply:
    """The milk of a day came in: it stands on the shelf, and what was promised of it is reserved there, per order.

    Served in the order of the promises. What is missing is taken from free pieces on the shelf that are still good on
    the day; orders that get less than they were promised all the same are named in SupplyShort. `quantity` may be 0:
    nothing came. Locks the shelf. Raises NotFound where nothing was planned, SupplyReceived the second time,
    InvalidInput before its day comes and for milk that expires before it, BatchDiffers. Emits StockChanged,
    SupplyCameIn, SupplyShort.
    """
    if not 0 <= quantity <= MOST:
        raise InvalidInput(_("Enter how many pieces came in."), field="quantity")
    if batch and batch.expires_on < on:
        raise InvalidInput(_("Milk for this day must not expire before it."), field="expires_on")
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        supply = DailySupply.objects.filter(stock=stock, date=on).first()
        if supply is None:
            raise NotFound(_("No supply was planned for that day."), field="date")
        _ensure_open(supply)
        if on > clock.today(stock.vendor.region):
            raise InvalidInput(
                _("The milk of %(day)s can be received on that day, not before: until then it can still be ordered.")
                % {"day": formats.date_format(on)},
                field="date",
            )
        if quantity:
            apply(Kind.RECEIVE, [incoming(stock, quantity, batch, came_on=on)], reason=reason, by=by)
        supply.received_at = clock.now()
        supply.received_quantity = quantity
        supply.save()
        short = _hand_over(stock, supply, by=by)
        emit(SupplyCameIn(stock.pk, on, quantity), actor=by)
        if short:
            emit(SupplyShort(vendor_id, variant_id, on, tuple(short)), actor=by)
    return supply


def _hand_over(stock: Stock, supply: DailySupply, *, by: Actor) -> list[str]:
    """Turn the promises of a supply that came in into reservations; the orders that got less than promised."""
    left = Stock.objects.filter(pk=stock.pk).with_left(on=supply.date).get().left
    promises = list(SupplyPromise.objects.filter(supply=supply).order_by("pk"))
    changes = []
    for promise in promises:
        promise.got = min(left, promise.quantity)
        left -= promise.got
        if promise.got:
            changes.append(Change(stock, reserved=promise.got, day=supply.date, reference=promise.reference))
    SupplyPromise.objects.bulk_update(promises, ["got"], batch_size=AT_ONCE)
    apply(Kind.RESERVE, changes, by=by)
    return [promise.reference for promise in promises if (promise.got or 0) < promise.quantity]


def _ensure_open(supply: DailySupply) -> None:
    if supply.received_at is not None:
        raise SupplyReceived(
            _("The milk of %(day)s came in already.") % {"day": formats.date_format(supply.date)}, field="date"
        )


def _ensure_near(day: date, *, today: date) -> None:
    """Supplies are planned for the days that a household can order for."""
    if day < today:
        raise InvalidInput(_("This day has passed."), field="date")
    last = today + timedelta(days=HORIZON_DAYS)
    if day > last:
        raise InvalidInput(
            _("Nobody can order for this day yet: %(day)s is the last one that can be planned.")
            % {"day": formats.date_format(last)},
            field="date",
        )


def _below_promised(supply: DailySupply) -> SupplyBelowPromised:
    text = ngettext(
        "%(promised)d piece of that day is promised to an order; it can't be less.",
        "%(promised)d pieces of that day are promised to orders; it can't be less.",
        supply.promised,
    )
    return SupplyBelowPromised(text % {"promised": supply.promised}, field="quantity")
