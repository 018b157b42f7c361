"""The kernel's pages of the back office."""

from milkdelivery.core.admin.audit import EventAdmin
from milkdelivery.core.admin.events import EventDeliveryAdmin
from milkdelivery.core.admin.regions import DeliverySlotAdmin, HolidayAdmin, PincodeAdmin, RegionAdmin, TaxRateAdmin

__all__ = [
    "DeliverySlotAdmin",
    "EventAdmin",
    "EventDeliveryAdmin",
    "HolidayAdmin",
    "PincodeAdmin",
    "RegionAdmin",
    "TaxRateAdmin",
]
