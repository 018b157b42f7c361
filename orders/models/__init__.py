"""Orders: the promise to bring these things on that day; what stopped one, and what a household claims of it."""

from orders.models.claim import Claim, ClaimLine, ClaimQuerySet
from orders.models.order import (
    GAVE_BACK,
    MISSING,
    Hold,
    HoldQuerySet,
    Order,
    OrderLine,
    OrderLineQuerySet,
    OrderQuerySet,
    OrderStatusChange,
    ReadableNumber,
    VendorAnswer,
    address_snapshot,
)

__all__ = [
    "GAVE_BACK",
    "MISSING",
    "Claim",
    "ClaimLine",
    "ClaimQuerySet",
    "Hold",
    "HoldQuerySet",
    "Order",
    "OrderLine",
    "OrderLineQuerySet",
    "OrderQuerySet",
    "OrderStatusChange",
    "ReadableNumber",
    "VendorAnswer",
    "address_snapshot",
]
