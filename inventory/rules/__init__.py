"""What can be promised, which goods go first, what a stock row may become, and what a file of counts says."""

from inventory.rules.stock import (
    NEVER,
    SHOWN_AT_MOST,
    BatchDiffers,
    Lot,
    OutOfStock,
    StockWouldBreak,
    SupplyBelowPromised,
    SupplyNotReceived,
    SupplyReceived,
    availability,
    ensure_days,
    ensure_sound,
    first_expired,
    promisable,
    promised_words,
)

__all__ = [
    "NEVER",
    "SHOWN_AT_MOST",
    "BatchDiffers",
    "Lot",
    "OutOfStock",
    "StockWouldBreak",
    "SupplyBelowPromised",
    "SupplyNotReceived",
    "SupplyReceived",
    "availability",
    "ensure_days",
    "ensure_sound",
    "first_expired",
    "promisable",
    "promised_words",
]
