"""How much goes back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.money import Money, divide_half_up

LESS_COMES = "line_short"
"""Why money of an order goes back, or is free again, of which not everything comes."""


class NothingToRefund(DomainError):
    code = "nothing_to_refund"


class TooMuch(InvalidInput):
    """More than what is left of what was captured."""

    code = "refund_too_much"


class BadLines(InvalidInput):
    code = "refund_bad_lines"


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of an order as it was paid for: pieces that come, what all of them cost with tax and deposit, and how much
    of that is deposit (None: nothing)."""

    line_id: int
    quantity: int
    paid: Money
    label: str = ""
    deposit: Money | None = None


@dataclass(frozen=True, slots=True)
class LineShare:
    """Pieces of a line that are paid back, and how much that is."""

    line_id: int
    quantity: int
    amount: Money

    def to_json(self) -> dict[str, int]:
        return {"line": self.line_id, "quantity": self.quantity, "amount": self.amount.minor}


def shares_of(
    wanted: Mapping[int, int],
    *,
    sold: Sequence[Sold],
    given: Sequence[Mapping[str, Any]],
    bottles_stay: Collection[int] = (),
) -> list[LineShare]:
    """What so many pieces of each line (by its id) are worth, after what earlier refunds (`given`) paid back.

    Of lines in `bottles_stay` the deposit is left out: it comes back with the bottles. However a line is split over
    refunds, its parts sum to what it cost, less those deposits. Raises BadLines for lines that are not the order's, and
    for more pieces than are left.
    """
    by_id = {line.line_id: line for line in sold}
    if not wanted or not wanted.keys() <= by_id.keys() or any(count < 1 for count in wanted.values()):
        raise BadLines(_("Choose lines of this order."), field="lines")
    gone = _pieces_gone(given)
    return [
        _share(by_id[line_id], count, gone.get(line_id, 0), with_deposit=line_id not in bottles_stay)
        for line_id, count in sorted(wanted.items())
    ]


def pieces_left(sold: Sequence[Sold], given: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """How many pieces of each line were not paid back yet, by its id."""
    gone = _pieces_gone(given)
    return {line.line_id: max(0, line.quantity - gone.get(line.line_id, 0)) for line in sold}


def _pieces_gone(given: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    gone: dict[int, int] = {}
    for part in given:
        gone[part["line"]] = gone.get(part["line"], 0) + part["quantity"]
    return gone


def capped(shares: Sequence[LineShare], left: Money) -> list[LineShare]:
    """The same pieces for no more than is left of the payment: what goes past it is taken off the last lines."""
    kept = []
    for share in shares:
        amount = min(share.amount, left)
        left -= amount
        kept.append(replace(share, amount=amount))
    return kept


def way_back(method_gives_back: bool, *, is_wallet: bool, has_account: bool) -> tuple[str, ...]:
    """Where money can go back to, the first one by itself: the wallet and, where it came from a bank, that.

    Somebody without an account has no wallet to look into, so what came from a bank goes back there. Cash can't go
    back the way it came: it waits in a wallet for whoever proves the contact.
    """
    if is_wallet or not method_gives_back:
        return ("WALLET",)
    return ("WALLET", "SOURCE") if has_account else ("SOURCE",)


def _share(line: Sold, count: int, gone: int, *, with_deposit: bool) -> LineShare:
    if gone + count > line.quantity:
        left = max(0, line.quantity - gone)
        if not left:
            raise BadLines(_("All pieces of this line were paid back already."), field="lines")
        text = ngettext_lazy(
            "Only %(left)d piece of this line is left to pay back.",
            "Only %(left)d pieces of this line are left to pay back.",
            left,
        )
        raise BadLines(text % {"left": left}, field="lines")
    paid = line.paid
    if not with_deposit and line.deposit is not None:
        paid -= line.deposit
    worth = _worth(paid, gone + count, line.quantity) - _worth(paid, gone, line.quantity)
    return LineShare(line.line_id, count, worth)


def _worth(paid: Money, pieces: int, of: int) -> Money:
    return Money(divide_half_up(paid.minor * pieces, of), paid.currency)


def ensure_refundable(amount: Money, *, left: Money) -> None:
    """Never past what was captured. Raises NothingToRefund and TooMuch."""
    if not left:
        raise NothingToRefund(_("Nothing is left to pay back."))
    if amount <= Money.zero(amount.currency):
        raise TooMuch(_("Enter an amount above zero."), field="amount")
    if amount > left:
        raise TooMuch(
            _("At most %(left)s can go back.") % {"left": left.format()}, field="amount", left=str(left.to_decimal())
        )


def excess(*, captured: Money, owed: Money, given: Money) -> Money:
    """What was paid for goods that don't come after all and did not go back yet. Never below zero.

    `given` is what went back for what is missing: by this rule, or of lines that staff paid back before they fell short
    (`given_for_missing`).
    """
    over = captured - owed - given
    return max(Money.zero(over.currency), over)


def given_for_missing(given: Sequence[Mapping[str, Any]], coming: Mapping[int, int], currency: str) -> Money:
    """What staff paid back of pieces that don't come after all: those past the pieces of their line that do come
    (`coming`, by line id)."""
    minor = 0
    for line_id in {part["line"] for part in given}:
        parts = [part for part in given if part["line"] == line_id]
        pieces, amount = sum(part["quantity"] for part in parts), sum(part["amount"] for part in parts)
        missing = max(0, pieces - coming.get(line_id, 0))
        minor += divide_half_up(amount * missing, pieces)
    return Money(minor, currency)
