"""Who hears which event. Filled while the apps' handlers are imported, read by emission and pump."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from milkdelivery.core.eventlog.events import DomainEvent

CHUNK = 50
"""Events per transaction of a one-at-a-time handler.

Below 64 on purpose: the actions that handlers call open a savepoint each, and a transaction with more than 64 of them
makes every other session's visibility checks slow. It also bounds how long rows stay locked.
"""

BATCH_CHUNK = 1000
"""Events per transaction, and so per call at most, of a batch handler."""

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)


class HasName(Protocol):
    @property
    def name(self) -> str: ...


@dataclass
class Subscriber:
    """A named reader of the log, with one handler for each event it hears."""

    name: str
    batch: bool
    chunk: int
    handlers: dict[str, Handler] = field(default_factory=dict)

    def handler_of(self, delivery: HasName) -> Handler:
        """Raises LookupError where a release took the handler away while an event was still on its way."""
        try:
            return self.handlers[delivery.name]
        except KeyError:
            raise LookupError(f"{self.name} no longer has a handler for {delivery.name}") from None


class Registry:
    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}
        self._listeners: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(self._subscribers.values())

    def __getitem__(self, name: str) -> Subscriber:
        return self._subscribers[name]

    def names(self) -> list[str]:
        return list(self._subscribers)

    def add(
        self, name: str, events: Iterable[type[DomainEvent]], handler: Handler, *, batch: bool, chunk: int | None
    ) -> None:
        size = chunk or (BATCH_CHUNK if batch else CHUNK)
        subscriber = self._subscribers.setdefault(name, Subscriber(name, batch, size))
        if subscriber.batch != batch:
            raise ValueError(f"{name} can't hear some events one at a time and others in batches")
        subscriber.chunk = min(subscriber.chunk, size)
        for event in events:
            if not event.name:
                raise ValueError(f"{event.__qualname__} has no name to listen for")
            if event.name in subscriber.handlers:
                raise ValueError(f"{name} already has a handler for {event.name}")
            subscriber.handlers[event.name] = handler
            self._listeners.setdefault(event.name, []).append(name)

    def remove(self, name: str) -> None:
        """Forget a subscriber (tests that register their own)."""
        self._subscribers.pop(name, None)
        for listeners in self._listeners.values():
            if name in listeners:
                listeners.remove(name)

    def listeners(self, event_names: Iterable[str]) -> list[tuple[str, str]]:
        """(event name, subscriber) for everyone who hears any of `event_names`."""
        return [(name, subscriber) for name in event_names for subscriber in self._listeners.get(name, ())]


registry = Registry()


def subscribe(
    subscriber: str, *events: type[DomainEvent], batch: bool = False, chunk: int | None = None
) -> Callable[[H], H]:
    """Make a function the handler of `events` for `subscriber` ("<app>.<what for>", stable: it is stored).

    The handler is called with an `Envelope`, or with `batch=True` a list of them, inside a transaction that also holds
    the receipt: what it writes to the database takes effect exactly once, and nothing else may be done in it (mail and
    gateways get a row that a worker acts on). Events of one subject come in order. An exception undoes its writes; the
    event is tried again later and its subject waits.

    `chunk` bounds how many events share a transaction: set it low where the handler locks rows that others need.
    """

    def register(handler: H) -> H:
        registry.add(subscriber, events, handler, batch=batch, chunk=chunk)
        return handler

    return register
