"""Why stock moved, in words for staff."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Orders and checkouts say why they give goods back by a code, because households read other words than staff.
_CODES: Mapping[str, str | Promise] = {
    "checkout_given_up": _("The checkout could not go on"),
    "hold_lapsed": _("Held until the cut-off"),
    "hold_rejected": _("Rejected after a hold"),
    "line_missing": _("A line can't come, and nothing else is wanted then"),
    "nobody_can_fill": _("No dairy can bring it"),
    "not_served": _("Nobody delivers there any more"),
    "order_not_possible": _("The time to order had passed"),
    "out_of_stock": _("Something in it was sold out"),
    "payment_declined": _("The payment was declined"),
    "payment_expired": _("The payment did not come in time"),
}


def reason_words(reason: str) -> str:
    """What somebody gave as the reason, or what a code stands for."""
    return str(_CODES.get(reason, reason))
