"""Django's mail, through our log: what sign-in pages and others send with `EmailMessage.send()`.

Each message is noted, sent as soon as the open transaction commits (at once, where none is open) and left to the worker
where that fails. Its text, which may hold a code, is erased once it is settled.
"""

from collections.abc import Sequence
from functools import partial

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from notifications.actions import log_outgoing
from notifications.models import Notification
from notifications.sending import deliver


class EmailBackend(BaseEmailBackend):
    """`settings.EMAIL_BACKEND`. What really carries mail is `settings.MAIL_TRANSPORT`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were taken on: one for each message with a recipient."""
        taken = 0
        for message in email_messages:
            for address in message.recipients():
                with transaction.atomic():
                    held = log_outgoing(
                        channel=Notification.Channel.EMAIL,
                        to=address,
                        subject=str(message.subject),
                        text=str(message.body),
                        html=_html_of(message),
                    )
                    transaction.on_commit(partial(deliver, held))
            taken += bool(message.recipients())
        return taken


def _html_of(message: EmailMessage) -> str:
    if not isinstance(message, EmailMultiAlternatives):
        return ""
    return next((str(content) for content, mimetype in message.alternatives if mimetype == "text/html"), "")
