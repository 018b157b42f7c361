"""Two workers and one night: shown first with the day's lock off, then with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError

from analytics import actions, queries, tasks
from analytics.models import DailyReport
from analytics.models import DailyReportQuerySet as Reports
from milkdelivery.core import clock
from milkdelivery.core.models import Event, Region
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.orders import placed_order
from tests.factories.world import small_world

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime.fromisoformat("2026-02-01T01:00+05:30")


def night(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    with clock.override(datetime.fromisoformat("2026-01-30T20:00+05:30")):
        placed_order(slot=small_world().morning, delivery_date=date(2026, 1, 31))
    reckon = queries.figures_of

    def together(region: Region, day: date) -> Any:
        meeting.wait()  # both have looked for a report, neither has written one
        return reckon(region, day)

    monkeypatch.setattr(actions, "figures_of", together)

    def work() -> None:
        with clock.override(NIGHT):
            tasks.make_daily_reports()

    return in_threads(work, work)


def test_without_the_lock_two_workers_write_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reports, "lock_day", lambda *_: None)
    (problem,) = night(Meeting(2), monkeypatch)
    assert isinstance(problem, IntegrityError)


def test_two_workers_make_a_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert night(Meeting(2), monkeypatch) == []
    assert DailyReport.objects.count() == Event.objects.named("report.made").count() == 1
