"""Which messages that were given up may be tried once more."""

from __future__ import annotations

from django.utils.translation import gettext as _

from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from notifications.models import Notification
from notifications.rules import OWN_WORDS, is_worth_telling


class NotRetriable(DomainError):
    code = "notification_not_retriable"


def ensure_retriable(message: Notification) -> None:
    """Raises NotRetriable for what is not given up, has lost its text, or would be told too late."""
    if message.status != Notification.Status.FAILED:
        raise NotRetriable(_("It was not given up: %(status)s.") % {"status": message.get_status_display()})
    if message.kind in OWN_WORDS:
        raise NotRetriable(_("Its text was erased. Whoever needs a code asks for another one."))
    if not is_worth_telling(message.kind, clock.now() - message.created_at):
        raise NotRetriable(_("It is too old to be worth telling."))
