"""What may still be changed of an order that was placed, and until when."""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput
from orders.rules.status import CONFIRMED, CREATED, ON_HOLD, PACKED

ADDRESS = "address"
SLOT = "slot"
INSTRUCTIONS = "instructions"

CHANGEABLE = frozenset({CONFIRMED, ON_HOLD})
"""Placed for good, and nothing of it packed."""


class NotChangeable(DomainError):
    code = "order_not_changeable"


class ChangeTooLate(NotChangeable):
    """The cut-off of its delivery has passed: lists and rounds are made of what it was."""

    code = "change_too_late"


class OtherRegion(InvalidInput):
    """Prices and taxes of the order are those of its region."""

    code = "other_region"


class OtherDay(InvalidInput):
    """Milk, prices and taxes were promised for its day."""

    code = "delivery_date_not_changeable"


class SlotNotOpen(InvalidInput):
    code = "slot_closed"


class DairiesElsewhere(DomainError):
    """Who brings the goods does not come to the new place, nor does anybody else who has them."""

    code = "dairies_elsewhere"


class OrderChangedMeanwhile(DomainError):
    code = "changed_meanwhile"


_WHY_NOT: Mapping[str, object] = {
    CREATED: _("Order %(number)s is not confirmed yet: it can be changed once it is."),
    PACKED: _("Order %(number)s is packed. Cancel it, and order anew."),
}


def ensure_changeable(status: str, *, number: str, cutoff_at: datetime, now: datetime) -> None:
    """Raises NotChangeable, and ChangeTooLate from the cut-off on."""
    if status not in CHANGEABLE:
        words = _WHY_NOT.get(status, _("Order %(number)s can't be changed any more."))
        raise NotChangeable(str(words) % {"number": number})
    if now >= cutoff_at:
        raise ChangeTooLate(_("The time to change this order has passed."), cutoff_at=cutoff_at.isoformat())


def ensure_same_day(wanted: date, ordered: date) -> None:
    """Raises OtherDay."""
    if wanted != ordered:
        words = _(
            "Its milk, prices and taxes are those of its day. Cancel the order and place it anew for another day."
        )
        raise OtherDay(words, field="delivery_date")
