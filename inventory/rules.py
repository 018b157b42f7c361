"""What a stock row may become."""

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput

SHOWN_AT_MOST = 50
"""How many pieces we say are there at most; more is nobody's business."""


class OutOfStock(DomainError):
    code = "out_of_stock"


class StockWouldBreak(InvalidInput):
    """On hand would fall below zero or below what is reserved."""

    code = "stock_would_break"


def ensure_sound(on_hand: int, reserved: int) -> None:
    """On hand and reserved after a change: neither is negative, and what is promised is there."""
    if on_hand < 0:
        raise StockWouldBreak(_("There can't be less than nothing on hand."), field="quantity")
    if reserved < 0 or reserved > on_hand:
        raise StockWouldBreak(
            _("%(reserved)d pieces are promised to orders; on hand can't go below that.") % {"reserved": reserved},
            field="quantity",
        )


def availability(available: int, threshold: int) -> str:
    """IN_STOCK, LOW or OUT."""
    if available <= 0:
        return "OUT"
    return "LOW" if available < threshold else "IN_STOCK"
