"""What a person was told, and where we may push to."""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from milkdelivery.core.erasing import Leaving, erases
from milkdelivery.core.personal import record, tells
from notifications.actions import forget_messages, say_goodbye
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


@erases
def erase(leaving: Leaving) -> None:
    """Comes first of all: the other floors take away where the last word is sent to."""
    forget_messages(leaving)
    with translation.override(leaving.language):
        subject = _("Your account is closed")
        text = _(
            "Hello,\n\nyour account at %(shop)s is closed, and what we knew about you is erased. Your orders stay in "
            "our books without your name; invoices stay as they were issued for as long as the law wants them.\n\n"
            "This is our last message to you. If you did not ask for this, please call us.\n\n%(shop)s"
        )
        say_goodbye(leaving.user_id, subject=subject, text=text % {"shop": settings.BRAND_NAME})
