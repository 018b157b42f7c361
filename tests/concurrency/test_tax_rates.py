"""Two people tax the same goods for the same days, or close the same day, at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core import actions
from milkdelivery.core.actions import TaxRateOverlap, save_tax_rate
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Holiday, Region, TaxRate
from milkdelivery.core.models.regions import RegionQuerySet
from milkdelivery.core.rules import room_for
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import AdminFactory
from tests.factories.core import RegionFactory

pytestmark = pytest.mark.django_db(transaction=True)


def race(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Both look, and then both write."""
    region, meeting = RegionFactory(), Meeting(2)
    look = room_for

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = look(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(actions, "room_for", slow)

    def work(points: int, first: date) -> Callable[[], object]:
        rate = TaxRate(
            region=region, hsn_code="04", basis_points=points, valid_from=first, valid_until=date(2030, 3, 1)
        )
        return lambda: save_tax_rate(rate, by=Actor.system("tests"))

    return in_threads(work(500, date(2030, 1, 1)), work(1200, date(2030, 2, 1)))


def test_without_the_lock_two_rates_hold_on_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RegionQuerySet, "locked", lambda queryset, pk: Region.objects.get(pk=pk))
    assert race(monkeypatch) == []
    assert TaxRate.objects.in_force(region_id=RegionFactory().pk, on=date(2030, 2, 15)).count() == 2


def test_one_of_two_overlapping_rates_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(problem) for problem in race(monkeypatch)] == [TaxRateOverlap]
    assert TaxRate.objects.count() == 1


def test_two_admins_who_close_one_day_at_once_both_get_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    region, meeting = RegionFactory(), Meeting(2)
    save = actions.save_holiday

    def late(holiday: Holiday, *, by: Actor) -> Holiday:
        meeting.wait()  # both forms have looked, and the day was open
        return save(holiday, by=by)

    monkeypatch.setattr(actions, "save_holiday", late)
    clients, answers = [Client(), Client()], []
    for client in clients:
        client.force_login(AdminFactory())

    def close(client: Client) -> None:
        typed = {"region": region.pk, "date": "2030-01-26", "name": "Republic Day"}
        answers.append(client.post(reverse("admin:core_holiday_add"), typed))

    assert in_threads(*(lambda client=client: close(client) for client in clients)) == []
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    refused = next(answer for answer in answers if answer.status_code == 200)
    (words,) = refused.context["adminform"].form.errors["date"]
    assert "closed on 26 Jan 2030 already" in words
    assert Holiday.objects.count() == 1
