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


@dataclass(frozen=True)
class NotificationRetried(DomainEvent):
    """Staff have one tried again that was given up."""

    name = "notification.retried"
    notification_id: int
    kind: str
    channel: str


@dataclass(frozen=True)
class PromotionAnnounced(DomainEvent):
    """Households that agreed to hear of offers are told of one; `code_id` is the code that is named."""

    name = "promotion.announced"
    promotion_id: int
    code_id: int | None


@dataclass(frozen=True)
class NotificationsRead(DomainEvent):
    """Somebody read so many in their bell."""

    name = "notification.read"
    user_id: int
    count: int


@dataclass(frozen=True)
class PushSubscribed(DomainEvent):
    """A browser or app of theirs lets us push to it."""

    name = "push.subscribed"
    user_id: int
    push_subscription_id: int


@dataclass(frozen=True)
class PushEnded(DomainEvent):
    """We push there no more. `reason` is asked, signed_out, replaced or gone."""

    name = "push.ended"
    user_id: int
    push_subscription_id: int
    reason: str
