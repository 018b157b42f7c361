"""What a cart may hold, and what keeps it from becoming an order."""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.money import Money
from milkdelivery.core.rules import MAX_LINES, MAX_QUANTITY

LEASE = timedelta(seconds=60)
"""How long whoever runs a checkout has for it before a worker takes over. Real time."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
_DOUBLINGS = 8

LONGEST_CODE = 64
"""Letters of a promo code as somebody may type it."""

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


CAPPED, NO_ROOM, GONE, PRICE = "CAPPED", "NO_ROOM", "GONE", "PRICE"


@dataclass(frozen=True, slots=True)
class News:
    """Something that changed in a cart without its household, told once.

    CAPPED and NO_ROOM: two carts became one, and of `wanted` pieces `kept` are in it. GONE: it is not sold any more.
    PRICE: a piece costs `now` what it `was` not.
    """

    kind: str
    variant_id: int
    name: str
    wanted: int = 0
    kept: int = 0
    was: Money | None = None
    now: Money | None = None

    @property
    def text(self) -> str:
        """For people, in their language."""
        said: dict[str, Any] = {"name": self.name, "kept": self.kept, "wanted": self.wanted}
        if self.kind == CAPPED:
            words = gettext("%(name)s was in two carts, %(wanted)d pieces in all. It holds %(kept)d at most.")
        elif self.kind == NO_ROOM:
            words = gettext("%(name)s found no room: the cart is full.")
        elif self.kind == GONE:
            words = gettext("%(name)s is not sold any more, so we took it out.")
        else:
            words = gettext("%(name)s costs %(now)s now. It was %(was)s when you looked last.")
            said |= {"was": self.was.format() if self.was else "", "now": self.now.format() if self.now else ""}
        return words % said


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


class BadChoice(InvalidInput):
    code = "bad_choice"


def ensure_choice(chosen: str, *, among: Collection[str]) -> str:
    """Raises BadChoice for what can't be chosen where there is not enough of something."""
    if chosen not in among:
        raise BadChoice(_("Choose what we do where there is not enough."), field="if_short")
    return chosen


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
