"""The last of something, wanted by several at once. Each race is shown first with its lock off, then with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from cart.actions import place_order, run_checkout
from cart.models import Cart, Checkout
from inventory import actions as stock_actions
from inventory.actions import ledger, promises
from inventory.models import Stock, StockMovement, StockQuerySet
from inventory.rules import OutOfStock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from orders.actions import assignment
from orders.models import Order, OrderLine
from tests.cart.shopping import GUEST, filled_cart, purchase
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.inventory import StockFactory
from tests.factories.vendors import OfferFactory, ServiceAreaFactory, VendorFactory
from tests.factories.world import World, small_world
from vendors.models import CapacityUse, CapacityUseQuerySet
from vendors.rules import choose_all

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
ME = Actor.system("tests")
DAY = date(2026, 1, 31)


def unlocked_stock(queryset: StockQuerySet, pairs: Sequence[tuple[int, int]]) -> list[Stock]:
    return list(
        queryset.filter(vendor_id__in=[v for v, _ in pairs], variant_id__in=[w for _, w in pairs]).order_by("pk")
    )


def reserve_last(world: World, reference: str, meeting: Meeting) -> Callable[[], None]:
    """Promise the last bottle to an order, pausing between the look and the write."""

    def work() -> None:
        with transaction.atomic():
            pairs = [(world.vendor.pk, world.milk.pk)]
            before = stock_actions.lock_available(pairs, on=DAY)[pairs[0]]
            meeting.wait()
            assert before == 1
            stock_actions.reserve({pairs[0]: 1}, on=DAY, reference=reference, by=ME)

    return work


def promised(world: World) -> int:
    """Pieces promised to orders, by the log."""
    moved = StockMovement.objects.filter(stock__variant=world.milk).aggregate(total=Sum("reserved_change"))
    return moved["total"] or 0


def test_without_the_lock_the_last_bottle_is_promised_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(on_hand=1)
    meeting = Meeting(2)
    monkeypatch.setattr(StockQuerySet, "locked", unlocked_stock)
    seen: dict[str, Any] = {}
    apply = ledger.apply

    def slow_apply(*args: Any, **kwargs: Any) -> None:
        meeting.wait()  # both have looked, neither has written
        apply(*args, **kwargs)

    monkeypatch.setattr(promises, "apply", slow_apply)
    look = Meeting(2)
    in_threads(reserve_last(world, "A", look), reserve_last(world, "B", look))
    seen["promised"] = promised(world)
    assert seen["promised"] == 2
    assert Stock.objects.get(variant=world.milk).reserved == 1  # one write was lost: the sums have drifted


def test_last_bottle_is_promised_once() -> None:
    world = small_world(on_hand=1)
    look = Meeting(2)
    problems = in_threads(reserve_last(world, "A", look), reserve_last(world, "B", look))
    assert len(problems) == 1
    assert promised(world) == 1
    assert Stock.objects.get(variant=world.milk).reserved == 1


def order_in_a_thread(world: World, cart: Cart, done: list[Checkout]) -> Callable[[], None]:
    def work() -> None:
        with clock.override(NOW):
            placed = place_order(cart.pk, purchase(world), by=GUEST)
            done.append(run_checkout(placed.pk, by=GUEST))

    return work


def race(world: World, number: int) -> list[Checkout]:
    """`number` households press the button at once."""
    with clock.override(NOW):
        carts = [filled_cart(world, (world.milk, 1)) for _ in range(number)]
    done: list[Checkout] = []
    assert in_threads(*(order_in_a_thread(world, cart, done) for cart in carts)) == []
    return done


def test_eight_checkouts_share_five_bottles() -> None:
    world = small_world(on_hand=5)
    done = race(world, 8)
    with clock.override(NOW):
        done = [run_checkout(checkout.pk, by=GUEST) for checkout in done]
    states = sorted(checkout.state for checkout in done)
    refused = {checkout.failure_code for checkout in done if checkout.state == "FAILED"}
    assert states == ["DONE"] * 5 + ["FAILED"] * 3
    assert refused == {OutOfStock.code}
    assert promised(world) == 5
    assert Order.objects.filter(status="CONFIRMED").count() == 5


def two_dairies() -> World:
    """The better rated dairy has room for one more order, the other for many."""
    world = small_world()
    world.vendor.daily_order_limit, world.vendor.rating = 1, 5
    world.vendor.save()
    other = VendorFactory(region=world.region, rating=1)
    ServiceAreaFactory(vendor=other, pincode=world.pincode)
    OfferFactory(vendor=other, variant=world.milk)
    StockFactory(vendor=other, variant=world.milk, on_hand=100)
    return world


def unlocked_capacity(queryset: CapacityUseQuerySet, *, vendor_ids: list[int], date: date) -> CapacityUseQuerySet:
    return queryset.filter(vendor_id__in=vendor_ids, date=date).order_by("pk")


def vendors_used() -> set[str | None]:
    return set(OrderLine.objects.filter(order__status="CONFIRMED").values_list("vendor__name", flat=True))


def slow_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pause between the look at the dairy's day and the count of the order."""
    meeting = Meeting(2)
    choose = choose_all

    def slow(*args: Any, **kwargs: Any) -> Any:
        choices = choose(*args, **kwargs)
        meeting.wait()
        return choices

    monkeypatch.setattr(assignment, "choose_all", slow)


def test_without_the_locks_two_orders_fight_for_the_dairys_last_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both choose the better dairy; the statement that counts lets one through, and the other household is refused
    although the second dairy would have served it."""
    world = two_dairies()
    CapacityUse.objects.create(vendor=world.vendor, date="2026-01-31")
    CapacityUse.objects.create(
        vendor=VendorFactory._meta.model.objects.exclude(pk=world.vendor.pk).get(), date="2026-01-31"
    )
    monkeypatch.setattr(StockQuerySet, "locked", unlocked_stock)
    monkeypatch.setattr(CapacityUseQuerySet, "locked", unlocked_capacity)
    slow_choice(monkeypatch)
    done = race(world, 2)
    assert sorted(checkout.state for checkout in done) == ["DONE", "FAILED"]
    assert {checkout.failure_code for checkout in done} == {"", "vendor_full"}


def test_dairys_last_place_goes_to_one_and_the_other_is_served_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    world = two_dairies()
    slow_choice(monkeypatch)
    done = race(world, 2)
    assert [checkout.state for checkout in done] == ["DONE", "DONE"]
    assert len(vendors_used()) == 2
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 1
