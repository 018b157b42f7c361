"""What happens to dairies."""

from dataclasses import dataclass

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
