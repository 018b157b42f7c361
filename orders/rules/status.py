"""The status table of orders. Any change that is not in it is refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError

CREATED = "CREATED"
ON_HOLD = "ON_HOLD"
CONFIRMED = "CONFIRMED"
PACKED = "PACKED"
OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
DELIVERED = "DELIVERED"
RETURNED = "RETURNED"
CANCELLED = "CANCELLED"

MOVES: Mapping[str, frozenset[str]] = {
    CREATED: frozenset({CONFIRMED, ON_HOLD, CANCELLED}),
    ON_HOLD: frozenset({CREATED, CONFIRMED, CANCELLED}),
    CONFIRMED: frozenset({PACKED, ON_HOLD, CANCELLED}),
    PACKED: frozenset({OUT_FOR_DELIVERY, CANCELLED}),
    OUT_FOR_DELIVERY: frozenset({DELIVERED, CONFIRMED, RETURNED}),
    DELIVERED: frozenset({RETURNED}),
    RETURNED: frozenset(),
    CANCELLED: frozenset(),
}

UNDO_MOVES: Mapping[str, frozenset[str]] = {
    DELIVERED: frozenset({OUT_FOR_DELIVERY}),
    CONFIRMED: frozenset({OUT_FOR_DELIVERY}),
    RETURNED: frozenset({OUT_FOR_DELIVERY}),
}
"""What a driver's wrong tap is taken back by: nothing else goes these ways."""

UNDO_WITHIN = timedelta(minutes=5)
"""How long a driver may take a tap back. What can't be taken back (mails, invoices, refunds) waits as long."""

UNDONE = "undone"
"""Why an order is on its way again: its driver had tapped the wrong button."""

BEFORE_LEAVING = frozenset({CREATED, ON_HOLD, CONFIRMED, PACKED})
"""The order has not left the hub."""


class ImpossibleMove(DomainError):
    code = "order_impossible_move"


class OrderNotCancellable(DomainError):
    code = "order_not_cancellable"


class NotUndoable(DomainError):
    """Something came of it that can't be taken back."""

    code = "not_undoable"


class GoodsInVan(DomainError):
    """They went out with a driver who did not hand them over, and are not back at the hub yet."""

    code = "goods_in_van"


class OrderIncomplete(DomainError):
    """Less lies there for the order than it is to bring."""

    code = "order_incomplete"


_STANDS = {
    CREATED: _("This order is not confirmed yet."),
    ON_HOLD: _("This order is on hold. Decide about it first."),
    CONFIRMED: _("This order is not packed yet."),
    PACKED: _("This order is packed already."),
    OUT_FOR_DELIVERY: _("This order is on its way already."),
    DELIVERED: _("This order was delivered already."),
    RETURNED: _("This order came back and is over."),
    CANCELLED: _("This order was cancelled."),
}
"""Why an order does not go where it was to, from where it stands."""


def ensure_move(from_status: str, to_status: str) -> None:
    """Raises ImpossibleMove."""
    if to_status not in MOVES[from_status]:
        raise ImpossibleMove(_STANDS[from_status], from_status=from_status, to_status=to_status)


def ensure_undo(from_status: str, to_status: str) -> None:
    """Raises NotUndoable."""
    if to_status not in UNDO_MOVES.get(from_status, ()):
        raise NotUndoable(_("The order has changed since. Ask the hub."), from_status=from_status)


def ensure_complete(
    number: str, *, wanted: Mapping[tuple[int, int], int], there: Mapping[tuple[int, int], int]
) -> None:
    """All pieces that the order is to bring are there, by (vendor, variant). Raises OrderIncomplete."""
    missing = sum(max(0, count - there.get(pair, 0)) for pair, count in wanted.items())
    if missing:
        raise OrderIncomplete(
            ngettext(
                "%(count)d piece of order %(number)s did not come in. Another dairy is looked for; try again in a "
                "minute.",
                "%(count)d pieces of order %(number)s did not come in. Another dairy is looked for; try again in a "
                "minute.",
                missing,
            )
            % {"count": missing, "number": number},
        )


def ensure_cancellable(status: str, *, cutoff_at: datetime, by: Actor, now: datetime) -> None:
    """Staff and the system may cancel until the order leaves the hub; the customer until the cut-off besides."""
    if status not in BEFORE_LEAVING:
        raise OrderNotCancellable(_("This order is already on its way and can't be cancelled any more."))
    is_promised = status != CREATED
    if is_promised and not (by.is_staff or by.is_system) and now >= cutoff_at:
        raise OrderNotCancellable(_("The time to change this order has passed."), cutoff_at=cutoff_at.isoformat())
