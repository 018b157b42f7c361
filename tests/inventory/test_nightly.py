"""The night: old goods go with a reason, what is low is told once, differences are found and never mended silently."""

from __future__ import annotations

from datetime import datetime

import pytest

from inventory import actions, tasks
from inventory.models import Batch, LowStockAlert, Promise, Reconciliation, Stock, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches, march
from vendors.models import Offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.vendor, world.milk)


def night(moment: str) -> int:
    with clock.override(datetime.fromisoformat(f"{moment}+05:30")):
        return tasks.keep_stock()


def test_what_has_expired_is_thrown_away_the_night_after(shelf: Shelf) -> None:
    shelf.receive(10, batch("A", expires=3))
    night("2026-03-03T02:00")
    assert batches().get().remaining == 10
    night("2026-03-04T02:00")
    assert (batches().get().remaining, shelf.row.on_hand) == (0, 100)
    spoiled = StockMovement.objects.get(kind="SPOIL")
    assert (spoiled.on_hand_change, spoiled.reason, spoiled.actor) == (-10, "Expired on 2026-03-03", "system:stock")


def test_expired_goods_that_a_late_order_still_holds_stay(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    shelf.receive(10, batch("A", expires=3))
    shelf.promise("M1", 4, on=3)
    night("2026-03-04T02:00")
    assert (shelf.row.on_hand, shelf.row.reserved) == (4, 4)


def test_a_night_is_done_once_and_not_before_one(shelf: Shelf) -> None:
    assert night("2026-03-02T00:30") == 0
    assert night("2026-03-02T06:00") == 1
    assert night("2026-03-02T06:10") == 0
    assert Reconciliation.objects.count() == 1


def test_a_difference_is_told_and_not_mended(shelf: Shelf) -> None:
    Stock.objects.filter(pk=shelf.row.pk).update(on_hand=97, batched=97)
    Batch.objects.filter(stock=shelf.row).update(remaining=97)
    night("2026-03-02T02:00")
    report = Reconciliation.objects.get()
    drift = {"stock_id": shelf.row.pk, "row": 97, "counted": 100}
    assert report.drifts == [
        {"claim": "on_hand", "subject": "", **drift},
        {"claim": "batch", "subject": "AUTO-2026-03-01", **drift},
    ]
    assert shelf.row.on_hand == 97
    assert Event.objects.named("stock.recounted").get().data["drift_count"] == 2


def test_people_settle_a_difference_with_a_reason(shelf: Shelf, world: World) -> None:
    """The log is brought to the row; the shelf is then counted."""
    shelf.receive(10, batch("A", expires=9))
    shelf.promise("M1", 4, on=3)
    Stock.objects.filter(pk=shelf.row.pk).update(on_hand=98, batched=98)
    Batch.objects.filter(code="A").update(remaining=8)
    Batch.objects.exclude(code="A").filter(stock=shelf.row).update(remaining=90)
    Promise.objects.update(quantity=5)
    Stock.objects.filter(pk=shelf.row.pk).update(reserved=5)
    assert actions.reconcile(world.region).drift_count > 0
    actions.settle(**shelf.key, by=ME, reason="Restored from a backup")
    assert actions.reconcile(world.region).drift_count == 0
    assert (shelf.row.on_hand, shelf.row.reserved, shelf.row.batched) == (98, 5, 98)
    assert set(StockMovement.objects.filter(reason="Restored from a backup").values_list("kind", flat=True)) == {
        "ADJUST"
    }


def test_empty_promises_of_long_ago_are_forgotten(shelf: Shelf) -> None:
    Promise.objects.create(stock=shelf.row, delivery_date=march(2), quantity=0)
    Promise.objects.create(stock=shelf.row, delivery_date=march(19), quantity=0)
    night("2026-03-20T02:00")
    assert Promise.objects.get().delivery_date == march(19)


def test_low_stock_is_told_once_a_day(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=9, by=ME, reason="Counted")
    assert [tasks.tell_low_stock(), tasks.tell_low_stock()] == [1, 0]
    alert = LowStockAlert.objects.get()
    assert (alert.stock, alert.date, alert.available, alert.threshold) == (shelf.row, march(1), 9, 10)
    assert Event.objects.named("stock.low").get().data["available"] == 9
    with clock.override(datetime.fromisoformat("2026-03-02T00:05+05:30")):
        assert tasks.tell_low_stock() == 1


def test_at_its_threshold_nothing_is_low_and_below_none_never(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=10, by=ME, reason="Counted")
    assert tasks.tell_low_stock() == 0
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Counted")
    actions.set_low_threshold(**shelf.key, threshold=0, by=ME)
    assert tasks.tell_low_stock() == 0


@pytest.mark.parametrize("why", ["by the day", "no offer", "no dairy"])
def test_what_is_meant_to_be_empty_is_not_told(shelf: Shelf, world: World, why: str) -> None:
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Counted")
    if why == "by the day":
        shelf.plan(40, on=2)
    elif why == "no offer":
        Offer.objects.filter(variant=world.milk).update(is_active=False)
    else:
        world.vendor.is_active = False
        world.vendor.save()
    assert tasks.tell_low_stock() == 0
