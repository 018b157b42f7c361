"""When a door is reached: honest ranges from the plan and from how far the round really is."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliveries.rules.arriving import Called, Way, way_to

FIVE = datetime.fromisoformat("2026-01-31T05:00+05:30")
SERVICE = timedelta(seconds=75)


def at(minutes: float) -> datetime:
    return FIVE + timedelta(minutes=minutes)


def stops(done: dict[int, float], count: int = 6) -> list[Called]:
    """One door each ten minutes from five o'clock on; `done` says when somebody was there."""
    return [
        Called(number, at(10 * (number - 1)), at(done[number]) if number in done else None, number not in done)
        for number in range(1, count + 1)
    ]


def way(number: int, done: dict[int, float], *, now: float, left: float | None = 0) -> Way:
    left_at = None if left is None else at(left)
    return way_to(number, stops(done), left_at=left_at, now=at(now), service=SERVICE)


def test_before_the_driver_has_left_nobody_can_say() -> None:
    found = way(4, {}, now=-10, left=None)
    assert (found.stops_before, found.has_left, found.earliest, found.latest) == (3, False, None, None)


def test_on_time() -> None:
    found = way(4, {1: 0}, now=0)
    assert (found.stops_before, found.earliest, found.latest) == (2, at(20), at(40))


def test_late_as_the_round_is() -> None:
    found = way(4, {1: 30, 2: 42}, now=42)
    assert found.earliest is not None
    assert found.latest is not None
    assert at(42) < found.earliest <= at(62) <= found.latest


def test_a_van_that_stands_is_not_there_though_the_plan_says_so() -> None:
    found = way(6, {1: 0}, now=120)
    assert found.earliest is not None
    assert found.earliest >= at(120)


def test_without_a_plan_only_the_stops_are_told() -> None:
    rows = [Called(number, None, None, True) for number in (1, 2, 3)]
    found = way_to(3, rows, left_at=at(0), now=at(5), service=SERVICE)
    assert (found.stops_before, found.earliest) == (2, None)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    number=st.integers(1, 6),
    reached=st.lists(st.none() | st.integers(0, 300), min_size=6, max_size=6),
    now=st.integers(0, 600),
)
def test_it_is_a_range_in_five_minutes_and_never_over(number: int, reached: list[int | None], now: int) -> None:
    done = {stop: float(at) for stop, at in enumerate(reached, 1) if at is not None and stop != number}
    found = way(number, done, now=now)
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest.minute % 5 == found.latest.minute % 5 == 0
    assert found.earliest > at(now) - timedelta(minutes=5)
    assert found.latest - found.earliest >= timedelta(minutes=10)
    assert 0 <= found.reached <= number - 1
