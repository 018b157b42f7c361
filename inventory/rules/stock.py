"""What can be promised, which goods go first, and what a stock row may become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from milkdelivery.core.errors import DomainError, InvalidInput

SHOWN_AT_MOST = 50
"""How many pieces we say are there at most; more is nobody's business."""

MOST_ON_SHELF = 100_000_000
"""Pieces of one pack at one dairy: more is a slip, and far below what the column holds."""

COLDEST, WARMEST = -30, 45
"""°C in which goods may come in, frozen ones and a truck in May included: beyond is a slip of the finger."""

NEVER = date.max
"""The expiry of goods in no batch, from before every piece had one."""


class OutOfStock(DomainError):
    code = "out_of_stock"


class StockWouldBreak(InvalidInput):
    """Less would be there than nothing, than is promised, or than is counted in batches; or more than a shelf holds."""

    code = "stock_would_break"


class SupplyNotReceived(DomainError):
    """An order can't be packed of milk that has not come in."""

    code = "supply_not_received"


class SupplyReceived(DomainError):
    """The milk of that day came in: its plan is history."""

    code = "supply_received"


class SupplyBelowPromised(InvalidInput):
    """More of the day's milk is promised than it would have."""

    code = "supply_below_promised"


class BatchDiffers(InvalidInput):
    """The code names a batch with other days."""

    code = "batch_differs"


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of a batch. Without an id: what is in no batch."""

    batch_id: int | None
    expires_on: date
    remaining: int


def promisable(on: date, *, on_hand: int, expiring: Mapping[date, int], promised: Mapping[date, int]) -> int:
    """Pieces that can still be promised for a delivery on `on`, so that every promise made can be kept.

    `expiring` is how many of the pieces on hand expire on each day (the last day they may be delivered), `promised`
    how many are promised for each delivery day. What is promised for a day or later needs as many pieces that last
    until that day; a new promise for `on` counts against every day up to it. Because goods that last longer serve
    every day that goods with less life do, this is not only necessary but enough (Hall's theorem for nested sets).

    Between two promises the bound only loosens towards the earlier day, so looking at the days of promises is enough.
    It is also what may be taken away of goods that expire on `on`: both tighten the same days.
    """

    def left(day: date) -> int:
        lasting = on_hand - sum(count for expiry, count in expiring.items() if expiry < day)
        return lasting - sum(count for delivery, count in promised.items() if delivery >= day)

    return min(left(day) for day in [on, *(day for day, count in promised.items() if day < on and count)])


def first_expired(lots: Sequence[Lot], quantity: int, *, on: date) -> list[tuple[Lot, int]]:
    """Which lots `quantity` pieces for a delivery on `on` are taken from, and how many of each.

    First expired, first out, among those still good on the day. Raises OutOfStock where they don't suffice.
    """
    taken: list[tuple[Lot, int]] = []
    for lot in sorted(lots, key=lambda lot: (lot.expires_on, lot.batch_id or 0)):
        count = min(quantity, lot.remaining)
        if lot.expires_on >= on and count > 0:
            taken.append((lot, count))
            quantity -= count
    if quantity:
        raise OutOfStock(_("Not enough is there that is still good on %(day)s.") % {"day": on.isoformat()})
    return taken


def longest_life(shelf_life_days: int) -> int:
    """Days that goods of a pack with this shelf life may be good for at most: the double, and at least three more."""
    return max(2 * shelf_life_days, shelf_life_days + 3)


def ensure_days(
    produced_on: date, expires_on: date, *, today: date, good_on: date | None, shelf_life_days: int
) -> None:
    """The days of a batch that comes in: made by today, good (at least) on `good_on`, and no longer than its pack can
    be. Without `good_on` it may have expired. Raises InvalidInput."""
    longest = longest_life(shelf_life_days)
    bounds = {"life": shelf_life_days, "longest": longest}
    if produced_on > today:
        raise InvalidInput(_("It can't have been produced after today."), field="produced_on")
    if expires_on < produced_on:
        raise InvalidInput(_("It can't expire before it was produced."), field="expires_on")
    if good_on and expires_on < good_on:
        raise InvalidInput(
            _("It had expired when it came in. Goods that come in spoiled are entered as spoiled."), field="expires_on"
        )
    if good_on and produced_on < good_on - timedelta(days=longest):
        raise InvalidInput(
            _("That is too long ago: this pack keeps %(life)d days, and a batch of it at most %(longest)d.") % bounds,
            field="produced_on",
        )
    if expires_on > produced_on + timedelta(days=longest):
        raise InvalidInput(
            _("That is too late: this pack keeps %(life)d days, and a batch of it is good for at most %(longest)d.")
            % bounds,
            field="expires_on",
        )


def ensure_measured(temperature: Decimal | None) -> None:
    """Raises InvalidInput for degrees that no truck has."""
    if temperature is not None and not COLDEST <= temperature <= WARMEST:
        raise InvalidInput(
            _("Goods come in between %(coldest)d and %(warmest)d °C.") % {"coldest": COLDEST, "warmest": WARMEST},
            field="temperature",
        )


def ensure_sound(on_hand: int, reserved: int, batched: int) -> None:
    """A shelf after a change: nothing is negative, and what is promised or in batches is there."""
    if on_hand < 0:
        raise StockWouldBreak(_("There can't be less than nothing on hand."), field="quantity")
    if reserved < 0 or reserved > on_hand:
        raise StockWouldBreak(promised_words(reserved), field="quantity")
    if batched < 0 or batched > on_hand:
        raise StockWouldBreak(
            ngettext(
                "%(batched)d piece is in a batch; say which batch is taken from.",
                "%(batched)d pieces are in batches; say which batch they are taken from.",
                batched,
            )
            % {"batched": batched},
            field="quantity",
        )


def ensure_room(pieces: int) -> None:
    """What stands on a shelf, or ever came in of a batch, once more was added. Raises StockWouldBreak."""
    if pieces > MOST_ON_SHELF:
        text = _("No shelf holds more than %(most)s pieces: this one would hold %(count)s.")
        facts = {
            "most": number_format(MOST_ON_SHELF, force_grouping=True),
            "count": number_format(pieces, force_grouping=True),
        }
        raise StockWouldBreak(text % facts, field="quantity")


def promised_words(reserved: int) -> str:
    """Why no more can go from a shelf with so many promised pieces."""
    return ngettext(
        "%(reserved)d piece is promised to an order; on hand can't go below that.",
        "%(reserved)d pieces are promised to orders; on hand can't go below that.",
        reserved,
    ) % {"reserved": reserved}


def availability(available: int, threshold: int) -> str:
    """IN_STOCK, LOW or OUT."""
    if available <= 0:
        return "OUT"
    return "LOW" if available < threshold else "IN_STOCK"
