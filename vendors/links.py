"""The signed link in a message to somebody who waits for us: whoever reads that mailbox may leave the list."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "milk.vendors.waitlist"


def leave_url(waiting_id: int) -> str:
    """The whole address, for a message. It is good as long as the entry is."""
    return settings.SITE_URL + reverse("vendors:leave", args=[signing.dumps(waiting_id, salt=SALT)])


def read_leave(token: str) -> int | None:
    """The entry that a link is of, or None where it is not ours."""
    try:
        found = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return found if isinstance(found, int) else None
