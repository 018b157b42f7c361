"""Pushes to browsers and apps, through whichever service PUSH_BACKEND names."""

from dataclasses import dataclass
from typing import Protocol, cast

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from milkdelivery.core.outside import ensure_outside_transaction

logger = structlog.get_logger(__name__)


class PushNotSent(Exception):
    """The service could not take the push now. Trying again later is right."""


class PushGone(Exception):
    """Nobody listens there any more (404 or 410 of the service): it is of no use to try again."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a browser or app listens, and the keys that only it can read what is written with."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Push:
    """What a phone shows. `tag` is the same at every attempt, so that a repetition takes the place of the first."""

    title: str
    text: str
    url: str
    tag: str


class PushBackend(Protocol):
    """A service that pushes."""

    def send(self, target: Target, push: Push) -> str:
        """Hand one push over; its id there. Raises PushGone and PushNotSent."""
        ...


class ConsoleBackend:
    """Writes pushes to the log. For development and demonstrations."""

    def send(self, target: Target, push: Push) -> str:
        logger.warning("push", to=target.endpoint, title=push.title, text=push.text, url=push.url)
        return ""


class MemoryBackend:
    """Keeps pushes in `outbox`; nobody listens at the endpoints in `gone`. For tests, which empty both."""

    outbox: list[tuple[str, Push]] = []
    gone: set[str] = set()

    def send(self, target: Target, push: Push) -> str:
        if target.endpoint in self.gone:
            raise PushGone
        self.outbox.append((target.endpoint, push))
        return f"memory-{len(self.outbox)}"


class MissingBackend:
    """What production has until PUSH_BACKEND names a service: nothing is pushed, and the log says so."""

    def send(self, target: Target, push: Push) -> str:
        raise PushNotSent("no PUSH_BACKEND")


def send_push(target: Target, push: Push) -> str:
    """Push one message now; the service's id for it. Raises PushGone and PushNotSent."""
    ensure_outside_transaction("pushing")
    return cast(PushBackend, import_string(settings.PUSH_BACKEND)()).send(target, push)


def is_available() -> bool:
    """Whether a service is named at all; where none is, nobody is asked to subscribe and nothing is queued."""
    return not settings.PUSH_BACKEND.endswith(".MissingBackend")
