"""What became of messages. Addresses and texts never ride in events."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class NotificationSent(DomainEvent):
    name = "notification.sent"
    notification_id: int
    kind: str
    channel: str


@dataclass(frozen=True)
class NotificationFailed(DomainEvent):
    """It was given up: the address refused it, or it could not be sent for days."""

    name = "notification.failed"
    notification_id: int
    kind: str
    channel: str


@dataclass(frozen=True)
class NotificationSkipped(DomainEvent):
    """What it would have said was no longer so when its turn came."""

    name = "notification.skipped"
    notification_id: int
    kind: str
    channel: str
