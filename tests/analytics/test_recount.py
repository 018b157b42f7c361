"""What a report says is what one counts by hand, however the day went."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.queries import figures_of
from milkdelivery.core.models import Region
from tests.analytics.days import DAY, make_up
from tests.analytics.recount import flat, recount
from tests.factories.world import World, small_world

QUERIES = 13


@pytest.fixture
def world(db: None) -> World:
    return small_world()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    orders=st.integers(0, 25),
    zone=st.sampled_from(["Asia/Kolkata", "America/New_York", "Pacific/Auckland"]),
)
def test_any_day_is_what_one_counts_by_hand(world: World, seed: int, orders: int, zone: str) -> None:
    point = transaction.savepoint()
    try:
        Region.objects.filter(pk=world.region.pk).update(time_zone=zone)
        region = Region.objects.get(pk=world.region.pk)
        make_up(world, Random(seed), orders=orders, zone=zone)
        for day in (DAY, DAY + timedelta(days=1), DAY - timedelta(days=1)):
            assert flat(figures_of(region, day)) == recount(region, day)
    finally:
        transaction.savepoint_rollback(point)


def test_a_full_day_has_something_of_everything(world: World) -> None:
    """So that the comparison above compares something."""
    make_up(world, Random(7), orders=120)
    told = flat(figures_of(world.region, DAY))
    assert told == recount(world.region, DAY)
    empty = [
        f"{name}.{key}"
        for name, part in told.items()
        if isinstance(part, dict)
        for key, value in part.items()
        if not value and name not in ("by_status", "by_source", "by_method")
    ]
    assert empty == []
    assert set(told["by_method"]) >= {"COD", "WALLET", "NONE"}
    assert told["orders"]["revenue"]["INR"] != told["orders"]["worth"]["INR"]
    assert len(told["orders"]["worth"]) == 2


def test_the_queries_are_as_many_for_many_orders(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            figures_of(world.region, DAY)
        return len(caught)

    make_up(world, Random(1), orders=2)
    few = asked()
    make_up(world, Random(2), orders=60)
    assert asked() == few == QUERIES


def test_a_day_without_anything_is_all_zeros(world: World) -> None:
    told = figures_of(world.region, date(2026, 1, 1))
    assert told["orders"] == {"count": 0, "standing": 0, "worth": {}, "refunds": {}, "revenue": {}, "average": {}}
    assert not told["products"]
    assert not told["by_status"]
    assert not told["deliveries"]["slots"]
