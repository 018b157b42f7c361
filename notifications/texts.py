"""Text messages that somebody else wrote, such as sign-in codes, through our log: noted, sent, and then erased."""

from functools import partial

from django.db import transaction

from notifications.actions import log_outgoing
from notifications.models import Notification
from notifications.sending import deliver


def send_text(to: str, text: str) -> None:
    """`settings.SMS_SENDER`. Sent as soon as the open transaction commits, and left to the worker where that fails."""
    with transaction.atomic():
        held = log_outgoing(channel=Notification.Channel.SMS, to=to, text=text)
        transaction.on_commit(partial(deliver, held))
