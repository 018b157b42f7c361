"""Telling a subscriber what happened before it listened."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog.emission import CHANNEL, emit
from milkdelivery.core.eventlog.registry import registry
from milkdelivery.core.events import SubscriberBackfilled
from milkdelivery.core.models import EventDelivery

CHUNK = 5_000
"""Events looked at in one statement."""

_FILL = """
WITH missed AS (
    SELECT id, subject FROM core_event
    WHERE id > %(after)s AND name = ANY(%(names)s) AND recorded_at >= %(since)s
    ORDER BY id LIMIT %(chunk)s
), receipts AS (
    INSERT INTO core_eventdelivery (event_id, subscriber, subject, status, attempts, last_error)
    SELECT id, %(subscriber)s, subject, 'PENDING', 0, '' FROM missed
    ON CONFLICT (event_id, subscriber) DO NOTHING
    RETURNING event_id
)
SELECT (SELECT max(id) FROM missed), (SELECT count(*) FROM receipts)
"""


class ReceiptsForgotten(DomainError):
    """Whether the subscriber has heard those events already can't be told any more."""

    code = "event_receipts_forgotten"


def backfill(subscriber: str, *, since: datetime, by: Actor, never_heard: bool = False) -> int:
    """Have a subscriber told of every event it listens to that was recorded at or after `since`; how many those are.

    Safe to repeat, and while pumps run: what the subscriber was told, or is about to be, it isn't told again. Each
    chunk commits by itself. Old events of a subject come before its waiting ones and after those already handled.
    Emits SubscriberBackfilled.

    Raises InvalidInput for an unknown subscriber, and ReceiptsForgotten for a `since` from which receipts are no longer
    kept, unless `never_heard` gives the assurance that this subscriber is new.
    """
    if subscriber not in registry.names():
        raise InvalidInput(
            _("There is no subscriber %(name)s. There are: %(all)s.")
            % {"name": subscriber, "all": ", ".join(sorted(registry.names()))},
            field="subscriber",
        )
    kept_since = clock.real_now() - timedelta(days=settings.EVENT_DELIVERY_DAYS)
    is_known = EventDelivery.objects.filter(subscriber=subscriber).exists()
    if since < kept_since and is_known and not never_heard:
        raise ReceiptsForgotten(
            _("%(name)s may have handled events from before %(day)s: their receipts are no longer kept.")
            % {"name": subscriber, "day": f"{kept_since:%Y-%m-%d}"}
        )
    added = _fill(subscriber, since)
    with transaction.atomic():
        emit(SubscriberBackfilled(subscriber, since, added), actor=by)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return added


def _fill(subscriber: str, since: datetime) -> int:
    names = list(registry[subscriber].handlers)
    parameters: dict[str, Any] = {"subscriber": subscriber, "names": names, "since": since, "chunk": CHUNK}
    added, after = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FILL, {**parameters, "after": after})
            last, inserted = cursor.fetchone()
        if last is None:
            return added
        added, after = added + inserted, last
