"""Until when a vendor may answer, and how a line is divided among those who bring it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from orders.rules.status import CANCELLED, CONFIRMED, ON_HOLD

ANSWERABLE = frozenset({CONFIRMED, ON_HOLD})
"""Statuses of an order whose lines vendors accept, give back and get from each other."""

NOBODY_CAN_FILL = "nobody_can_fill"
"""Reason of an order that was cancelled because no vendor is left for any of its lines."""

LINE_MISSING = "line_missing"
"""Reason of an order that was cancelled because a line of it can't come whose household wants nothing then."""


class AnswerTooLate(DomainError):
    """The order had to stand packed by then."""

    code = "answer_too_late"


class OrderNotOpen(DomainError):
    """The order is cancelled, or packed already."""

    code = "order_not_open"


class LineGivenBack(DomainError):
    """The vendor gave the line back before, and somebody else brings it now."""

    code = "line_given_back"


def ensure_answerable(status: str, *, number: str, pack_at: datetime, by: Actor, now: datetime) -> None:
    """Vendors answer until the pack time; staff and the system may move lines on until the order is packed."""
    if status == CANCELLED:
        raise OrderNotOpen(_("Order %(number)s was cancelled. Nothing is to be brought.") % {"number": number})
    if status not in ANSWERABLE:
        raise OrderNotOpen(_("Order %(number)s is packed already.") % {"number": number})
    if now >= pack_at and not (by.is_staff or by.is_system):
        raise AnswerTooLate(
            _("The time to answer has passed: order %(number)s had to stand packed by now. Call us.")
            % {"number": number},
            pack_at=pack_at.isoformat(),
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What the pieces of a line add to an order."""

    discount: Money
    tax: Money
    deposit: Money
    total: Money


def divide(figures: Figures, *, unit_price: Money, quantities: Sequence[int]) -> list[Figures]:
    """A line's figures for its parts, of so many pieces each: they sum to the whole, to the last paisa."""
    shares = zip(
        quantities,
        figures.discount.allocate(quantities),
        figures.tax.allocate(quantities),
        figures.deposit.allocate(quantities),
        strict=True,
    )
    return [
        Figures(discount=discount, tax=tax, deposit=deposit, total=unit_price * count - discount)
        for count, discount, tax, deposit in shares
    ]
