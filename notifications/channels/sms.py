"""Text messages, through whichever gateway SMS_BACKEND names."""

from typing import Protocol, cast

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from milkdelivery.core.outside import ensure_outside_transaction
from notifications.channels import Refused

logger = structlog.get_logger(__name__)


class SmsNotSent(Exception):
    """The gateway could not take the message now. Trying again later is right."""


class SmsBackend(Protocol):
    """A gateway for text messages."""

    def send(self, to: str, text: str) -> str:
        """Hand one message to the gateway; its id there. `to` is E.164. Raises SmsNotSent, or Refused for good."""
        ...


class ConsoleBackend:
    """Writes messages to the log, codes included. For development and demonstrations, and refused in production."""

    def send(self, to: str, text: str) -> str:
        logger.warning("sms", to=to, text=text)
        return ""


class MemoryBackend:
    """Keeps messages in `outbox`. For tests, which empty it."""

    outbox: list[tuple[str, str]] = []

    def send(self, to: str, text: str) -> str:
        self.outbox.append((to, text))
        return f"memory-{len(self.outbox)}"


class MissingBackend:
    """What production has until SMS_BACKEND names a gateway: nothing is sent, and the log of messages says so."""

    def send(self, to: str, text: str) -> str:
        logger.error("sms_gateway_missing")
        raise Refused("no SMS_BACKEND names a gateway")


def backend() -> SmsBackend:
    return cast(SmsBackend, import_string(settings.SMS_BACKEND)())


def send_text(to: str, text: str) -> str:
    """Send one text message now; the gateway's id for it. Raises SmsNotSent."""
    ensure_outside_transaction("sending a text message")
    return backend().send(to, text)
