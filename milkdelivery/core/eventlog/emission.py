"""Writing events: one statement puts the event, where it came from and whom to tell beside the change it tells."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog.events import DomainEvent
from milkdelivery.core.eventlog.registry import registry
from milkdelivery.core.outside import ensure_in_transaction

CHANNEL = "milk_events"
ROWS_PER_STATEMENT = 2000

# Events get their ids in the order they were given: the log of one transaction reads as it happened.
_INSERT = """
WITH origin AS (
    INSERT INTO core_eventorigin (request_id, ip, device_id, user_agent, place)
    SELECT %(request_id)s, %(ip)s::inet, %(device_id)s, %(user_agent)s, %(place)s
    WHERE %(has_origin)s
    ON CONFLICT (request_id) DO NOTHING
), logged AS (
    INSERT INTO core_event
        (name, subject, data, actor_kind, actor_id, actor_name, role, occurred_at, request_id, origin_id)
    SELECT fact.name, fact.subject, fact.data::jsonb,
        %(actor_kind)s, %(actor_id)s::bigint, %(actor_name)s, %(role)s, %(occurred_at)s::timestamptz,
        %(request_id)s, CASE WHEN %(has_origin)s THEN %(request_id)s END
    FROM unnest(%(names)s::text[], %(subjects)s::text[], %(data)s::text[])
        WITH ORDINALITY AS fact (name, subject, data, position)
    ORDER BY fact.position
    RETURNING id, name, subject
), receipts AS (
    INSERT INTO core_eventdelivery (event_id, subscriber, subject, status, attempts, last_error)
    SELECT logged.id, listener.subscriber, logged.subject, 'PENDING', 0, ''
    FROM logged
    JOIN unnest(%(heard)s::text[], %(subscribers)s::text[]) AS listener (name, subscriber) USING (name)
    RETURNING event_id
)
SELECT pg_notify(%(channel)s, '') WHERE EXISTS (SELECT FROM receipts)
"""


def emit(event: DomainEvent, *, actor: Actor) -> None:
    """Log one event in the open transaction, for everyone subscribed to it. One statement.

    Raises RuntimeError outside a transaction: an event tells a change and must commit or vanish with it.
    """
    ensure_in_transaction("emit()")
    _insert([event], actor)


def emit_many(events: Iterable[DomainEvent], *, actor: Actor) -> None:
    """Log any number of events, 2,000 a statement, reading the iterable as it goes."""
    ensure_in_transaction("emit_many()")
    for chunk in _chunks(events):
        _insert(chunk, actor)


def _chunks(events: Iterable[DomainEvent]) -> Iterator[list[DomainEvent]]:
    remaining = iter(events)
    while chunk := list(islice(remaining, ROWS_PER_STATEMENT)):
        yield chunk


def _insert(events: Sequence[DomainEvent], actor: Actor) -> None:
    listeners = registry.listeners({event.name for event in events})
    parameters: dict[str, Any] = {
        **_who(actor),
        "occurred_at": clock.now(),
        "names": [event.name for event in events],
        "subjects": [event.subject for event in events],
        "data": [json.dumps(event.to_data(), ensure_ascii=False, separators=(",", ":")) for event in events],
        "heard": [name for name, _ in listeners],
        "subscribers": [subscriber for _, subscriber in listeners],
        "channel": CHANNEL,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)


def _who(actor: Actor) -> dict[str, Any]:
    facts = actor.request
    return {
        "actor_kind": actor.kind,
        "actor_id": actor.user_id,
        "actor_name": actor.name,
        "role": actor.role or "",
        "has_origin": facts is not None,
        "request_id": facts.request_id if facts else "",
        "ip": facts.ip if facts else None,
        "device_id": facts.device_id if facts else None,
        "user_agent": facts.user_agent if facts else "",
        "place": facts.place if facts else "",
    }
