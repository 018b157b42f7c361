"""What a person was told, and where we may push to."""

from typing import Any

from milkdelivery.core.personal import record, tells
from notifications.models import Notification, PushSubscription


@tells("messages", Notification)
def messages(user_id: int) -> list[dict[str, Any]]:
    """As they read. Of codes, the text is gone already. One query."""
    facts = ("kind", "channel", "address", "subject", "body", "status", "created_at", "sent_at", "read_at")
    return [record(told, *facts) for told in Notification.objects.filter(recipient_id=user_id).order_by("pk")]


@tells("pushes", PushSubscription)
def pushes(user_id: int) -> list[dict[str, Any]]:
    """Without the keys."""
    kept = PushSubscription.objects.filter(user_id=user_id).order_by("pk")
    return [record(each, "endpoint", "created_at", "used_at") for each in kept]
