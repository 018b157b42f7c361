"""The demo depends on its seed and the clock alone, and later starts go on where the last one ended."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from inventory.models import StockMovement
from milkdelivery.core import clock
from orders.models import Order, OrderStatusChange
from payments.models import Payment
from tests.demo.conftest import MORNING_OF, rolled_back
from tests.demo.drift import drift
from tests.demo.dumps import dump
from tests.factories.catalog import ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("database")]


def _demo(**options: Any) -> str:
    out = io.StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def test_the_same_seed_and_clock_give_the_same_dairy_whatever_the_ids() -> None:
    dumps, ids = [], []
    for seed in (3, 3, 4):
        with rolled_back():
            _demo(households=9, seed=seed)
            dumps.append(dump())
            ids.append(set(Order.objects.values_list("pk", flat=True)))
    assert not ids[0] & ids[1]
    for table in dumps[0]:
        assert dumps[0][table] == dumps[1][table], table
    assert dumps[0]["orders"] != dumps[2]["orders"]


_DRAW = """
import json
from datetime import date, timedelta
from milkdelivery.demo.habits import habits_of, wish_for
days = [date(2026, 1, 1) + timedelta(days=ahead) for ahead in range(60)]
drawn = []
for index in range(40):
    habits = habits_of(index, seed=5, region_code="BLR")
    wishes = [wish_for(day, index=index, habits=habits, seed=5, region_code="BLR") for day in days]
    drawn.append([str(habits), [[list(w.pieces.items()), w.chance.random()] if w else None for w in wishes]])
print(json.dumps(drawn))
"""


def test_what_is_drawn_does_not_depend_on_the_order_of_hashes() -> None:
    def drawn(hash_seed: str) -> Any:
        script = f"import django; django.setup()\n{_DRAW}"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    first = drawn("1")
    assert first == drawn("2")
    assert len({str(household) for household in first}) == 40


def _unchanging() -> dict[str, dict[int, dict[str, Any]]]:
    """Every row of what has happened, by table and key."""
    return {
        rows.model.__name__: {row["id"]: dict(row) for row in rows.values()}
        for rows in (
            Order.objects.all(),
            OrderStatusChange.objects.all(),
            Payment.objects.all(),
            StockMovement.objects.all(),
        )
    }


def test_what_was_to_come_is_at_the_door_when_a_later_start_finds_its_day_over() -> None:
    """The visitor's own order of tomorrow too, and only as far as the hour has come."""
    with rolled_back():
        _demo(households=15, seed=2)
        open_ones = Order.objects.filter(status="CONFIRMED")
        numbers = set(open_ones.values_list("number", flat=True))
        assert Order.objects.filter(customer__email="household@example.com", number__in=numbers).exists()
        tomorrow = Order.objects.filter(number__in=numbers, delivery_date="2026-03-12", slot__code="MORNING")
        with clock.override(datetime.fromisoformat("2026-03-12T03:50+05:30")):
            _demo()
            assert set(tomorrow.values_list("status", flat=True)) <= {"CONFIRMED", "PACKED"}
        with clock.override(datetime.fromisoformat("2026-03-14T23:00+05:30")):
            assert "brought further" in _demo()
            assert set(Order.objects.filter(number__in=numbers).values_list("status", flat=True)) == {"DELIVERED"}
            paid = set(Payment.objects.filter(order__number__in=numbers).values_list("status", flat=True))
            assert paid <= {"SUCCEEDED", "PARTIALLY_REFUNDED"}
            moments = OrderStatusChange.objects.filter(order__in=tomorrow, to_status="DELIVERED")
            for moment in moments.values_list("occurred_at", flat=True):
                assert 5 <= clock_in_india(moment).hour < 8
                assert clock_in_india(moment).date() == date(2026, 3, 12)
            assert not Order.objects.filter(status="CONFIRMED", delivery_date__lte="2026-03-14").exists()
            assert drift() == {}


def clock_in_india(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo("Asia/Kolkata"))


def test_a_later_start_adds_the_days_since_and_changes_nothing_else() -> None:
    later = MORNING_OF + timedelta(days=3, hours=5)
    with rolled_back():
        _demo(households=15, seed=2)
        before = _unchanging()
        open_ones = Order.objects.filter(status="CONFIRMED")
        was_open: dict[str, set[int]] = defaultdict(set)
        was_open["Order"] = set(open_ones.values_list("pk", flat=True))
        was_open["Payment"] = set(Payment.objects.filter(order__in=open_ones).values_list("pk", flat=True))
        with clock.override(later):
            assert "orders added" in _demo()
            after = _unchanging()
            for table, rows in before.items():
                assert {key: after[table][key] for key in rows if key not in was_open[table]} == {
                    key: row for key, row in rows.items() if key not in was_open[table]
                }, table
                assert len(after[table]) > len(rows), table
            assert drift() == {}
            new = Order.objects.exclude(pk__in=before["Order"])
            days = sorted(set(new.values_list("delivery_date", flat=True)))
            assert set(days) >= {date(2026, 3, 12), date(2026, 3, 13), date(2026, 3, 14)}
            assert max(days) == date(2026, 3, 15)
            assert min(new.values_list("placed_at", flat=True)) > MORNING_OF
            assert max(new.values_list("placed_at", flat=True)) <= later
            assert "up to date" in _demo()
            assert _unchanging() == after


def test_after_a_long_pause_it_adds_no_more_than_its_usual_past() -> None:
    later = MORNING_OF + timedelta(days=400)
    with rolled_back():
        _demo(households=3, seed=2)
        with clock.override(later):
            known = set(Order.objects.values_list("pk", flat=True))
            _demo()
            added = Order.objects.exclude(pk__in=known)
            assert min(added.values_list("placed_at", flat=True)) > later - timedelta(days=61)
            assert drift() == {}


def test_a_clock_that_was_set_back_adds_nothing() -> None:
    with rolled_back():
        _demo(households=3, seed=2)
        before = _unchanging()
        with clock.override(MORNING_OF - timedelta(days=5)):
            assert "up to date" in _demo()
        assert _unchanging() == before


@pytest.mark.parametrize(
    ("moment", "statuses"),
    [
        ("2026-03-11T01:00+05:30", {"CONFIRMED"}),
        ("2026-03-11T03:50+05:30", {"CONFIRMED", "PACKED"}),
        ("2026-03-11T06:15+05:30", {"OUT_FOR_DELIVERY", "DELIVERED"}),
        ("2026-03-11T09:00+05:30", {"DELIVERED"}),
    ],
)
def test_this_mornings_orders_stand_where_the_hour_has_brought_them(moment: str, statuses: set[str]) -> None:
    with rolled_back(), clock.override(datetime.fromisoformat(moment)):
        _demo(households=16, seed=2)
        orders = Order.objects.filter(delivery_date="2026-03-11", slot__code="MORNING", region__code="BLR")
        found = set(orders.exclude(status="CANCELLED").values_list("status", flat=True))
        assert found == statuses
        assert OrderStatusChange.objects.filter(occurred_at__gt=clock.now()).count() == 0
        assert drift() == {}


def test_it_refuses_where_somebody_does_business() -> None:
    with rolled_back():
        ProductFactory()
        with pytest.raises(CommandError, match="not the demo's"):
            _demo(households=5)
        assert not User.objects.filter(email="household@example.com").exists()


def test_one_household_is_enough_and_none_is_refused() -> None:
    with rolled_back():
        _demo(households=1)
        assert Order.objects.count() > 50
        assert drift() == {}
    with pytest.raises(CommandError, match="at least 1"):
        _demo(households=0)


@pytest.mark.usefixtures("at")
def test_close_to_the_cutoff_the_next_open_day_is_the_one_to_come(at: Callable[[str], datetime]) -> None:
    at("2026-03-11T22:30+05:30")
    with rolled_back():
        _demo(households=2, seed=2)
        orders = Order.objects.filter(customer__email="household@example.com").order_by("-delivery_date")
        assert [(str(order.delivery_date), order.status) for order in orders[:2]] == [
            ("2026-03-13", "CONFIRMED"),
            ("2026-03-12", "CONFIRMED"),
        ]
