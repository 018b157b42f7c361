"""The kernel's records."""

from milkdelivery.core.models.events import Event, EventDelivery, EventOrigin
from milkdelivery.core.models.idempotency import IdempotencyKey
from milkdelivery.core.models.regions import E164, DeliverySlot, Holiday, Pincode, Region, TaxRate

__all__ = [
    "E164",
    "DeliverySlot",
    "Event",
    "EventDelivery",
    "EventOrigin",
    "Holiday",
    "IdempotencyKey",
    "Pincode",
    "Region",
    "TaxRate",
]
