"""When an order may be held, and when a held one may still be decided."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput
from orders.rules.status import CONFIRMED, CREATED, ON_HOLD

HOLDABLE = frozenset({CREATED, CONFIRMED})
"""Statuses of an order that staff may hold: later it stands packed, and cancelling is the way to stop it."""

REJECTED = "hold_rejected"
"""Reason of an order that was cancelled because a manager rejected it. Why, is told by its hold, and to staff only."""

LAPSED = "hold_lapsed"
"""Reason of an order that was cancelled because nobody had decided about it by the cut-off."""


class NotHoldable(DomainError):
    """It is packed already, on its way, or over."""

    code = "order_not_holdable"


class NotHeld(DomainError):
    """There is nothing to decide: somebody was faster, or the order was never held."""

    code = "order_not_held"


class OrderHeldBack(DomainError):
    """Nothing goes on with a held order until it is approved."""

    code = "order_on_hold"


class HoldTooLate(DomainError):
    """The cut-off has passed: what is on hold then is cancelled."""

    code = "hold_too_late"


class ReasonMissing(InvalidInput):
    code = "reason_required"


def ensure_reason(reason: str) -> str:
    """The reason without blanks around it. Raises ReasonMissing."""
    words = reason.strip()
    if not words:
        raise ReasonMissing(_("Say why: the history shows it."), field="reason")
    return words


def ensure_holdable(status: str, *, number: str, cutoff_at: datetime, now: datetime) -> None:
    """Raises NotHoldable, and HoldTooLate from the cut-off on."""
    if status not in HOLDABLE:
        raise NotHoldable(
            _("Order %(number)s can’t be held any more. Cancel it where it must not go out.") % {"number": number}
        )
    if now >= cutoff_at:
        raise HoldTooLate(
            _("The cut-off of order %(number)s has passed, so it can’t be held. Cancel it, or let it go.")
            % {"number": number},
            cutoff_at=cutoff_at.isoformat(),
        )


def ensure_held(status: str, *, number: str) -> None:
    """Raises NotHeld."""
    if status != ON_HOLD:
        raise NotHeld(_("Order %(number)s is not on hold any more. Look at it anew.") % {"number": number})


def ensure_in_time(keep_until: datetime, *, number: str, now: datetime) -> None:
    """Whether a held order can still be let go. Raises HoldTooLate."""
    if now >= keep_until:
        raise HoldTooLate(
            _("The cut-off of order %(number)s has passed. It is cancelled.") % {"number": number},
            cutoff_at=keep_until.isoformat(),
        )
