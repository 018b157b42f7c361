"""Whatever is done to stock in whatever order: rows are what their logs add up to, and every promise can be kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Case, When

from catalog.models import Variant
from inventory import actions
from inventory.actions import BatchFacts
from inventory.actions.nightly import expired_batches
from inventory.models import Batch, DailySupply, Stock
from inventory.queries import held_by, recount
from inventory.rules import StockWouldBreak
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from tests.factories.world import World, small_world

ME = Actor.system("tests")
START = datetime.fromisoformat("2026-03-01T09:00+05:30")
DAYS = 8


class Life:
    """Random operations on the shelves of one dairy while the days go by. What is refused must change nothing."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)
        self.now = START
        self.orders = 0
        self.done: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.open: list[str] = []
        self.packed: list[str] = []
        self.verbs: list[Callable[[], object]] = [
            *[self.reserve] * 6,
            *[self.receive] * 2,
            *[self.sell] * 3,
            self.release,
            self.release_some,
            self.take_back,
            self.adjust,
            self.count,
            self.spoil,
            self.plan,
            self.drop,
            self.receive_supply,
            self.receive_supply,
            self.night,
        ]

    def go(self) -> None:
        verb = self.random.choice(self.verbs)
        name = verb.__name__
        with clock.override(self.now):
            try:
                with transaction.atomic():
                    verb()
            except DomainError:
                self.refused[name] = self.refused.get(name, 0) + 1
            else:
                self.done[name] = self.done.get(name, 0) + 1

    # -- what may happen -----------------------------------------------------------------------------------------------

    def reserve(self) -> None:
        self.orders += 1
        reference = f"R{self.orders}"
        shelves = self.random.sample(self.world.variants, self.random.randint(1, len(self.world.variants)))
        wanted = {(self.world.vendor.pk, variant.pk): self.random.randint(1, 12) for variant in shelves}
        actions.reserve(wanted, on=self._day(), reference=reference, by=ME)
        self.open.append(reference)

    def receive(self) -> None:
        actions.receive(**self._shelf(), quantity=self.random.randint(1, 40), batch=self._facts(), by=ME)

    def sell(self) -> None:
        reference = self._one_of(self.open)
        actions.sell(reference=reference, by=ME)
        self.open.remove(reference)
        self.packed.append(reference)

    def release(self) -> None:
        reference = self._one_of(self.open)
        actions.release(reference=reference, by=ME)
        assert held_by(reference) == {}

    def release_some(self) -> None:
        reference = self._one_of(self.open)
        before = held_by(reference)
        if before:
            pair = self.random.choice(list(before))
            actions.release(reference=reference, by=ME, only={pair: 1})
            assert sum(held_by(reference).values()) == sum(before.values()) - 1

    def take_back(self) -> None:
        actions.take_back(reference=self._one_of(self.packed), by=ME, reason="Came back")

    def adjust(self) -> None:
        change = self.random.choice([-9, -3, -1, 1, 2, 5])
        actions.adjust(**self._shelf(), change=change, batch_id=self._batch(), by=ME, reason="Counted wrong")

    def count(self) -> None:
        shelf = self._shelf()
        there = Stock.objects.get(**shelf).on_hand + self.random.randint(-4, 4)
        actions.set_on_hand(**shelf, quantity=there, by=ME, reason="Counted")

    def spoil(self) -> None:
        actions.spoil(**self._shelf(), quantity=self.random.randint(1, 6), batch_id=self._batch(), by=ME, reason="Sour")

    def plan(self) -> None:
        actions.plan_supply(**self._shelf(), on=self._day(), quantity=self.random.randint(0, 60), by=ME)

    def drop(self) -> None:
        actions.drop_supply(**self._shelf(), on=self._day(), by=ME)

    def receive_supply(self) -> None:
        today = clock.today(self.world.region)
        supplies = list(DailySupply.objects.open().filter(date__lte=today).select_related("stock").order_by("pk"))
        if supplies:
            supply = self.random.choice(supplies)
            came = self.random.choice([supply.quantity, supply.promised, self.random.randint(0, supply.quantity + 3)])
            actions.receive_supply(
                vendor_id=supply.stock.vendor_id,
                variant_id=supply.stock.variant_id,
                on=supply.date,
                quantity=came,
                batch=self._facts(),
                by=ME,
            )

    def night(self) -> None:
        self.now += timedelta(hours=12)
        with clock.override(self.now):
            for batch_id in expired_batches(self.world.region):
                actions.write_off(batch_id)

    # -- what it happens to --------------------------------------------------------------------------------------------

    def _shelf(self) -> dict[str, Any]:
        return {"vendor_id": self.world.vendor.pk, "variant_id": self.random.choice(self.world.variants).pk}

    def _day(self) -> date:
        return clock.today(self.world.region) + timedelta(days=self.random.randint(0, DAYS))

    def _facts(self) -> BatchFacts | None:
        if self.random.random() < 0.3:
            return None
        today = clock.today(self.world.region)
        expires = today + timedelta(days=self.random.randint(0, DAYS))
        return BatchFacts(code=f"B-{today}-{expires}", produced_on=today, expires_on=expires)

    def _batch(self) -> int | None:
        there = list(Batch.objects.there().values_list("pk", flat=True))
        return self.random.choice([None, *there])

    def _one_of(self, references: list[str]) -> str:
        if not references:
            raise StockWouldBreak("no order to do it to")
        return self.random.choice(references)


def _live(operations: int, seed: int, *, look_every: int) -> Life:
    with clock.override(START):
        world = small_world(on_hand=30)
        Variant.objects.update(shelf_life_days=Case(When(pk=world.milk.pk, then=2), default=6))
    life = Life(world, seed)
    for number in range(1, operations + 1):
        life.go()
        if number % look_every == 0:
            assert list(recount(life.world.region.pk)) == [], (seed, number)
    assert list(recount(life.world.region.pk)) == []
    return life


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stock_is_the_sum_of_its_movements_after_random_operations(seed: int) -> None:
    life = _live(300, seed, look_every=10)
    assert len(life.done) >= 12, life.done


@pytest.mark.slow
@pytest.mark.django_db
def test_stock_is_the_sum_of_its_movements_after_ten_thousand_operations(capsys: pytest.CaptureFixture[str]) -> None:
    life = _live(10_000, 7, look_every=250)
    with capsys.disabled():
        print(f"\n  10,000 operations: done {life.done}, refused {life.refused}; no drift")
    assert len(life.done) == len({verb.__name__ for verb in life.verbs})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("claim", "statement"),
    [
        ("on_hand", "UPDATE inventory_stock SET on_hand = on_hand + 1"),
        ("reserved", "UPDATE inventory_stock SET reserved = reserved - 1 WHERE reserved > 0"),
        ("in_a_batch", "UPDATE inventory_stock SET batched = 0"),
        ("batched", "UPDATE inventory_stock SET batched = batched - 1 WHERE batched > 0"),
        ("promised_for_day", "UPDATE inventory_promise SET quantity = quantity + 1"),
        ("promised_for_day", "DELETE FROM inventory_promise"),
        ("batch", "UPDATE inventory_batch SET remaining = remaining - 1"),
        ("batch_received", "UPDATE inventory_batch SET received = received + 1"),
        ("batch_in_order", "UPDATE inventory_batchuse SET quantity = quantity + 1"),
        ("batch_in_order", "DELETE FROM inventory_batchuse"),
        ("supply_promised", "UPDATE inventory_dailysupply SET promised = promised + 1"),
        ("keepable", "UPDATE inventory_batch SET expires_on = produced_on"),
    ],
)
def test_every_drift_is_found(claim: str, statement: str) -> None:
    with clock.override(START):
        world = small_world(on_hand=0)
        shelf: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
        today = clock.today(world.region)
        facts = BatchFacts("A", produced_on=today, expires_on=today + timedelta(days=5))
        actions.receive(**shelf, quantity=20, batch=facts, by=ME)
        actions.plan_supply(**shelf, on=today + timedelta(days=2), quantity=5, by=ME)
        with transaction.atomic():
            pair = (world.vendor.pk, world.milk.pk)
            actions.reserve({pair: 3}, on=today, reference="M1", by=ME)
            actions.sell(reference="M1", by=ME)
            actions.reserve({pair: 4}, on=today + timedelta(days=1), reference="M2", by=ME)
            actions.reserve({pair: 2}, on=today + timedelta(days=2), reference="M3", by=ME)
    assert list(recount(world.region.pk)) == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert claim in {drift.claim for drift in recount(world.region.pk)}
