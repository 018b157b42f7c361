"""What the tests of people share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from pytest_django.fixtures import Settings

from milkdelivery.core.models import Event, Pincode, Region
from milkdelivery.core.queries import forget_region_book
from notifications.channels.sms import MemoryBackend


@pytest.fixture(autouse=True)
def _no_limits_from_before(db: None) -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def texts(settings: Settings) -> Iterator[list[tuple[str, str]]]:
    """Text messages that were sent: number and words. At once, as mails are: these tests never commit."""
    settings.SMS_SENDER = "notifications.channels.sms.send_text"
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


@pytest.fixture
def home_region(db: None) -> Region:
    """Bengaluru, where 560038 is served and 560001 is known but not served."""
    region, _ = Region.objects.update_or_create(
        code=settings.HOME_REGION,
        defaults={
            "name": "Bengaluru",
            "country": "IN",
            "currency": "INR",
            "time_zone": "Asia/Kolkata",
            "postal_code_pattern": "[1-9][0-9]{5}",
            "phone_prefix": "+91",
        },
    )
    for code, name, is_served in (("560038", "Indiranagar", True), ("560001", "M G Road", False)):
        place = {"region": region, "name": name, "latitude": "12.97", "longitude": "77.6", "is_served": is_served}
        Pincode.objects.update_or_create(code=code, defaults=place)
    forget_region_book()
    return region
