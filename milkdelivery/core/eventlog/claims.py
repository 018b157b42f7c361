"""The SQL of deliveries: lease subjects, read what is due for them, write receipts and failures."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import connection

from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.eventlog.events import DomainEvent, Envelope, event_class

# A subject's oldest unsettled delivery is its head, and the lock on that row is the lease of (subscriber, subject).
# The row is checked again once locked, so a pump that looked before another one committed takes nothing twice.
# Each subject is looked at once, however many of its events wait: asking for every row whether it is the head would
# walk past all that was handled before, for each of them.
_LEASE = """
WITH oldest AS MATERIALIZED (
    SELECT subject, min(event_id) AS event_id FROM (
        SELECT subject, event_id FROM core_eventdelivery
        WHERE subscriber = %(subscriber)s AND status = 'PENDING' AND event_id <= %(up_to)s
        ORDER BY event_id
    ) AS waiting
    GROUP BY subject
)
SELECT head.id, head.subject
FROM oldest
JOIN core_eventdelivery head ON head.subscriber = %(subscriber)s AND head.event_id = oldest.event_id
WHERE head.status = 'PENDING'
    AND (%(ignore_backoff)s OR head.next_attempt_at <= clock_timestamp())
    AND NOT EXISTS (
        SELECT FROM core_eventdelivery earlier
        WHERE earlier.subscriber = head.subscriber AND earlier.subject = head.subject
            AND earlier.event_id < head.event_id AND earlier.status IN ('PENDING', 'DEAD'))
ORDER BY head.event_id
LIMIT %(limit)s
FOR UPDATE OF head SKIP LOCKED
"""

# The same subjects once more, in the transaction that handles them: those whose heads nobody has taken meanwhile.
_LEASE_AGAIN = """
SELECT subject FROM core_eventdelivery
WHERE id = ANY(%(heads)s) AND status = 'PENDING'
ORDER BY event_id
FOR UPDATE SKIP LOCKED
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

# Counted and committed before the handler runs, so that an event which takes its process down is given up at last.
# From the second time on it is put off as well: whatever else waits goes first. The commit need not wait for the disk.
_STARTED = """
UPDATE core_eventdelivery SET attempts = attempts + 1,
    next_attempt_at = CASE WHEN attempts = 0 THEN next_attempt_at
        ELSE clock_timestamp() + least(%(longest)s, %(base)s * power(2, least(attempts - 1, 30))) * interval '1 second'
    END
WHERE id = ANY(%(ids)s) AND set_config('synchronous_commit', 'off', true) = 'off'
"""

_NOT_TRIED = """
UPDATE core_eventdelivery SET attempts = attempts - 1 WHERE id = ANY(%(ids)s) AND status = 'PENDING' AND attempts > 0
"""

_GIVEN_UP = """
UPDATE core_eventdelivery SET status = 'DEAD', last_error = %(error)s WHERE id = ANY(%(ids)s) AND status = 'PENDING'
"""

_DONE = """
UPDATE core_eventdelivery SET status = 'DONE', done_at = clock_timestamp()
WHERE id = ANY(%(ids)s) AND status = 'PENDING'
"""

_FAILED = """
UPDATE core_eventdelivery SET last_error = %(error)s,
    status = CASE WHEN attempts >= %(limit)s THEN 'DEAD' ELSE status END,
    next_attempt_at = clock_timestamp()
        + least(%(longest)s, %(base)s * power(2, least(attempts - 1, 30))) * interval '1 second'
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


@dataclass(frozen=True, slots=True)
class Claim:
    """What a pump is about to handle: the heads of its subjects (their ids), and the deliveries in order."""

    heads: tuple[int, ...]
    deliveries: tuple[Due, ...]


NOTHING = Claim((), ())


def begin(subscriber: str, *, limit: int, ignore_backoff: bool = False) -> Claim:
    """Choose at most `limit` deliveries and count the attempt at each. The caller commits, and then handles them.

    What was begun before and never settled may have killed its process: it is chosen alone, and after
    EVENT_MAX_ATTEMPTS becomes a dead letter instead.
    """
    for up_to in _windows(subscriber, limit):
        chosen = _choose(subscriber, limit, up_to, ignore_backoff)
        if len(chosen.deliveries) >= limit or up_to == NO_END:
            break
    deliveries = _bury(chosen.deliveries)
    while chosen.deliveries and not deliveries:  # nothing but the dead: look behind them
        chosen = _choose(subscriber, limit, NO_END, ignore_backoff)
        deliveries = _bury(chosen.deliveries)
    deliveries = _safe_together(deliveries)
    if deliveries:
        ids = [delivery.id for delivery in deliveries]
        _execute(_STARTED, ids=ids, base=settings.EVENT_BACKOFF_SECONDS, longest=LONGEST_BACKOFF_SECONDS)
    return Claim(chosen.heads, deliveries)


def lease_again(claim: Claim) -> list[Due]:
    """Lock what was begun until this transaction ends; without what another pump has taken in between.

    What follows a leased head needs no lock of its own: nobody else can take it while the head is unsettled.
    """
    if not claim.deliveries:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LEASE_AGAIN, {"heads": list(claim.heads)})
        subjects = {subject for (subject,) in cursor.fetchall()}
    return [delivery for delivery in claim.deliveries if delivery.subject in subjects]


def _windows(subscriber: str, limit: int) -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute(_WINDOW_END, {"subscriber": subscriber, "window": limit * WINDOW_CHUNKS})
        end = cursor.fetchone()
    if end is not None:
        yield end[0]
    yield NO_END


def _choose(subscriber: str, limit: int, up_to: int, ignore_backoff: bool) -> Claim:
    parameters: dict[str, Any] = {
        "subscriber": subscriber,
        "limit": limit,
        "up_to": up_to,
        "ignore_backoff": ignore_backoff,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, parameters)
        leased = cursor.fetchall()
        if not leased:
            return NOTHING
        share = -(-limit // len(leased))  # rounded up: few subjects lend more of their events to a full chunk
        subjects = [subject for _, subject in leased]
        cursor.execute(_DUE, {**parameters, "subjects": subjects, "per_subject": share})
        return Claim(tuple(head for head, _ in leased), tuple(_until_blocked(cursor.fetchall())))


def _bury(deliveries: Sequence[Due]) -> tuple[Due, ...]:
    """Make dead letters of what was begun as often as may be and never settled; the rest, without what they block."""
    dead = [delivery for delivery in deliveries if delivery.attempts >= settings.EVENT_MAX_ATTEMPTS]
    if not dead:
        return tuple(deliveries)
    error = f"Given up: whatever handled this ended without a word, {settings.EVENT_MAX_ATTEMPTS} times."
    _execute(_GIVEN_UP, ids=[delivery.id for delivery in dead], error=error)
    blocked = {delivery.subject for delivery in dead}
    return tuple(delivery for delivery in deliveries if delivery.subject not in blocked)


def _safe_together(deliveries: Sequence[Due]) -> tuple[Due, ...]:
    """The first ones that are tried for the first time; or, where the very first was tried before, that one alone."""
    fresh = tuple(takewhile(lambda delivery: delivery.attempts == 0, deliveries))
    return fresh or tuple(deliveries[:1])


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
    settled = _execute(_DONE, ids=[delivery.id for delivery in deliveries])
    if settled != len(deliveries):
        raise LeaseLost(f"only {settled} of {len(deliveries)} deliveries were still pending")


def mark_failed(delivery: Due, error: str) -> None:
    """Back off, twice as long each time; after the last attempt it is a dead letter."""
    _execute(
        _FAILED,
        id=delivery.id,
        error=error,
        limit=settings.EVENT_MAX_ATTEMPTS,
        base=settings.EVENT_BACKOFF_SECONDS,
        longest=LONGEST_BACKOFF_SECONDS,
    )


def mark_not_tried(deliveries: Sequence[Due]) -> None:
    """Their handler was not called after all: the attempt doesn't count."""
    if deliveries:
        _execute(_NOT_TRIED, ids=[delivery.id for delivery in deliveries])


def _execute(statement: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount
