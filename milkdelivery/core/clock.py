"""The one clock of the business.

`MILK_NOW` (never in prod) moves business time by an offset that keeps ticking and is the same in web and worker,
because both count it from the moment recorded at start. Tokens, sessions, signatures and leases use real time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from django.conf import settings

_override: ContextVar[datetime | None] = ContextVar("clock_override", default=None)


class HasTimeZone(Protocol):
    @property
    def time_zone(self) -> str: ...


def now() -> datetime:
    """This instant in UTC, as the business sees it."""
    fixed = _override.get()
    if fixed is not None:
        return fixed
    offset: timedelta | None = getattr(settings, "CLOCK_OFFSET", None)
    real = datetime.now(UTC)
    return real + offset if offset else real


def today(region: HasTimeZone) -> date:
    """The business date in the region's time zone."""
    return now().astimezone(ZoneInfo(region.time_zone)).date()


def real_now() -> datetime:
    """Real time, for leases, tokens and back-off: never moved by MILK_NOW."""
    return datetime.now(UTC)


@contextmanager
def override(instant: datetime) -> Iterator[None]:
    """Stand still at `instant` inside the block (tests, and the demo's history)."""
    if instant.tzinfo is None:
        raise ValueError("the clock needs an instant with a time zone")
    token = _override.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _override.reset(token)
