"""How much goes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.money import Money, divide_half_up


class NothingToRefund(DomainError):
    code = "nothing_to_refund"


class TooMuch(InvalidInput):
    """More than what is left of what was captured."""

    code = "refund_too_much"


class BadLines(InvalidInput):
    code = "refund_bad_lines"


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of an order as it was paid for: pieces that come, and what all of them cost with tax and deposit."""

    line_id: int
    quantity: int
    paid: Money
    label: str = ""


@dataclass(frozen=True, slots=True)
class LineShare:
    """Pieces of a line that are paid back, and how much that is."""

    line_id: int
    quantity: int
    amount: Money

    def to_json(self) -> dict[str, int]:
        return {"line": self.line_id, "quantity": self.quantity, "amount": self.amount.minor}


def shares_of(
    wanted: Mapping[int, int], *, sold: Sequence[Sold], given: Sequence[Mapping[str, Any]]
) -> list[LineShare]:
    """What so many pieces of each line (by its id) are worth, after what earlier refunds (`given`) paid back.

    However a line is split over refunds, its parts sum to what it cost. Raises BadLines for lines that are not the
    order's, and for more pieces than are left.
    """
    by_id = {line.line_id: line for line in sold}
    if not wanted or not wanted.keys() <= by_id.keys() or any(count < 1 for count in wanted.values()):
        raise BadLines(_("Choose lines of this order."), field="lines")
    gone: dict[int, int] = {}
    for part in given:
        gone[part["line"]] = gone.get(part["line"], 0) + part["quantity"]
    return [_share(by_id[line_id], count, gone.get(line_id, 0)) for line_id, count in sorted(wanted.items())]


def _share(line: Sold, count: int, gone: int) -> LineShare:
    if gone + count > line.quantity:
        left = max(0, line.quantity - gone)
        raise BadLines(_("Only %(left)d pieces of this line are left to pay back.") % {"left": left}, field="lines")
    return LineShare(line.line_id, count, _worth(line, gone + count) - _worth(line, gone))


def _worth(line: Sold, pieces: int) -> Money:
    return Money(divide_half_up(line.paid.minor * pieces, line.quantity), line.paid.currency)


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


def excess(*, captured: Money, owed: Money, given_for_shortage: Money) -> Money:
    """What was paid for goods that don't come after all and did not go back yet. Never below zero."""
    over = captured - owed - given_for_shortage
    return max(Money.zero(over.currency), over)
