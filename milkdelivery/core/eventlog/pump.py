"""The pump: the loop of the worker that carries events to their subscribers.

It goes by undelivered state, never by a position in the log: ids are not commit order. Any number of pumps may run.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

from milkdelivery.core.eventlog.chunks import deliver_chunk
from milkdelivery.core.eventlog.claims import subscribers_with_work
from milkdelivery.core.eventlog.emission import CHANNEL
from milkdelivery.core.eventlog.registry import registry

logger = structlog.get_logger(__name__)

POLL_SECONDS = 5
"""How long to sleep without being woken: the safety net for lost notifications and what ends a back-off."""

RECONNECT_SECONDS = 1
DIRECT_ALIAS = "direct"
"""Name of the database connection that bypasses a pooler, where there is one: LISTEN needs its own session."""

_BROKEN = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def pump_once(limit: int | None = None, *, ignore_backoff: bool = False) -> int:
    """One chunk for every subscriber that has something due; how many deliveries were made or failed."""
    waiting = subscribers_with_work(registry.names())
    return sum(deliver_chunk(registry[name], limit=limit, ignore_backoff=ignore_backoff) for name in waiting)


def drain(max_rounds: int = 10_000, *, ignore_backoff: bool = False) -> int:
    """Pump until nothing is due, including what handlers emit; how many deliveries were made or failed.

    With `ignore_backoff` failing events are tried again at once, until they are dead letters.
    Raises RuntimeError when there is still work after `max_rounds`: events that beget each other for ever.
    """
    total = 0
    for _ in range(max_rounds):
        handled = pump_once(ignore_backoff=ignore_backoff)
        if not handled:
            return total
        total += handled
    raise RuntimeError(f"events are still due after {max_rounds} rounds")


def run_forever(stop: threading.Event) -> None:
    """Pump until `stop` is set. Survives a restart of the database and errors of its own."""
    logger.info("pump_started", subscribers=registry.names())
    while not stop.is_set():
        try:
            with _listening() as session:
                _serve(session, stop)
        except _BROKEN as problem:
            logger.warning("pump_lost_database", error=str(problem))
            _start_over(stop)
        except Exception:
            logger.exception("pump_failed")
            _start_over(stop)
    connection.close()
    logger.info("pump_stopped")


def _serve(session: psycopg.Connection, stop: threading.Event) -> None:
    while not stop.is_set():
        while pump_once() and not stop.is_set():
            pass
        connection.close_if_unusable_or_obsolete()
        _wait_for_news(session, stop)


def _wait_for_news(session: psycopg.Connection, stop: threading.Event) -> None:
    """Return when told of events, after the poll interval, or within a second of `stop`."""
    for _ in range(POLL_SECONDS):
        if stop.is_set() or any(session.notifies(timeout=1, stop_after=1)):
            return


@contextmanager
def _listening() -> Iterator[psycopg.Connection]:
    wrapper = connections.create_connection(DIRECT_ALIAS if DIRECT_ALIAS in connections else DEFAULT_DB_ALIAS)
    wrapper.connect()
    try:
        wrapper.connection.execute(f"LISTEN {CHANNEL}")
        yield wrapper.connection
    finally:
        wrapper.close()


def _start_over(stop: threading.Event) -> None:
    connection.close()
    stop.wait(RECONNECT_SECONDS)
