"""A subscriber that begins to listen late, and is told of what went before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from milkdelivery.core import clock
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import backfill as module
from milkdelivery.core.eventlog.backfill import ReceiptsForgotten, backfill
from milkdelivery.core.eventlog.pump import drain
from milkdelivery.core.models import Event, EventDelivery
from tests.core.samples import ACTOR, effects, fill, subscribed, write_effect

pytestmark = pytest.mark.django_db

LATE = "tests.late"


def test_old_events_are_told_once_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    fill((1, 0), (2, 0), (1, 1), (1, 2))
    with subscribed(LATE, write_effect):
        fill((1, 3))
        assert backfill(LATE, since=clock.real_now() - timedelta(hours=1), by=ACTOR) == 4
        assert backfill(LATE, since=clock.real_now() - timedelta(hours=1), by=ACTOR) == 0
        assert drain() == 5
        assert backfill(LATE, since=clock.real_now() - timedelta(hours=1), by=ACTOR) == 0
    assert effects() == [(1, 0), (2, 0), (1, 1), (1, 2), (1, 3)]
    told = Event.objects.filter(name="subscriber.backfilled").order_by("id")
    assert [row.data["events"] for row in told] == [4, 0, 0]


def test_events_before_the_day_and_of_other_names_are_left_out() -> None:
    fill(1)
    with subscribed(LATE, write_effect):
        assert backfill(LATE, since=clock.real_now() + timedelta(minutes=1), by=ACTOR) == 0
        backfill(LATE, since=clock.real_now() - timedelta(hours=1), by=ACTOR)
    assert set(EventDelivery.objects.values_list("event__name", flat=True)) == {"bottle.filled"}


def test_where_receipts_are_gone_somebody_must_vouch_for_the_subscriber() -> None:
    fill(1)
    long_ago = clock.real_now() - timedelta(days=400)
    with subscribed(LATE, write_effect):
        fill(2)
        with pytest.raises(ReceiptsForgotten):
            backfill(LATE, since=long_ago, by=ACTOR)
        assert EventDelivery.objects.count() == 1
        assert backfill(LATE, since=long_ago, by=ACTOR, never_heard=True) == 1


def test_unknown_subscriber_is_refused() -> None:
    with pytest.raises(InvalidInput, match="There is no subscriber"):
        backfill("tests.nobody", since=clock.real_now(), by=ACTOR)


def test_command_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    fill(1, 2)
    with subscribed(LATE, write_effect):
        call_command("backfill_subscriber", LATE, since=clock.real_now() - timedelta(hours=1))
    assert "told of 2 events" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no subscriber"):
        call_command("backfill_subscriber", "tests.nobody", since=clock.real_now())
