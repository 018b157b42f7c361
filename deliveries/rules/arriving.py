"""When a door is reached, as far as that can be said: from the plan and from how far the round really is.

A range and never a minute: vans wait for lifts. Times are rounded outward to five minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEP = timedelta(minutes=5)
LEAST_SPREAD = timedelta(minutes=5)
SPREAD_PERCENT = 20
"""Of the time that is left: what is further away is less certain."""


@dataclass(frozen=True, slots=True)
class Called:
    """A stop of a round: when it was to be reached, and when somebody was there. `is_open` while it still has to be."""

    sequence: int
    planned: datetime | None
    done_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Way:
    """Where a delivery stands in its round. Numbers of stops and nothing of who is behind them.

    `has_left` says that the driver is on the road; `stops_before` are those that come first and are still to do.
    `earliest` and `latest` are None where nobody can say.
    """

    position: int
    stops: int
    stops_before: int
    has_left: bool
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def reached(self) -> int:
        """How many of the stops up to this one are done."""
        return max(0, self.position - 1 - self.stops_before)


def way_to(
    sequence: int, stops: Sequence[Called], *, left_at: datetime | None, now: datetime, service: timedelta
) -> Way:
    """How far the stop of this number is. `left_at` is None before the driver has left; `service` is what a door takes
    at least."""
    before = sum(1 for stop in stops if stop.is_open and stop.sequence < sequence)
    way = Way(sequence, len(stops), before, left_at is not None)
    mine = next((stop for stop in stops if stop.sequence == sequence), None)
    if left_at is None or mine is None or mine.planned is None:
        return way
    last = max((stop for stop in stops if stop.done_at), key=lambda stop: stop.done_at or left_at, default=None)
    if last is not None and last.done_at is not None and last.planned is not None:
        expected = last.done_at + max(mine.planned - last.planned, service)
    else:
        first = min((stop.planned for stop in stops if stop.planned), default=mine.planned)
        expected = max(left_at, first) + (mine.planned - first)
    expected = max(expected, now + service * before)  # a van that stands is not there yet, whatever the plan says
    left = max(expected - now, timedelta(0))
    spread = max(LEAST_SPREAD, left * SPREAD_PERCENT // 100)
    earliest = _floor(max(expected - spread, now))
    return Way(way.position, way.stops, before, True, earliest, max(_ceiling(expected + spread), earliest + 2 * STEP))


def _floor(at: datetime) -> datetime:
    return at - (at - datetime.min.replace(tzinfo=UTC)) % STEP


def _ceiling(at: datetime) -> datetime:
    down = _floor(at)
    return down if down == at else down + STEP
