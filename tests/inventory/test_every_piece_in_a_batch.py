"""Nothing is promised past its last day, whoever brought it in and however little they said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from inventory import actions, tasks
from inventory.models import Batch, BatchUse, Stock, StockMovement
from inventory.queries import recount
from inventory.rules import OutOfStock
from milkdelivery.core import clock
from milkdelivery.core.errors import InvalidInput
from tests.factories.world import small_world
from tests.inventory.helpers import ME, Shelf, batch, march, sell, take_back

pytestmark = pytest.mark.django_db

Come = Callable[[Shelf, int], Any]
WAYS: dict[str, Come] = {
    "received": lambda shelf, count: actions.receive(**shelf.key, quantity=count, by=ME),
    "adjusted": lambda shelf, count: actions.adjust(**shelf.key, change=count, by=ME, reason="Found"),
    "counted": lambda shelf, count: actions.set_on_hand(
        **shelf.key, quantity=shelf.row.on_hand + count, by=ME, reason="Counted"
    ),
}


@pytest.fixture
def shelf() -> Shelf:
    """An empty shelf of milk that keeps two days."""
    world = small_world(on_hand=0)
    world.milk.shelf_life_days = 2
    world.milk.save()
    return Shelf(world.vendor, world.milk)


def of_before(shelf: Shelf) -> None:
    """Make all that is on the shelf goods of the time when not every piece had its batch."""
    StockMovement.objects.filter(stock=shelf.row).update(batch=None)
    BatchUse.objects.filter(batch__stock=shelf.row).delete()
    Batch.objects.filter(stock=shelf.row).delete()
    Stock.objects.filter(pk=shelf.row.pk).update(batched=0)


def agree(shelf: Shelf) -> bool:
    return list(recount(shelf.row.vendor.region_id)) == []


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_without_a_batch_is_good_for_the_packs_shelf_life(shelf: Shelf, way: str) -> None:
    WAYS[way](shelf, 40)
    assert [shelf.left(on=day) for day in (1, 3, 4, 9)] == [40, 40, 0, 0]
    WAYS[way](shelf, 2)
    [lot] = Batch.objects.all()
    assert (lot.days_presumed, lot.produced_on, lot.expires_on) == (True, march(1), march(3))
    assert (lot.received, lot.remaining, shelf.row.unbatched) == (42, 42, 0)
    with clock.override(datetime.fromisoformat("2026-03-02T09:00+05:30")):
        WAYS[way](shelf, 5)
    assert (Batch.objects.count(), shelf.left(on=4)) == (2, 5)
    assert agree(shelf)


def test_another_shelf_life_or_a_code_that_is_taken_makes_another_batch(shelf: Shelf) -> None:
    shelf.receive(3, batch("AUTO-2026-03-01", expires=4))
    shelf.receive(3)
    type(shelf.row.variant).objects.filter(pk=shelf.row.variant_id).update(shelf_life_days=5)
    shelf.receive(3)
    lots = Batch.objects.order_by("pk").values_list("code", "expires_on")
    assert list(lots) == [
        ("AUTO-2026-03-01", march(4)),
        ("AUTO-2026-03-01-2", march(3)),
        ("AUTO-2026-03-01-3", march(6)),
    ]


def test_corrections_of_the_days_batch_keep_the_books(shelf: Shelf) -> None:
    shelf.receive(4)
    pk = Batch.objects.get().pk
    for change in (-3, 2, 6):
        actions.adjust(**shelf.key, change=change, batch_id=pk, by=ME, reason="Counted wrong")
    assert (Batch.objects.get().remaining, shelf.row.on_hand) == (9, 9)
    assert agree(shelf)


@pytest.mark.parametrize("by_night", [True, False])
def test_goods_of_before_get_their_last_day(shelf: Shelf, by_night: bool) -> None:
    shelf.receive(40)
    shelf.receive(7, batch("A", expires=2))
    shelf.promise("M1", 5, on=2)
    of_before(shelf)
    assert shelf.left(on=9) == 42
    assert [drift.claim for drift in recount(shelf.row.vendor.region_id)] == ["in_a_batch"]
    if by_night:
        tasks.keep_stock()
    else:
        migration: Any = import_module("inventory.migrations.0008_put_what_is_in_no_batch_into_one")
        with connection.cursor() as cursor:
            for _time in range(2):
                cursor.execute(migration.PUT, {"stock": shelf.row.pk, "now": clock.now()})
    [lot] = Batch.objects.all()
    assert (lot.remaining, lot.received, lot.days_presumed) == (47, 47, True)
    assert (lot.expires_on - lot.produced_on).days == 2
    if by_night:
        assert shelf.left(on=31) == 0
    assert agree(shelf)


def test_what_was_packed_before_comes_back_into_a_batch(shelf: Shelf) -> None:
    shelf.receive(6)
    shelf.promise("M1", 5, on=2)
    sell("M1")
    of_before(shelf)
    actions.date_goods(**shelf.key, by=ME)
    for _time in range(2):
        take_back("M1")
    assert (shelf.row.on_hand, shelf.row.batched, shelf.left(on=3), shelf.left(on=4)) == (6, 6, 6, 0)
    assert agree(shelf)


def test_a_promise_of_before_that_outlasts_its_goods_is_told(shelf: Shelf) -> None:
    shelf.receive(6)
    of_before(shelf)
    shelf.promise("M1", 2, on=8)
    actions.date_goods(**shelf.key, by=ME)
    assert [drift.claim for drift in recount(shelf.row.vendor.region_id)] == ["keepable"]
    with pytest.raises(OutOfStock, match="still good on 2026-03-08"):
        sell("M1")


def test_a_supply_without_a_batch_is_as_old_as_its_day(shelf: Shelf) -> None:
    shelf.plan(5, on=1)
    with clock.override(datetime.fromisoformat("2026-03-02T08:00+05:30")):
        shelf.receive_supply(5, on=1)
    assert Batch.objects.get().expires_on == march(3)


def test_a_supply_comes_in_on_its_day_by_its_markets_clock(shelf: Shelf) -> None:
    shelf.plan(5, on=2)
    which = {**shelf.key, "on": march(2), "quantity": 5, "by": ME}
    evening = clock.override(datetime.fromisoformat("2026-03-01T23:59+05:30"))
    with evening, pytest.raises(InvalidInput, match="on that day, not before") as refusal:
        actions.receive_supply(**which)
    assert refusal.value.field == "date"
    with clock.override(datetime.fromisoformat("2026-03-02T00:01+05:30")):
        assert actions.receive_supply(**which).received_quantity == 5


def test_a_supply_is_planned_as_far_as_a_household_orders(shelf: Shelf) -> None:
    shelf.plan(5, on=15)
    for day in (march(16), date(9999, 1, 1)):
        with pytest.raises(InvalidInput, match=r"15 .* is the last one that can be planned") as refusal:
            actions.plan_supply(**shelf.key, on=day, quantity=5, by=ME)
        assert refusal.value.field == "date"


@pytest.mark.parametrize(
    ("produced", "expires", "field"),
    [
        (march(1), march(6), None),
        (march(1), march(7), "expires_on"),
        (march(1), date(9999, 12, 31), "expires_on"),
        (date(1900, 1, 1), march(2), "produced_on"),
        (date(2026, 2, 24), march(1), None),
        (date(2026, 2, 23), march(1), "produced_on"),
    ],
)
def test_a_batch_lives_no_longer_than_its_pack_can(
    shelf: Shelf, produced: date, expires: date, field: str | None
) -> None:
    facts = actions.BatchFacts("A", produced, expires)
    if field is None:
        assert shelf.receive(5, facts).on_hand == 5
        return
    with pytest.raises(InvalidInput, match=r"keeps 2 days, and a batch of it .*at most 5") as refusal:
        shelf.receive(5, facts)
    assert refusal.value.field == field
    assert not Batch.objects.exists()


def test_no_truck_is_that_hot(shelf: Shelf) -> None:
    facts = actions.BatchFacts("A", march(1), march(2), temperature=99)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="between -30 and 45") as refusal:
        shelf.receive(5, facts)
    assert refusal.value.field == "temperature"
