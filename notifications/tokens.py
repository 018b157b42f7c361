"""Links in mails that end mails, signed: nobody can end another's."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.rules.messages import DECIDED, Group

SALT = "milk.notifications.stop"
LONGEST = 200
"""Characters of a token."""
ENDABLE = frozenset({*DECIDED, Group.NEWS}) - {Group.MONEY}
"""Groups whose mails can be ended by a link. Receipts are not among them."""


@dataclass(frozen=True, slots=True)
class Stop:
    user_id: int
    group: Group


def stop_url(user_id: int, group: Group) -> str:
    """Absolute. Good for ever: mails are found again after years, and what it ends can be switched on again."""
    token = signing.dumps([user_id, group.value], salt=SALT)
    return f"{settings.SITE_URL}{reverse('notifications:unsubscribe', args=[token])}"


def stop_of(token: str) -> Stop | None:
    """What a link ends; None for one that is not ours."""
    if len(token) > LONGEST:
        return None
    try:
        user_id, group = signing.loads(token, salt=SALT)
        stop = Stop(int(user_id), Group(group))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return stop if stop.group in ENDABLE else None
