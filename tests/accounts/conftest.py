"""What the tests of people share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.core.cache import cache

from milkdelivery.core.models import Event
from notifications.channels.sms import MemoryBackend


@pytest.fixture(autouse=True)
def _no_limits_from_before(db: None) -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def texts() -> Iterator[list[tuple[str, str]]]:
    """Text messages that were sent: number and words."""
    MemoryBackend.outbox.clear()
    yield MemoryBackend.outbox
    MemoryBackend.outbox.clear()


@pytest.fixture
def last_code(texts: list[tuple[str, str]]) -> Callable[[], str]:
    """The six digits in the message that was sent last."""

    def read() -> str:
        words = texts[-1][1] if texts else str(mail.outbox[-1].body)
        found = re.search(r"\b\d{6}\b", words)
        assert found, words
        return found[0]

    return read


@pytest.fixture
def events() -> Callable[..., list[str]]:
    """Names of the events about a person, oldest first."""

    def about(user_id: int) -> list[str]:
        return list(Event.objects.about(f"user:{user_id}").values_list("name", flat=True))

    return about
