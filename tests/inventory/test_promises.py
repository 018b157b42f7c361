"""What can be promised for which day, and which goods an order gets."""

from __future__ import annotations

import pytest

from inventory import actions
from inventory.models import BatchUse, Promise, StockMovement
from inventory.queries import availability_at, held_by
from inventory.rules import BatchDiffers, OutOfStock, StockWouldBreak
from milkdelivery.core.errors import InvalidInput, NotFound
from tests.factories.inventory import StockFactory
from tests.factories.vendors import CapacityUseFactory, OfferFactory, ServiceAreaFactory, VendorFactory
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches, march, release, sell, take_back
from vendors.models import Offer, Vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(world: World) -> Shelf:
    """A shelf with nothing on it yet."""
    shelf = Shelf(world.vendor, world.milk)
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    return shelf


def test_nothing_is_promised_for_a_day_after_its_expiry(shelf: Shelf) -> None:
    shelf.receive(10, batch("A", expires=3))
    assert [shelf.left(on=day) for day in (2, 3, 4)] == [10, 10, 0]
    with pytest.raises(OutOfStock):
        shelf.promise("M1", 1, on=4)


def test_goods_without_a_batch_never_expire(shelf: Shelf) -> None:
    shelf.receive(4)
    shelf.receive(10, batch("A", expires=3))
    assert [shelf.left(on=day) for day in (3, 30)] == [14, 4]


def test_a_late_promise_counts_against_earlier_days_too(shelf: Shelf) -> None:
    """Ten that last until the 3rd and five that last until the 6th: the five are gone once promised for the 5th."""
    shelf.receive(10, batch("A", expires=3))
    shelf.receive(5, batch("B", expires=6))
    shelf.promise("M1", 5, on=5)
    assert [shelf.left(on=day) for day in (2, 4)] == [10, 0]


def test_an_early_promise_takes_from_a_late_day_only_what_the_early_goods_lack(shelf: Shelf) -> None:
    shelf.receive(10, batch("A", expires=3))
    shelf.receive(5, batch("B", expires=6))
    shelf.promise("M1", 12, on=2)
    assert [shelf.left(on=day) for day in (2, 5)] == [3, 3]


def test_promises_are_counted_by_day(shelf: Shelf) -> None:
    shelf.receive(20)
    shelf.promise("M1", 3, on=2)
    shelf.promise("M2", 4, on=2)
    shelf.promise("M3", 5, on=4)
    assert dict(Promise.objects.values_list("delivery_date", "quantity")) == {march(2): 7, march(4): 5}
    release("M1")
    assert dict(Promise.objects.values_list("delivery_date", "quantity")) == {march(2): 4, march(4): 5}
    assert shelf.row.reserved == 9


def test_a_part_of_what_an_order_holds_can_be_given_back(shelf: Shelf) -> None:
    shelf.receive(20)
    shelf.promise("M1", 5, on=2)
    release("M1", only={shelf.pair: 2})
    assert held_by("M1") == {shelf.pair: 3}
    release("M1", only={shelf.pair: 9})
    assert held_by("M1") == {}


def test_packing_takes_what_expires_first_of_what_is_good_on_the_day(shelf: Shelf) -> None:
    shelf.receive(5)
    shelf.receive(5, batch("LATE", expires=9))
    shelf.receive(5, batch("EARLY", expires=3))
    shelf.receive(5, batch("NEXT", expires=5))
    shelf.promise("M1", 7, on=4)
    shelf.promise("M2", 6, on=2)
    sell("M1")
    sell("M2")
    used = BatchUse.objects.values_list("batch__code", "reference", "quantity")
    assert set(used) == {("NEXT", "M1", 5), ("LATE", "M1", 2), ("EARLY", "M2", 5), ("LATE", "M2", 1)}
    assert (shelf.row.on_hand, shelf.row.batched, shelf.row.reserved) == (7, 7, 0)


def test_packing_again_takes_nothing(shelf: Shelf) -> None:
    shelf.receive(5, batch("A", expires=3))
    shelf.promise("M1", 2, on=2)
    sell("M1")
    sell("M1")
    assert (shelf.row.on_hand, batches().get().remaining) == (3, 3)


def test_what_comes_back_goes_back_to_its_batch(shelf: Shelf) -> None:
    shelf.receive(5, batch("A", expires=3))
    shelf.receive(5)
    shelf.promise("M1", 7, on=2)
    sell("M1")
    take_back("M1")
    take_back("M1")
    assert (shelf.row.on_hand, shelf.row.batched, batches().get().remaining) == (10, 10, 5)
    assert set(BatchUse.objects.values_list("quantity", flat=True)) == {0}
    assert StockMovement.objects.filter(reference="M1", kind="RETURN").count() == 2


def test_more_of_a_known_batch_adds_to_it_and_other_days_are_refused(shelf: Shelf) -> None:
    shelf.receive(5, batch("A", expires=3))
    shelf.receive(5, batch("A", expires=3))
    assert (batches().get().received, batches().get().remaining) == (10, 10)
    with pytest.raises(BatchDiffers) as refusal:
        shelf.receive(5, batch("A", expires=4))
    assert refusal.value.field == "batch_code"
    assert shelf.row.on_hand == 10


@pytest.mark.parametrize("facts", [batch("", expires=3), batch("x" * 41, expires=3), batch("A", produced=4, expires=3)])
def test_a_batch_that_can_not_be_is_refused(shelf: Shelf, facts: actions.BatchFacts) -> None:
    with pytest.raises(InvalidInput):
        shelf.receive(5, facts)
    assert shelf.row.on_hand == 0


def test_promised_goods_are_not_thrown_away(shelf: Shelf) -> None:
    """Ten until the 3rd, five until the 6th; eleven promised for the 2nd: four of either may go, no more."""
    shelf.receive(10, batch("A", expires=3))
    shelf.receive(5, batch("B", expires=6))
    shelf.promise("M1", 11, on=2)
    early, late = batches().order_by("expires_on")
    for lot in (early, late):
        with pytest.raises(StockWouldBreak):
            actions.spoil(**shelf.key, quantity=5, by=ME, reason="Sour", batch_id=lot.pk)
    actions.spoil(**shelf.key, quantity=4, by=ME, reason="Sour", batch_id=early.pk)
    assert (shelf.row.on_hand, shelf.row.batched) == (11, 11)


def test_a_late_promise_guards_the_goods_that_last(shelf: Shelf) -> None:
    shelf.receive(10, batch("A", expires=3))
    shelf.receive(5, batch("B", expires=6))
    shelf.promise("M1", 5, on=5)
    with pytest.raises(StockWouldBreak):
        actions.spoil(**shelf.key, quantity=1, by=ME, reason="Sour", batch_id=batches().get(code="B").pk)
    actions.spoil(**shelf.key, quantity=10, by=ME, reason="Sour", batch_id=batches().get(code="A").pk)
    assert shelf.row.on_hand == 5


def test_taking_away_may_name_the_batch(shelf: Shelf) -> None:
    shelf.receive(10, batch("A", expires=3))
    shelf.receive(10, batch("B", expires=5))
    actions.adjust(**shelf.key, change=-2, by=ME, reason="Broken")
    actions.spoil(**shelf.key, quantity=2, by=ME, reason="Broken")
    actions.set_on_hand(**shelf.key, quantity=8, by=ME, reason="Counted", batch_id=batches().get(code="B").pk)
    assert dict(batches().values_list("code", "remaining")) == {"A": 6, "B": 8}
    assert (shelf.row.on_hand, shelf.row.batched) == (14, 14)


def test_a_batch_of_another_shelf_is_not_there(shelf: Shelf, world: World) -> None:
    other = Shelf(world.vendor, world.variants[1])
    other.receive(5, batch("A", expires=3))
    with pytest.raises(NotFound):
        actions.adjust(**shelf.key, change=1, by=ME, reason="Found", batch_id=batches().get().pk)


def test_a_batch_never_holds_more_than_came_in(shelf: Shelf) -> None:
    shelf.receive(5, batch("A", expires=3))
    with pytest.raises(StockWouldBreak, match="had 5 pieces"):
        actions.adjust(**shelf.key, change=1, by=ME, reason="Found", batch_id=batches().get().pk)


# -- what pages show ---------------------------------------------------------------------------------------------------


def _seen(world: World, *, on: int) -> int:
    return availability_at(world.pincode.code, [world.milk.pk], region_id=world.region.pk, on=march(on))[
        world.milk.pk
    ].quantity


def test_pages_show_what_checkout_would_promise(world: World, shelf: Shelf) -> None:
    shelf.receive(10, batch("A", expires=3))
    shelf.receive(5, batch("B", expires=6))
    shelf.promise("M1", 3, on=5)
    assert [_seen(world, on=day) for day in (1, 3, 5, 7)] == [shelf.left(on=day) for day in (1, 3, 5, 7)]
    assert [_seen(world, on=day) for day in (1, 3, 5, 7)] == [12, 12, 2, 0]


def test_a_dairy_that_needs_two_days_can_not_serve_tomorrow(world: World) -> None:
    Offer.objects.filter(variant=world.milk).update(lead_time_days=2)
    assert [_seen(world, on=day) for day in (1, 2, 3)] == [0, 0, 50]


def test_lead_time_counts_the_days_of_the_dairys_own_zone(world: World) -> None:
    """At 9 in Bengaluru it is still yesterday evening in Vermont, so the 2nd is two days away there."""
    Offer.objects.filter(variant=world.milk).update(lead_time_days=2)
    world.region.time_zone = "America/New_York"
    world.region.save()
    assert [_seen(world, on=day) for day in (1, 2)] == [0, 50]


def test_a_dairy_that_is_full_on_a_day_counts_as_nothing_then(world: World) -> None:
    Vendor.objects.filter(pk=world.vendor.pk).update(daily_order_limit=2)
    CapacityUseFactory(vendor=world.vendor, date=march(2), orders=2)
    CapacityUseFactory(vendor=world.vendor, date=march(3), orders=1)
    assert [_seen(world, on=day) for day in (2, 3)] == [0, 50]


@pytest.mark.parametrize("change", ["vendor", "offer", "area"])
def test_only_who_delivers_there_counts(world: World, change: str) -> None:
    if change == "vendor":
        Vendor.objects.update(is_active=False)
    elif change == "offer":
        Offer.objects.update(is_active=False)
    else:
        world.vendor.service_areas.all().delete()
    assert _seen(world, on=2) == 0


def test_the_best_single_dairy_counts_and_not_the_sum(world: World) -> None:
    actions.set_on_hand(vendor_id=world.vendor.pk, variant_id=world.milk.pk, quantity=7, by=ME, reason="Counted")
    other = VendorFactory(region=world.region)
    ServiceAreaFactory(vendor=other, pincode=world.pincode)
    OfferFactory(vendor=other, variant=world.milk)
    StockFactory(vendor=other, variant=world.milk, on_hand=9)
    found = availability_at(world.pincode.code, [world.milk.pk], region_id=world.region.pk, on=march(2))[world.milk.pk]
    assert (found.quantity, found.state) == (9, "LOW")


def test_availability_takes_one_query(world: World, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        availability_at(
            world.pincode.code, [variant.pk for variant in world.variants], region_id=world.region.pk, on=march(2)
        )
