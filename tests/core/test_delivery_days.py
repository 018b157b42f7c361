"""Which days can be ordered, and until when: cut-offs, weekdays, holidays, clock changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milkdelivery.core.rules import cutoff_at, delivery_days, pack_at, rate_for

INDIA, VERMONT = "Asia/Kolkata", "America/New_York"


@dataclass
class Slot:
    starts_at: time = time(5)
    ends_at: time = time(7, 30)
    cutoff_days_before: int = 1
    cutoff_time: time = time(22)
    pack_time: time = time(3, 30)
    open_weekdays: list[int] = field(default_factory=lambda: [0, 1, 2, 3, 4, 5, 6])
    is_active: bool = True


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def days(slot: Slot, now: str, zone: str = INDIA, holidays: frozenset[date] = frozenset()) -> list[date]:
    return [day.date for day in delivery_days(slot, now=at(now), zone=zone, holidays=holidays)]


def test_a_minute_before_the_cut_off_tomorrow_is_open() -> None:
    assert days(Slot(), "2026-01-31T21:59:59+05:30")[0] == date(2026, 2, 1)


def test_at_the_cut_off_tomorrow_is_closed() -> None:
    assert days(Slot(), "2026-01-31T22:00:00+05:30")[0] == date(2026, 2, 2)


def test_the_evening_slot_of_the_same_day() -> None:
    evening = Slot(time(17), time(19, 30), cutoff_days_before=0, cutoff_time=time(12))
    assert days(evening, "2026-01-31T11:59+05:30")[0] == date(2026, 1, 31)
    assert days(evening, "2026-01-31T12:00+05:30")[0] == date(2026, 2, 1)


def test_the_business_day_is_the_regions_not_utcs() -> None:
    late_evening_in_india = "2026-01-31T19:30:00+00:00"  # 01:00 on the first of February there
    assert days(Slot(), late_evening_in_india)[0] == date(2026, 2, 2)


def test_closed_weekdays_and_holidays_are_left_out() -> None:
    no_sundays = Slot(open_weekdays=[0, 1, 2, 3, 4, 5])
    open_days = days(no_sundays, "2026-01-30T12:00+05:30", holidays=frozenset({date(2026, 2, 2)}))
    assert open_days[:2] == [date(2026, 1, 31), date(2026, 2, 3)]


def test_a_closed_slot_has_no_days() -> None:
    assert days(Slot(is_active=False), "2026-01-30T12:00+05:30") == []


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 3, 8), "2026-03-08T03:00:00+00:00"),  # the evening before the clocks go forward: 22:00 EST
        (date(2026, 3, 9), "2026-03-09T02:00:00+00:00"),  # the evening after: 22:00 EDT
        (date(2026, 11, 2), "2026-11-02T03:00:00+00:00"),  # back to EST
    ],
)
def test_the_cut_off_is_ten_by_the_wall_clock_whatever_the_season(day: date, utc: str) -> None:
    assert cutoff_at(Slot(), day, VERMONT).astimezone(UTC) == at(utc)


def test_a_pack_time_that_the_clock_skips_means_the_instant_after_the_gap() -> None:
    skipped = Slot(pack_time=time(2, 30))  # 02:30 does not exist on that morning
    assert pack_at(skipped, date(2026, 3, 8), VERMONT).astimezone(UTC) == at("2026-03-08T07:30:00+00:00")


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the bounds are naive
    st.sampled_from([INDIA, VERMONT]),
    st.sets(st.integers(0, 6)),
    st.integers(0, 3),
)
def test_every_open_day_is_open_and_can_still_be_changed(
    now: datetime, zone: str, weekdays: set[int], days_before: int
) -> None:
    slot = Slot(open_weekdays=sorted(weekdays), cutoff_days_before=days_before)
    found = list(delivery_days(slot, now=now, zone=zone, holidays=frozenset()))
    assert all(day.date.weekday() in weekdays and now < day.cutoff_at for day in found)
    assert [day.date for day in found] == sorted({day.date for day in found})
    if found:
        earlier = found[0].date - timedelta(days=1)
        assert earlier.weekday() not in weekdays or now >= cutoff_at(slot, earlier, zone)


def test_the_longest_hsn_prefix_decides_the_tax() -> None:
    rates = [("04", 500), ("0401", 0), ("040120", 1200)]
    assert [rate_for(code, rates) for code in ("0406", "0401", "04012000", "2106")] == [500, 0, 1200, None]
