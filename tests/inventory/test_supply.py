"""A day's milk: said beforehand, promised, received, and short."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from inventory import actions
from inventory.models import DailySupply, StockMovement, SupplyPromise
from inventory.queries import availability_at, held_by
from inventory.rules import OutOfStock, SupplyBelowPromised, SupplyNotReceived, SupplyReceived
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.models import Event
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, march, release, sell, take_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(world: World) -> Shelf:
    """A hundred pieces are on the shelf; nothing is said of any day yet."""
    return Shelf(world.vendor, world.milk)


def test_where_a_day_has_a_supply_its_milk_is_sold_against_it_alone(world: World, shelf: Shelf) -> None:
    shelf.plan(10, on=3)
    assert [shelf.left(on=day) for day in (2, 3, 4)] == [100, 10, 100]
    assert (
        availability_at(world.pincode.code, [world.milk.pk], region_id=world.region.pk, on=march(3))[
            world.milk.pk
        ].quantity
        == 10
    )
    shelf.promise("M1", 4, on=3)
    assert [shelf.left(on=day) for day in (2, 3, 4)] == [100, 6, 100]
    assert (shelf.row.on_hand, shelf.row.reserved) == (100, 0)
    assert held_by("M1") == {shelf.pair: 4}
    with pytest.raises(OutOfStock):
        shelf.promise("M2", 7, on=3)


def test_a_supply_of_nothing_closes_the_day(shelf: Shelf) -> None:
    shelf.plan(0, on=3)
    assert shelf.left(on=3) == 0
    actions.drop_supply(**shelf.key, on=march(3), by=ME)
    assert shelf.left(on=3) == 100


def test_an_order_that_holds_more_and_less_is_one_promise(shelf: Shelf) -> None:
    shelf.plan(10, on=3)
    shelf.promise("M1", 4, on=3)
    shelf.promise("M1", 3, on=3)
    release("M1", only={shelf.pair: 5})
    assert SupplyPromise.objects.get().quantity == 2
    release("M1")
    release("M1")
    assert not SupplyPromise.objects.exists()
    assert DailySupply.objects.get().promised == 0


def test_it_can_not_be_less_than_what_is_promised(shelf: Shelf) -> None:
    shelf.plan(10, on=3)
    shelf.promise("M1", 4, on=3)
    with pytest.raises(SupplyBelowPromised, match="4 pieces"):
        shelf.plan(3, on=3)
    with pytest.raises(SupplyBelowPromised):
        actions.drop_supply(**shelf.key, on=march(3), by=ME)
    assert shelf.plan(4, on=3).quantity == 4
    with pytest.raises(IntegrityError), transaction.atomic():
        DailySupply.objects.update(quantity=3)


@pytest.mark.parametrize(("quantity", "day"), [(-1, 3), (10_000_000, 3)])
def test_what_can_not_be_planned_is_refused(shelf: Shelf, quantity: int, day: int) -> None:
    with pytest.raises(InvalidInput):
        shelf.plan(quantity, on=day)


def test_a_day_that_has_passed_is_not_planned(shelf: Shelf) -> None:
    with pytest.raises(InvalidInput, match="passed"):
        actions.plan_supply(**shelf.key, on=march(1).replace(month=2), quantity=5, by=ME)
    assert shelf.plan(5, on=1).quantity == 5


def test_packing_before_the_milk_came_in_is_refused(shelf: Shelf) -> None:
    shelf.plan(10, on=3)
    shelf.promise("M1", 4, on=3)
    with pytest.raises(SupplyNotReceived, match="has not come in yet"):
        sell("M1")
    assert held_by("M1") == {shelf.pair: 4}


def test_milk_that_came_in_is_reserved_for_those_who_were_promised_it(shelf: Shelf) -> None:
    shelf.plan(10, on=3)
    shelf.promise("M1", 4, on=3)
    shelf.promise("M2", 5, on=3)
    shelf.receive_supply(11, on=3, facts=batch("A", expires=4))
    assert (shelf.row.on_hand, shelf.row.reserved, shelf.row.batched) == (111, 9, 111)
    assert held_by("M1") == {shelf.pair: 4}
    assert shelf.left(on=3) == 102
    assert not Event.objects.named("supply.short").exists()
    sell("M1")
    take_back("M1")
    release("M2")
    assert (shelf.row.on_hand, shelf.row.reserved) == (111, 0)
    assert list(SupplyPromise.objects.values_list("reference", "quantity", "got")) == [("M1", 4, 4), ("M2", 5, 5)]


def test_less_than_promised_leaves_the_last_orders_short_by_name(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    shelf.plan(10, on=3)
    for reference, quantity in (("M1", 4), ("M2", 4), ("M3", 2)):
        shelf.promise(reference, quantity, on=3)
    shelf.receive_supply(6, on=3, facts=batch("A", expires=3))
    assert [held_by(reference) for reference in ("M1", "M2", "M3")] == [{shelf.pair: 4}, {shelf.pair: 2}, {}]
    told = Event.objects.named("supply.short").get()
    assert told.data == {
        "vendor_id": shelf.pair[0],
        "variant_id": shelf.pair[1],
        "date": "2026-03-03",
        "references": ["M2", "M3"],
    }
    sell("M2")
    assert (shelf.row.on_hand, shelf.row.reserved) == (4, 4)


def test_what_is_missing_is_taken_from_the_shelf_where_that_is_good_on_the_day(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    shelf.receive(3, batch("OLD", expires=2))
    shelf.receive(2, batch("GOOD", expires=5))
    shelf.plan(10, on=3)
    shelf.promise("M1", 10, on=3)
    shelf.receive_supply(5, on=3, facts=batch("NEW", expires=3))
    assert held_by("M1") == {shelf.pair: 7}
    sell("M1")
    assert shelf.row.on_hand == 3


def test_nothing_may_come_in_at_all(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    shelf.plan(10, on=3)
    shelf.promise("M1", 4, on=3)
    shelf.receive_supply(0, on=3)
    assert held_by("M1") == {}
    assert Event.objects.named("supply.short").get().data["references"] == ["M1"]


def test_it_comes_in_once(shelf: Shelf) -> None:
    shelf.plan(10, on=3)
    shelf.receive_supply(10, on=3)
    for again in (lambda: shelf.receive_supply(10, on=3), lambda: shelf.plan(12, on=3)):
        with pytest.raises(SupplyReceived, match="came in already"):
            again()
    assert shelf.row.on_hand == 110
    shelf.promise("M1", 105, on=3)
    assert StockMovement.objects.filter(reference="M1").count() == 1


def test_milk_that_was_not_planned_or_is_too_old_is_refused(shelf: Shelf) -> None:
    with pytest.raises(NotFound):
        shelf.receive_supply(10, on=3)
    shelf.plan(10, on=3)
    with pytest.raises(InvalidInput) as refusal:
        shelf.receive_supply(10, on=3, facts=batch("A", expires=2))
    assert refusal.value.field == "expires_on"
    assert shelf.row.on_hand == 100


def test_planning_the_same_again_tells_nothing(shelf: Shelf) -> None:
    shelf.plan(0, on=3)
    shelf.plan(0, on=3)
    assert Event.objects.named("supply.planned").count() == 1


def test_nothing_is_left_to_promise_of_what_came_in_short(shelf: Shelf) -> None:
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    shelf.plan(20, on=3)
    shelf.promise("M1", 4, on=3)
    assert DailySupply.objects.get().left == 16
    assert shelf.receive_supply(15, on=3, facts=batch("A", expires=3)).left == 0
    assert shelf.left(on=3) == 11
