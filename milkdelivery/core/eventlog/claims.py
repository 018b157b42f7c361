"""The SQL of deliveries: lease subjects, read what is due for them, write receipts and failures."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.eventlog.events import DomainEvent, Envelope, event_class

# A subject's oldest unsettled delivery is its head, and the lock on that row is the lease of (subscriber, subject).
# The row is checked again once locked, so a pump that looked before another one committed takes nothing twice.
_LEASE = """
SELECT head.subject
FROM core_eventdelivery head
WHERE head.subscriber = %(subscriber)s AND head.status = 'PENDING'
    AND (%(ignore_backoff)s OR head.next_attempt_at <= clock_timestamp())
    AND head.event_id <= %(up_to)s
    AND head.event_id = (
        SELECT min(earliest.event_id) FROM core_eventdelivery earliest
        WHERE earliest.subscriber = head.subscriber AND earliest.subject = head.subject
            AND earliest.status IN ('PENDING', 'DEAD'))
ORDER BY head.event_id
LIMIT %(limit)s
FOR UPDATE OF head SKIP LOCKED
"""

# Looking only at the oldest rows first keeps a long queue for few subjects from being read whole for every chunk.
_WINDOW_END = """
SELECT event_id FROM core_eventdelivery
WHERE subscriber = %(subscriber)s AND status = 'PENDING'
ORDER BY event_id OFFSET %(window)s LIMIT 1
"""

_DUE = """
SELECT due.id, due.subject, due.status, due.attempts, due.is_ripe, event.id, event.name, event.data,
    event.actor_kind, event.actor_id, event.actor_name, event.role, event.occurred_at, event.request_id
FROM unnest(%(subjects)s::text[]) AS leased (subject)
CROSS JOIN LATERAL (
    SELECT id, event_id, subject, status, attempts,
        (%(ignore_backoff)s OR next_attempt_at <= clock_timestamp()) AS is_ripe
    FROM core_eventdelivery
    WHERE subscriber = %(subscriber)s AND subject = leased.subject AND status IN ('PENDING', 'DEAD')
    ORDER BY event_id LIMIT %(per_subject)s
) AS due
JOIN core_event event ON event.id = due.event_id
ORDER BY due.event_id
LIMIT %(limit)s
"""

_DONE = """
UPDATE core_eventdelivery SET status = 'DONE', attempts = attempts + 1, done_at = clock_timestamp()
WHERE id = ANY(%(ids)s) AND status = 'PENDING'
"""

_FAILED = """
UPDATE core_eventdelivery SET attempts = attempts + 1, last_error = %(error)s,
    status = CASE WHEN attempts + 1 >= %(limit)s THEN 'DEAD' ELSE status END,
    next_attempt_at = clock_timestamp() + least(%(longest)s, %(base)s * power(2, attempts)) * interval '1 second'
WHERE id = %(id)s AND status = 'PENDING'
"""

_WITH_WORK = """
SELECT name FROM unnest(%(subscribers)s::text[]) AS name
WHERE EXISTS (SELECT FROM core_eventdelivery WHERE subscriber = name AND status = 'PENDING')
"""

WINDOW_CHUNKS = 4
NO_END = 2**63 - 1
LONGEST_BACKOFF_SECONDS = 3600


class LeaseLost(Exception):
    """Somebody else settled a delivery that this transaction has worked on, so it must not commit."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to make now."""

    id: int
    subject: str
    attempts: int
    event_id: int
    name: str
    data: str
    actor: Actor
    occurred_at: datetime
    request_id: str

    def envelope(self) -> Envelope[DomainEvent]:
        """What the handler gets. Raises UnknownEvent, or TypeError where the stored facts no longer fit the class."""
        event = event_class(self.name).from_data(json.loads(self.data))
        return Envelope(self.event_id, event, self.actor, self.occurred_at, self.request_id)


def subscribers_with_work(names: Sequence[str]) -> list[str]:
    """Those of `names` with anything pending, whether or not it can be taken now."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_WORK, {"subscribers": list(names)})
        return [name for (name,) in cursor.fetchall()]


def claim(subscriber: str, *, limit: int, ignore_backoff: bool = False) -> list[Due]:
    """Lease subjects until this transaction ends, and read their events in order: at most `limit`.

    What follows a leased head needs no lock of its own: nobody else can take it while the head is unsettled.
    """
    for up_to in _windows(subscriber, limit):
        claimed = _claim(subscriber, limit, up_to, ignore_backoff)
        if len(claimed) >= limit or up_to == NO_END:
            break
    return claimed


def _windows(subscriber: str, limit: int) -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute(_WINDOW_END, {"subscriber": subscriber, "window": limit * WINDOW_CHUNKS})
        end = cursor.fetchone()
    if end is not None:
        yield end[0]
    yield NO_END


def _claim(subscriber: str, limit: int, up_to: int, ignore_backoff: bool) -> list[Due]:
    parameters: dict[str, Any] = {
        "subscriber": subscriber,
        "limit": limit,
        "up_to": up_to,
        "ignore_backoff": ignore_backoff,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, parameters)
        subjects = [subject for (subject,) in cursor.fetchall()]
        if not subjects:
            return []
        share = -(-limit // len(subjects))  # rounded up: few subjects lend more of their events to a full chunk
        cursor.execute(_DUE, {**parameters, "subjects": subjects, "per_subject": share})
        return list(_until_blocked(cursor.fetchall()))


def _until_blocked(rows: Sequence[tuple[Any, ...]]) -> Iterator[Due]:
    """The rows in order, without what waits behind a dead letter or a back-off of the same subject."""
    blocked: set[str] = set()
    for id_, subject, status, attempts, is_ripe, event_id, name, data, kind, user_id, part, role, at, request in rows:
        if status == "DEAD" or not is_ripe:
            blocked.add(subject)
        if subject not in blocked:
            actor = Actor(kind=kind, role=Role(role) if role else None, user_id=user_id, name=part)
            yield Due(id_, subject, attempts, event_id, name, data, actor, at, request)


def mark_done(deliveries: Sequence[Due]) -> None:
    """Write the receipts. Raises LeaseLost when one was settled elsewhere: the caller's transaction must roll back."""
    if not deliveries:
        return
    with connection.cursor() as cursor:
        cursor.execute(_DONE, {"ids": [delivery.id for delivery in deliveries]})
        if cursor.rowcount != len(deliveries):
            raise LeaseLost(f"only {cursor.rowcount} of {len(deliveries)} deliveries were still pending")


def mark_failed(delivery: Due, error: str) -> None:
    """Count the attempt and back off, twice as long each time; after the limit it is a dead letter."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FAILED,
            {
                "id": delivery.id,
                "error": error,
                "limit": settings.EVENT_MAX_ATTEMPTS,
                "base": settings.EVENT_BACKOFF_SECONDS,
                "longest": LONGEST_BACKOFF_SECONDS,
            },
        )
