"""Answers of dairies at the moment when something else happens to the order. Each race is shown without its lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import transaction

from deliveries.actions import refresh_served_pincodes
from deliveries.models import HubArea
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Pincode
from milkdelivery.core.models.regions import PincodeQuerySet
from orders import actions
from orders.actions import answers, failover, progress
from orders.models import Order, OrderLine, OrderQuerySet, VendorAnswer
from orders.rules.answers import OrderNotOpen
from tests.cart.shopping import buy
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.core import PincodeFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, assert_books_agree, only_line, shares
from vendors.actions import set_day_limit
from vendors.models import CapacityUse, CapacityUseQuerySet, ServiceArea

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
DAIRY, STAFF = Actor.user(901, Role.VENDOR), Actor.system("tests")


def at_now(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with clock.override(NOW):
            work()

    return run


def bought(world: World, **changes: Any) -> Order:
    with clock.override(NOW):
        return buy(world, **changes).order


def unlocked_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(orders: OrderQuerySet, pk: int) -> Order:
        return orders.select_related("slot", "region").get(pk=pk)

    def many(orders: OrderQuerySet, ids: Iterable[int]) -> list[Order]:
        return list(orders.select_related("slot", "region").filter(pk__in=list(ids)).order_by("pk"))

    monkeypatch.setattr(OrderQuerySet, "locked", one)
    monkeypatch.setattr(OrderQuerySet, "locked_many", many)


def slow(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, meeting: Meeting) -> None:
    """Pause before a step: whoever comes there has looked at the order already."""
    step = getattr(module, name)

    def wait_first(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return step(*args, **kwargs)

    monkeypatch.setattr(module, name, wait_first)


# -- accept and cancel -------------------------------------------------------------------------------------------------


def accept_and_cancel(monkeypatch: pytest.MonkeyPatch, world: World, order: Order) -> list[BaseException]:
    meeting = Meeting(2)
    slow(monkeypatch, answers, "answer_lines", meeting)
    slow(monkeypatch, progress, "release_stock", meeting)
    line = only_line(order)
    return in_threads(
        at_now(lambda: actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY)),
        at_now(lambda: actions.cancel_order(order.pk, by=STAFF, reason="called")),
    )


def test_without_the_lock_a_cancelled_order_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    order = bought(world)
    unlocked_orders(monkeypatch)
    assert accept_and_cancel(monkeypatch, world, order) == []
    order.refresh_from_db()
    assert order.status == "CANCELLED"
    assert VendorAnswer.objects.filter(kind="ACCEPTED").exists(), "both looked before either wrote"


def test_accept_or_cancel_is_first_and_the_other_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    order = bought(world)
    problems = accept_and_cancel(monkeypatch, world, order)
    order.refresh_from_db()
    assert order.status == "CANCELLED"
    accepted = VendorAnswer.objects.filter(kind="ACCEPTED").exists()
    assert accepted != any(isinstance(problem, OrderNotOpen) for problem in problems)
    assert_books_agree([order])


# -- reject and pack ---------------------------------------------------------------------------------------------------


def reject_and_pack(monkeypatch: pytest.MonkeyPatch, world: World, order: Order) -> list[BaseException]:
    meeting = Meeting(2)
    slow(monkeypatch, answers, "give_back", meeting)
    slow(monkeypatch, progress, "move", meeting)
    line = only_line(order)
    return in_threads(
        at_now(lambda: actions.reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=DAIRY)),
        at_now(lambda: actions.pack_order(order.pk, by=STAFF)),
    )


def pack_while_a_dairy_rejects(monkeypatch: pytest.MonkeyPatch, world: World, order: Order) -> list[BaseException]:
    """The dairy has looked at the order; before it writes, the order is packed from beginning to end."""
    looked, packed = threading.Event(), threading.Event()
    step = answers.give_back

    def wait_first(*args: Any, **kwargs: Any) -> Any:
        looked.set()
        packed.wait(20)
        return step(*args, **kwargs)

    def pack() -> None:
        looked.wait(20)
        try:
            actions.pack_order(order.pk, by=STAFF)
        finally:
            packed.set()

    monkeypatch.setattr(answers, "give_back", wait_first)
    line = only_line(order)
    return in_threads(
        at_now(lambda: actions.reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=DAIRY)), at_now(pack)
    )


def test_without_the_lock_what_is_packed_is_given_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    another_dairy(world)
    order = bought(world)
    unlocked_orders(monkeypatch)
    monkeypatch.setattr(answers, "_locked", _unlocked_look)
    problems = pack_while_a_dairy_rejects(monkeypatch, world, order)
    order.refresh_from_db()
    assert problems == []
    assert order.status == "PACKED"
    assert VendorAnswer.objects.filter(kind="REJECTED").exists(), "the dairy had looked before it was packed"


def test_reject_or_pack_is_first_and_the_other_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    second = another_dairy(world)
    order = bought(world)
    problems = reject_and_pack(monkeypatch, world, order)
    order.refresh_from_db()
    assert order.status == "PACKED"
    (brings, _pieces, status), *_rest = shares(order)
    assert status == "PACKED"
    gave_back = VendorAnswer.objects.filter(kind="REJECTED").exists()
    assert brings == (second.name if gave_back else world.vendor.name)
    assert gave_back == (problems == [])
    assert_books_agree([order])


# -- two failovers -----------------------------------------------------------------------------------------------------


def reject_twice(monkeypatch: pytest.MonkeyPatch, world: World, order: Order) -> list[BaseException]:
    slow(monkeypatch, answers, "give_back", Meeting(2))
    line = only_line(order)
    reject = at_now(lambda: actions.reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=DAIRY))
    return in_threads(reject, reject)


def test_without_the_lock_two_tabs_give_one_line_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    another_dairy(world)
    order = bought(world)
    unlocked_orders(monkeypatch)
    monkeypatch.setattr(answers, "_locked", _unlocked_look)
    reject_twice(monkeypatch, world, order)
    assert VendorAnswer.objects.filter(kind="REJECTED").count() == 2


def _unlocked_look(_vendor_id: int, line_ids: Iterable[int]) -> tuple[list[Order], list[OrderLine]]:
    lines = list(OrderLine.objects.filter(pk__in=line_ids))
    return list(Order.objects.filter(pk__in={line.order_id for line in lines})), lines


def test_two_tabs_give_one_line_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    second = another_dairy(world)
    order = bought(world)
    assert reject_twice(monkeypatch, world, order) == []
    assert VendorAnswer.objects.filter(kind="REJECTED").count() == 1
    assert shares(order) == [(second.name, 2, "ASSIGNED")]
    assert_books_agree([order])


def two_orders_for_one_place(world: World) -> tuple[Any, list[Order]]:
    second = another_dairy(world)
    orders = [bought(world) for _ in range(2)]
    with clock.override(NOW):
        set_day_limit(second.pk, on=orders[0].delivery_date, order_limit=1, by=STAFF)
    return second, orders


def failovers_at_once(monkeypatch: pytest.MonkeyPatch, world: World, orders: list[Order]) -> list[BaseException]:
    slow(monkeypatch, failover, "share_out", Meeting(2))
    lines = [only_line(order).pk for order in orders]
    return in_threads(
        *(
            at_now(lambda pk=pk: actions.reject_lines(world.vendor.pk, [pk], reason="CLOSED", by=DAIRY))  # type: ignore[misc]
            for pk in lines
        )
    )


def unlocked_capacity(queryset: CapacityUseQuerySet, *, vendor_ids: list[int], date: date) -> CapacityUseQuerySet:
    return queryset.filter(vendor_id__in=vendor_ids, date=date).order_by("pk")


def test_without_the_locks_two_failovers_fight_for_the_last_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement that counts lets one through; the other is thrown away with the dairy's answer."""
    world = small_world()
    _second, orders = two_orders_for_one_place(world)
    monkeypatch.setattr(CapacityUseQuerySet, "locked", unlocked_capacity)
    monkeypatch.setattr("inventory.models.stock.StockQuerySet.locked", _unlocked_stock)
    problems = failovers_at_once(monkeypatch, world, orders)
    assert [getattr(problem, "code", repr(problem)) for problem in problems] == ["vendor_full"]


def _unlocked_stock(queryset: Any, pairs: Iterable[tuple[int, int]]) -> list[Any]:
    pairs = list(pairs)
    return list(
        queryset.filter(vendor_id__in=[v for v, _ in pairs], variant_id__in=[w for _, w in pairs]).order_by("pk")
    )


def test_the_last_place_goes_to_one_failover_and_the_other_order_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    second, orders = two_orders_for_one_place(world)
    assert failovers_at_once(monkeypatch, world, orders) == []
    statuses = sorted(Order.objects.values_list("status", flat=True))
    assert statuses == ["CANCELLED", "CONFIRMED"]
    assert CapacityUse.objects.get(vendor=second).orders == 1
    assert_books_agree(orders)


# -- pincodes that a dairy and a hub come to serve at the same moment --------------------------------------------------


def dairy_and_hub_come(world: World, pincode: Pincode) -> list[BaseException]:
    """The dairy's part is written, and counted while the hub's is counted but not committed yet."""
    counted, go_on = threading.Event(), threading.Event()

    def hub() -> None:
        with transaction.atomic():
            HubArea.objects.create(hub=world.hub, pincode=pincode)
            refresh_served_pincodes(by=STAFF)
            counted.set()
            go_on.wait(2)

    def dairy() -> None:
        counted.wait(10)
        ServiceArea.objects.create(vendor=world.vendor, pincode=pincode)
        refresh_served_pincodes(by=STAFF)
        go_on.set()

    return in_threads(hub, dairy)


def new_pincode(world: World) -> Pincode:
    return PincodeFactory(region=world.region, code="560099")


def test_without_the_lock_a_pincode_that_both_serve_stays_unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    pincode = new_pincode(world)
    monkeypatch.setattr(PincodeQuerySet, "lock_serving", lambda _pincodes: None)
    assert dairy_and_hub_come(world, pincode) == []
    pincode.refresh_from_db()
    assert not pincode.is_served


def test_a_pincode_that_both_serve_is_served() -> None:
    world = small_world()
    pincode = new_pincode(world)
    assert dairy_and_hub_come(world, pincode) == []
    pincode.refresh_from_db()
    assert pincode.is_served
