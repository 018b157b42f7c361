"""The kernel's own events."""

from dataclasses import dataclass
from datetime import datetime

from milkdelivery.core.eventlog.events import DomainEvent


@dataclass(frozen=True)
class AccessDenied(DomainEvent):
    """Somebody asked for what their role does not permit. `route` is the pattern, `target` the ids in the address."""

    name = "access.denied"
    user_id: int | None
    method: str
    route: str
    target: str = ""

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}" if self.user_id else "guest"


@dataclass(frozen=True)
class RegionUpdated(DomainEvent):
    """A region or something of it changed. `part` says what: region, slot:3, holiday:2026-01-26, pincode:560034, …"""

    name = "region.updated"
    region_id: int
    part: str


@dataclass(frozen=True)
class EventDeliveryRetried(DomainEvent):
    """Staff let the pump try a failed event again."""

    name = "event_delivery.retried"
    event_delivery_id: int
    event_id: int
    subscriber: str


@dataclass(frozen=True)
class EventDeliveryDiscarded(DomainEvent):
    """Staff decided that a subscriber need not hear of an event."""

    name = "event_delivery.discarded"
    event_delivery_id: int
    event_id: int
    subscriber: str
    reason: str


@dataclass(frozen=True)
class SubscriberBackfilled(DomainEvent):
    """A subscriber was told of what happened before it listened: `events` events since `since`."""

    name = "subscriber.backfilled"
    subscriber: str
    since: datetime
    events: int


@dataclass(frozen=True)
class PincodeOpened(DomainEvent):
    """We come to a pincode where we did not before: a dairy and a hub both serve it now."""

    name = "pincode.opened"
    pincode: str
