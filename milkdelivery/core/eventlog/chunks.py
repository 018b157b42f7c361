"""One chunk: the events of some subjects, begun in one short transaction and handled for one subscriber in another."""

import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import structlog
from django.db import connection, transaction

from milkdelivery.core.eventlog.claims import (
    Due,
    LeaseLost,
    begin,
    lease_again,
    mark_done,
    mark_failed,
    mark_not_tried,
)
from milkdelivery.core.eventlog.registry import Subscriber

logger = structlog.get_logger(__name__)

ERROR_LENGTH = 4000

_CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"


@dataclass
class Outcome:
    """What became of a chunk so far. A subject is blocked once one of its events has failed."""

    done: list[Due] = field(default_factory=list)
    failed: list[tuple[Due, str]] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)

    def fail(self, delivery: Due, error: str) -> None:
        self.failed.append((delivery, error))
        self.blocked.add(delivery.subject)


def deliver_chunk(subscriber: Subscriber, *, limit: int | None = None, ignore_backoff: bool = False) -> int:
    """Deliver at most `limit` events (the subscriber's chunk by default); how many were handled or failed.

    The attempts are counted and committed first: a handler that takes its process down leaves a trace of it, is tried
    alone from then on, and ends as a dead letter.

    Then receipts, failures and everything the handlers write commit together or not at all: a process killed at any
    point leaves either the whole effect with its receipt, or neither. That commit waits for the disk like any other.
    Not waiting would save one flush a chunk, and would let a worker act outside (charge, mail) on a row that a crash
    of the server then takes back, to be written and acted on again.
    """
    with transaction.atomic():
        claim = begin(subscriber.name, limit=limit or subscriber.chunk, ignore_backoff=ignore_backoff)
    if not claim.deliveries:
        return 0
    try:
        with transaction.atomic():
            deliveries = lease_again(claim)
            outcome = _handle(subscriber, deliveries)
            mark_done(outcome.done)
            for delivery, error in outcome.failed:
                mark_failed(delivery, error)
            mark_not_tried(_untouched(deliveries, outcome))
    except LeaseLost as lost:
        logger.warning("event_lease_lost", subscriber=subscriber.name, reason=str(lost))
        return 0
    return len(outcome.done) + len(outcome.failed)


def _untouched(deliveries: Sequence[Due], outcome: Outcome) -> list[Due]:
    """What waits behind a failure of its subject."""
    settled = {delivery.id for delivery in outcome.done} | {delivery.id for delivery, _ in outcome.failed}
    return [delivery for delivery in deliveries if delivery.id not in settled]


def _handle(subscriber: Subscriber, deliveries: Sequence[Due]) -> Outcome:
    """All in one savepoint, which is quick; when anything fails, one at a time, so that only the culprit waits."""
    if len(deliveries) < 2:
        return _handle_each(subscriber, deliveries)
    try:
        _in_savepoint(lambda: _call_all(subscriber, deliveries))
    except Exception as problem:
        _ensure_usable(problem)
        logger.warning("event_chunk_failed", subscriber=subscriber.name, events=len(deliveries), error=repr(problem))
        return _handle_each(subscriber, deliveries)
    return Outcome(done=list(deliveries))


def _call_all(subscriber: Subscriber, deliveries: Sequence[Due]) -> None:
    for handler, run in groupby(deliveries, key=subscriber.handler_of):
        if subscriber.batch:
            handler([delivery.envelope() for delivery in run])
        else:
            for delivery in run:
                with _logged(delivery):
                    handler(delivery.envelope())


def _handle_each(subscriber: Subscriber, deliveries: Sequence[Due]) -> Outcome:
    outcome = Outcome()
    for delivery in deliveries:
        if delivery.subject not in outcome.blocked:
            _attempt(subscriber, delivery, outcome)
    return outcome


def _attempt(subscriber: Subscriber, delivery: Due, outcome: Outcome) -> None:
    with _logged(delivery):
        try:
            _in_savepoint(lambda: _call_all(subscriber, [delivery]))
        except Exception as problem:
            _ensure_usable(problem)
            logger.exception(
                "event_handler_failed",
                subscriber=subscriber.name,
                event_name=delivery.name,
                subject=delivery.subject,
                attempt=delivery.attempts + 1,
            )
            outcome.fail(delivery, _describe(problem))
        else:
            outcome.done.append(delivery)


def _logged(delivery: Due) -> AbstractContextManager[Any]:
    """Log lines of the handler name the event, and the request that it comes from."""
    return structlog.contextvars.bound_contextvars(event_id=delivery.event_id, request_id=delivery.request_id)


def _in_savepoint(work: Callable[[], object]) -> None:
    with transaction.atomic():
        work()
        # Deferred foreign keys would otherwise fail at the commit of the chunk, where no event can be blamed.
        with connection.cursor() as cursor:
            cursor.execute(_CHECK_NOW)


def _ensure_usable(problem: Exception) -> None:
    """Without a usable transaction nothing can be recorded: let the pump start over on a new connection."""
    if connection.needs_rollback or connection.connection is None or connection.connection.closed:
        raise problem


def _describe(problem: Exception) -> str:
    text = "".join(traceback.format_exception(problem)).replace("\0", "")
    return text[-ERROR_LENGTH:]
