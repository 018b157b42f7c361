"""What happens to dairies."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class VendorCreated(DomainEvent):
    name = "vendor.created"
    vendor_id: int


@dataclass(frozen=True)
class VendorUpdated(DomainEvent):
    name = "vendor.updated"
    vendor_id: int


@dataclass(frozen=True)
class VendorDeactivated(DomainEvent):
    name = "vendor.deactivated"
    vendor_id: int


@dataclass(frozen=True)
class VendorActivated(DomainEvent):
    name = "vendor.activated"
    vendor_id: int


@dataclass(frozen=True)
class VendorRated(DomainEvent):
    name = "vendor.rated"
    vendor_id: int
    stars: int


@dataclass(frozen=True)
class VendorDayChanged(DomainEvent):
    """How many orders a vendor takes on a day was set; None: as many as usual."""

    name = "vendor.day_changed"
    vendor_id: int
    date: date
    order_limit: int | None


@dataclass(frozen=True)
class WaitlistJoined(DomainEvent):
    """Somebody waits for us to come to a pincode. Who, is in the books alone."""

    name = "waitlist.joined"
    waiting_id: int
    pincode: str


@dataclass(frozen=True)
class WaitlistLeft(DomainEvent):
    """Somebody waits no more: the record is gone."""

    name = "waitlist.left"
    waiting_id: int
    pincode: str


@dataclass(frozen=True)
class WaitlistTold(DomainEvent):
    """Households that waited for a pincode are told that we come there."""

    name = "waitlist.told"
    pincode: str
    count: int
