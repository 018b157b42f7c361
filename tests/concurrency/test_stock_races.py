"""The last goods that are good on a day, and the last of a day's supply. Each race is shown first with its lock off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from inventory import actions
from inventory.actions import BatchFacts, goods, nightly, promises
from inventory.actions import supply as supply_actions
from inventory.models import Batch, DailySupply, Stock, StockQuerySet
from inventory.models.supply import DailySupplyQuerySet
from inventory.queries import held_by, recount
from inventory.rules import OutOfStock, SupplyReceived
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

ME = Actor.system("tests")
NOW = datetime.fromisoformat("2026-03-03T09:00+05:30")
DAY = date(2026, 3, 3)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.override(NOW):
        yield small_world(on_hand=0)


def key(world: World) -> dict[str, Any]:
    return {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}


def pair(world: World) -> tuple[int, int]:
    return world.vendor.pk, world.milk.pk


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows, read without a lock."""

    def locked(queryset: StockQuerySet, pairs: Sequence[tuple[int, int]]) -> list[Stock]:
        vendors, variants = [vendor for vendor, _ in pairs], [variant for _, variant in pairs]
        return list(queryset.filter(vendor_id__in=vendors, variant_id__in=variants).order_by("pk"))

    def rows(queryset: StockQuerySet, ids: Iterable[int]) -> dict[int, Stock]:
        return {stock.pk: stock for stock in queryset.filter(pk__in=list(ids)).order_by("pk")}

    def supplies(queryset: DailySupplyQuerySet, ids: Iterable[int]) -> list[DailySupply]:
        return list(queryset.filter(pk__in=list(ids)).order_by("pk"))

    monkeypatch.setattr(StockQuerySet, "locked", locked)
    monkeypatch.setattr(StockQuerySet, "locked_rows", rows)
    monkeypatch.setattr(DailySupplyQuerySet, "locked", supplies)


def reserving(world: World, reference: str, quantity: int, *, on: date = DAY) -> Callable[[], None]:
    def work() -> None:
        with clock.override(NOW), transaction.atomic():
            actions.reserve({pair(world): quantity}, on=on, reference=reference, by=ME)

    return work


def pausing(monkeypatch: pytest.MonkeyPatch, module: object, name: str, meeting: Meeting) -> None:
    """Have whoever calls `name` wait for the other: both have looked, neither has written."""
    original = getattr(module, name)

    def slow(*args: object, **kwargs: object) -> object:
        meeting.wait()
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, slow)


# -- goods that last until a day ---------------------------------------------------------------------------------------


def five_fresh_and_many_old(world: World) -> None:
    """Five pieces last until the 6th; twenty only until today."""
    for code, count, life in (("FRESH", 5, 3), ("OLD", 20, 0)):
        facts = BatchFacts(code, produced_on=DAY, expires_on=DAY + timedelta(days=life))
        actions.receive(**key(world), quantity=count, batch=facts, by=ME)


def promised_too_much(world: World) -> bool:
    return "keepable" in {drift.claim for drift in recount(world.region.pk)}


def test_without_the_lock_fresh_goods_are_promised_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf's own figures allow it (25 are there), so that no constraint catches it."""
    five_fresh_and_many_old(world)
    without_locks(monkeypatch)
    pausing(monkeypatch, promises, "apply", Meeting(2))
    late = DAY + timedelta(days=3)
    assert in_threads(reserving(world, "A", 5, on=late), reserving(world, "B", 5, on=late)) == []
    assert promised_too_much(world)


def test_fresh_goods_are_promised_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    five_fresh_and_many_old(world)
    pausing(monkeypatch, promises, "apply", Meeting(2))
    late = DAY + timedelta(days=3)
    refused = in_threads(reserving(world, "A", 5, on=late), reserving(world, "B", 5, on=late))
    assert [type(problem) for problem in refused] == [OutOfStock]
    assert not promised_too_much(world)
    assert list(recount(world.region.pk)) == []


def test_who_waits_for_the_lock_counts_anew(world: World) -> None:
    """The reading that follows a lock that had to wait sees what the other wrote."""
    five_fresh_and_many_old(world)
    late = DAY + timedelta(days=3)
    works = [reserving(world, f"R{number}", 1, on=late) for number in range(9)]
    refused = in_threads(*works)
    assert len(refused) == 4
    assert list(recount(world.region.pk)) == []


# -- a batch that expires while it is sold -----------------------------------------------------------------------------


def yesterdays_batch_and_a_late_order(world: World) -> int:
    """Ten pieces that were good until yesterday; an order of yesterday is still to be promised them."""
    yesterday = DAY - timedelta(days=1)
    facts = BatchFacts("A", produced_on=yesterday, expires_on=yesterday)
    with clock.override(NOW - timedelta(days=1)):
        actions.receive(**key(world), quantity=10, batch=facts, by=ME)
    return Batch.objects.get().pk


def writing_off(batch_id: int) -> Callable[[], None]:
    def work() -> None:
        with clock.override(NOW):
            actions.write_off(batch_id)

    return work


def test_without_the_lock_promised_goods_are_thrown_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = yesterdays_batch_and_a_late_order(world)
    without_locks(monkeypatch)
    meeting = Meeting(2)
    pausing(monkeypatch, promises, "apply", meeting)
    pausing(monkeypatch, nightly, "apply", meeting)
    in_threads(reserving(world, "A", 6, on=DAY - timedelta(days=1)), writing_off(batch_id))
    assert list(recount(world.region.pk)) != []


def test_a_batch_is_promised_or_thrown_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = yesterdays_batch_and_a_late_order(world)
    meeting = Meeting(2)
    pausing(monkeypatch, promises, "apply", meeting)
    pausing(monkeypatch, nightly, "apply", meeting)
    in_threads(reserving(world, "A", 6, on=DAY - timedelta(days=1)), writing_off(batch_id))
    assert list(recount(world.region.pk)) == []
    stock = Stock.objects.get(variant=world.milk)
    assert (stock.on_hand, stock.reserved) in ((6, 6), (0, 0))


# -- a day's supply ----------------------------------------------------------------------------------------------------


def test_without_the_lock_a_days_supply_is_promised_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.plan_supply(**key(world), on=DAY, quantity=5, by=ME)
    without_locks(monkeypatch)
    pausing(monkeypatch, promises, "_promise_supply", Meeting(2))
    in_threads(reserving(world, "A", 5), reserving(world, "B", 5))
    assert "supply_promised" in {drift.claim for drift in recount(world.region.pk)}


def test_a_days_supply_is_promised_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.plan_supply(**key(world), on=DAY, quantity=5, by=ME)
    pausing(monkeypatch, promises, "_promise_supply", Meeting(2))
    refused = in_threads(reserving(world, "A", 5), reserving(world, "B", 5))
    assert [type(problem) for problem in refused] == [OutOfStock]
    assert DailySupply.objects.get().promised == 5
    assert list(recount(world.region.pk)) == []


def receiving(world: World) -> Callable[[], None]:
    def work() -> None:
        with clock.override(NOW):
            actions.receive_supply(**key(world), on=DAY, quantity=5, by=ME)

    return work


def plan_beside_a_batch(world: World) -> None:
    """A supply, and a piece in the batch of its day: two that made that batch would stop each other by its code."""
    actions.plan_supply(**key(world), on=DAY, quantity=5, by=ME)
    actions.receive(**key(world), quantity=1, by=ME)


def test_without_the_lock_the_milk_comes_in_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_beside_a_batch(world)
    without_locks(monkeypatch)
    pausing(monkeypatch, supply_actions, "apply", Meeting(2))
    in_threads(receiving(world), receiving(world))
    assert Stock.objects.get(variant=world.milk).movements.filter(kind="RECEIVE", on_hand_change=5).count() == 2


def test_the_milk_comes_in_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_beside_a_batch(world)
    pausing(monkeypatch, supply_actions, "apply", Meeting(2))
    refused = in_threads(receiving(world), receiving(world))
    assert [type(problem) for problem in refused] == [SupplyReceived]
    assert Stock.objects.get(variant=world.milk).on_hand == 6


def test_milk_that_comes_in_while_it_is_promised_loses_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is promised from the supply or, just after, from the shelf: in either case it holds its pieces."""
    actions.plan_supply(**key(world), on=DAY, quantity=5, by=ME)
    pausing(monkeypatch, supply_actions, "apply", Meeting(2))
    pausing(monkeypatch, promises, "_promise_supply", Meeting(2))
    assert in_threads(reserving(world, "A", 3), receiving(world)) == []
    assert held_by("A") == {pair(world): 3}
    stock = Stock.objects.get(variant=world.milk)
    assert (stock.on_hand, stock.reserved) == (5, 3)
    assert list(recount(world.region.pk)) == []


def test_two_counts_at_once_leave_one_truth(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.receive(**key(world), quantity=9, by=ME)
    pausing(monkeypatch, goods, "apply", Meeting(2))

    def counting(quantity: int) -> Callable[[], None]:
        def work() -> None:
            with clock.override(NOW):
                actions.set_on_hand(**key(world), quantity=quantity, by=ME, reason="Counted")

        return work

    assert in_threads(counting(4), counting(6)) == []
    assert Stock.objects.get(variant=world.milk).on_hand in (4, 6)
    assert list(recount(world.region.pk)) == []


@pytest.mark.slow
def test_ten_thousand_orders_race_for_five_hundred_pieces(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    actions.receive(**key(world), quantity=500, by=ME)
    numbers = iter(range(10_000))
    refused: list[int] = []

    def household() -> None:
        while (number := next(numbers, None)) is not None:
            try:
                reserving(world, f"R{number}", 1)()
            except OutOfStock:
                refused.append(number)

    assert in_threads(*[household] * 16, seconds=600) == []
    stock = Stock.objects.get(variant=world.milk)
    with capsys.disabled():
        print(f"\n  10,000 orders on 500 pieces: {stock.reserved} promised, {len(refused)} refused")
    assert (stock.reserved, len(refused)) == (500, 9_500)
    assert list(recount(world.region.pk)) == []
