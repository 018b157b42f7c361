"""What a cart may hold, and what keeps it from becoming an order."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.rules import MAX_LINES, MAX_QUANTITY

LEASE = timedelta(seconds=60)
"""How long whoever runs a checkout has for it before a worker takes over. Real time."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
_DOUBLINGS = 8

WHOLE = "non_field_errors"
"""Where a problem belongs that no single input caused."""


class BadQuantity(InvalidInput):
    code = "bad_quantity"


class CartFull(DomainError):
    code = "cart_full"


class CartClosed(DomainError):
    """The cart became an order meanwhile, in another tab perhaps."""

    code = "cart_closed"


class NotOnSale(DomainError):
    code = "not_on_sale"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a cart can't be ordered as it is: at which field of the form, and in words."""

    code: str
    message: Any
    field: str | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class CheckoutRefused(InvalidInput):
    """The order was not placed. `problems` says everything that has to be mended, at once."""

    code = "checkout_refused"

    def __init__(self, problems: list[Problem]) -> None:
        told = [{"code": each.code, "field": each.field, **each.facts} for each in problems]
        super().__init__(problems[0].message, field=problems[0].field, problems=told)
        self.problems = problems

    @property
    def errors(self) -> dict[str, list[str]]:
        errors: dict[str, list[str]] = {}
        for problem in self.problems:
            errors.setdefault(problem.field or WHOLE, []).append(str(problem.message))
        return errors


def ensure_quantity(quantity: int) -> int:
    """Between one piece and `MAX_QUANTITY`. Raises BadQuantity."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise BadQuantity(
            _("Choose between 1 and %(most)d pieces.") % {"most": MAX_QUANTITY}, field="quantity", most=MAX_QUANTITY
        )
    return quantity


def ensure_open(status: str) -> None:
    """Whether the cart may still be changed. Raises CartClosed."""
    if status != "OPEN":
        raise CartClosed(_("This cart has been ordered already."))


def ensure_room(lines: int) -> None:
    """Whether one more line fits. Raises CartFull."""
    if lines >= MAX_LINES:
        raise CartFull(_("A cart holds %(most)d different things.") % {"most": MAX_LINES})


def back_off(errors: int) -> timedelta:
    """The pause after so many errors in a row: doubled with each one, `LONGEST_PAUSE` at most. Real time."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(errors - 1, _DOUBLINGS))


def line_state(*, on_sale: bool, wanted: int, available: int, state: str) -> str:
    """OK, LOW (enough, but not much left), SHORT (less than wanted) or UNAVAILABLE."""
    if not on_sale or available <= 0:
        return "UNAVAILABLE"
    if available < wanted:
        return "SHORT"
    return "LOW" if state == "LOW" else "OK"
