"""What is written once and still has to forget people: events, transfers, taps. Triggers refuse every change of theirs
but one, words made empty by the transaction that erases somebody, and know it by what `words_may_go` says.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Q

from milkdelivery.core.models.events import Event, EventDelivery, EventOrigin

WORDS = ("reason", "note", "words", "text")
"""Fields of events in which people write what they like. The others hold ids, codes and amounts."""

_ALLOW = "SELECT set_config('milkdelivery.erasing', pg_current_xact_id()::text, true)"
_FORBID = "SELECT set_config('milkdelivery.erasing', '', true)"

_EMPTY = """
UPDATE core_event SET data = data || (
    SELECT jsonb_object_agg(key, '') FROM jsonb_each(data) WHERE key = ANY(%(words)s) AND jsonb_typeof(value) = 'string'
)
WHERE (subject = ANY(%(subjects)s) OR (actor_kind = 'user' AND actor_id = %(user_id)s))
    AND actor_kind IN ('user', 'guest') AND data ?| %(words)s
    AND EXISTS (
        SELECT FROM jsonb_each(data)
        WHERE key = ANY(%(words)s) AND jsonb_typeof(value) = 'string' AND value <> '""'::jsonb
    )
"""


@contextmanager
def words_may_go() -> Iterator[None]:
    """Inside, words of what is written once may be made empty, by this transaction alone."""
    with connection.cursor() as cursor:
        cursor.execute(_ALLOW)
    yield
    with connection.cursor() as cursor:
        cursor.execute(_FORBID)


def empty_words(subjects: Collection[str], *, user_id: int) -> None:
    """Take what people wrote out of the events about these subjects, and out of those of the person. What the system
    says is a code, and stays. Inside `words_may_go`."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, {"subjects": sorted(subjects), "user_id": user_id, "words": list(WORDS)})


def forget_origins(subjects: Collection[str], *, user_id: int) -> None:
    """Forget where a person's requests came from: their own, and those of the guest they were before. That there was
    a request stays, with its number."""
    own = Q(actor_kind="user", actor_id=user_id)
    as_guest = Q(actor_kind="guest", subject__in=subjects)
    theirs = Event.objects.filter(own | as_guest).order_by().values("origin_id")
    EventOrigin.objects.filter(pk__in=theirs).update(ip=None, device_id=None, user_agent="", place="")


def forget_errors(subjects: Collection[str]) -> None:
    """What a handler stumbled over may quote what it read."""
    EventDelivery.objects.filter(subject__in=subjects).exclude(last_error="").update(last_error="")
