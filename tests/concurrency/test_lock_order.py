"""Shelves are locked by primary key, whoever locks them: two who need the same ones wait and never deadlock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from inventory import actions as stock
from inventory.queries import shelves_of_order
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from orders import actions
from orders.actions import failover
from orders.actions.parts import share_out
from orders.models import Order
from tests.cart.shopping import buy, next_day
from tests.concurrency.threads import in_threads
from tests.factories.inventory import milk_comes
from tests.factories.vendors import VendorFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, assert_books_agree, lines_of, only_line, shares
from tests.orders.test_failover import work
from vendors.actions import deactivate_vendor, lock_capacity
from vendors.models import CapacityUse, Vendor

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
DAIRY, STAFF = Actor.user(901, Role.VENDOR), Actor.system("tests")
Pair = tuple[int, int]


def at_now(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with clock.override(NOW):
            work()

    return run


def bought(world: World, *items: Any) -> Order:
    with clock.override(NOW):
        return buy(world, *items).order


def until_somebody_waits() -> None:
    """Go on once another connection waits for a lock, or after two seconds."""
    waits = threading.Event()
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        waits.wait(0.02)


def with_another_order(
    monkeypatch: pytest.MonkeyPatch, module: Any, step: str, work: Callable[[], object], pairs: list[Pair], order: Order
) -> list[BaseException]:
    """While `work` stands before its `step`, another order's transaction locks these shelves too."""
    stands, original = threading.Event(), getattr(module, step)

    def paused(*args: Any, **kwargs: Any) -> Any:
        if not stands.is_set():
            stands.set()
            until_somebody_waits()
        return original(*args, **kwargs)

    def other() -> None:
        stands.wait(5)
        with transaction.atomic():
            stock.lock_available(pairs, on=order.delivery_date)

    monkeypatch.setattr(module, step, paused)
    return in_threads(at_now(work), at_now(other))


def give_back_the_second_line(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The order holds something on an earlier shelf, too, that the answer is not about."""
    world = small_world()
    another_dairy(world)
    order = bought(world, (world.variants[0], 2), (world.variants[1], 2))
    line = lines_of(order)[1]
    pairs = [(world.vendor.pk, variant.pk) for variant in world.variants[:2]]
    problems = with_another_order(
        monkeypatch,
        failover,
        "share_out",
        lambda: actions.reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=DAIRY),
        pairs,
        order,
    )
    if not problems:
        assert_books_agree([order])
    return problems


def test_with_only_the_answered_shelves_locked_a_failover_and_an_order_deadlock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failover, "shelves_of_order", lambda _reference: {})
    assert "deadlock" in str(give_back_the_second_line(monkeypatch))


def test_a_failover_and_an_order_for_the_same_shelves_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert give_back_the_second_line(monkeypatch) == []


def test_a_cancelled_order_locks_every_shelf_it_had_to_do_with_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its milk never came in, so another dairy brought it: two shelves, one of which it left nothing on."""
    world = small_world(on_hand=0)
    milk: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    with clock.override(NOW):
        day = next_day(world.region)
        stock.plan_supply(**milk, on=day, quantity=10, by=STAFF)
        order = bought(world)
        second = another_dairy(world, world.milk)
        milk_comes(0, on=day, **milk)
        actions.fill_what_is_missing(order.pk, **milk, by=STAFF)
        actions.pack_order(order.pk, by=STAFF)
    assert shares(order) == [(second.name, 2, "PACKED")]
    pairs = [(world.vendor.pk, world.milk.pk), (second.pk, world.milk.pk)]
    assert sorted(shelves_of_order(order.number).values()) == sorted(pairs)
    problems = with_another_order(
        monkeypatch,
        stock,
        "release",
        lambda: actions.cancel_order(order.pk, by=STAFF, reason="called"),
        pairs,
        order,
    )
    assert problems == []
    assert_books_agree([order])


# -- a dairy that stops while it is being chosen -----------------------------------------------------------------------


def test_a_dairy_that_stops_while_it_takes_over_loses_no_work(
    monkeypatch: pytest.MonkeyPatch, drain: Callable[[], int]
) -> None:
    """Its open work was gone through before the work that it was just given could be seen."""
    world = small_world()
    second, third = another_dairy(world, rating="4.50"), another_dairy(world, rating="3.00")
    order = bought(world)
    drain()

    def stops_now() -> None:
        with clock.override(NOW):
            deactivate_vendor(second.pk, by=STAFF)
            work(drain)

    def stops_meanwhile(*args: Any, **kwargs: Any) -> Any:
        if Vendor.objects.get(pk=second.pk).is_active:
            assert in_threads(stops_now) == []
        return share_out(*args, **kwargs)

    monkeypatch.setattr(failover, "share_out", stops_meanwhile)
    with clock.override(NOW):
        actions.reject_lines(world.vendor.pk, [only_line(order).pk], reason="CLOSED", by=DAIRY)
        assert shares(order) == [(second.name, 2, "ASSIGNED")]
        work(drain)
    assert shares(order) == [(third.name, 2, "ASSIGNED")]
    assert_books_agree([order])


Lock = Callable[..., object]
A_DAY = date(2026, 2, 1)


def lock_before_making(vendor_ids: list[int], *, on: date) -> None:
    """The other way round: lock the rows that are there, make those that are missing, lock these too."""
    known = {use.vendor_id for use in CapacityUse.objects.locked(vendor_ids=vendor_ids, date=on)}
    missing = [CapacityUse(vendor_id=vendor_id, date=on) for vendor_id in vendor_ids if vendor_id not in known]
    CapacityUse.objects.bulk_create(missing, ignore_conflicts=True)
    list(CapacityUse.objects.locked(vendor_ids=vendor_ids, date=on))


def three_orders(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """On a day's first rows: one order finds none of two, another makes the later one, a third finds only that."""
    first, later = sorted(VendorFactory(region=VendorFactory().region).pk for _ in range(2))
    looked, made, looked_later = threading.Event(), threading.Event(), threading.Event()
    create = CapacityUse.objects.bulk_create

    def slow(missing: list[CapacityUse], **options: Any) -> list[CapacityUse]:
        ids = [use.vendor_id for use in missing]
        if ids == [first, later]:
            looked.set()
            looked_later.wait(2)
        elif ids == [first]:
            looked_later.set()
            until_somebody_waits()
        return create(missing, **options)

    def order(vendor_ids: list[int], after: threading.Event | None, then: threading.Event | None = None) -> None:
        if after:
            after.wait(2)
        with transaction.atomic():
            lock(vendor_ids, on=A_DAY)
        if then:
            then.set()

    monkeypatch.setattr(CapacityUse.objects, "bulk_create", slow)
    problems = in_threads(
        lambda: order([first, later], None),
        lambda: order([later], looked, made),
        lambda: order([first, later], made),
    )
    assert looked_later.is_set()
    return problems


def test_locking_a_days_rows_before_making_others_deadlocks(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = three_orders(lock_before_making, monkeypatch)
    assert [type(problem) for problem in problems] == [OperationalError]
    assert "deadlock detected" in str(problems[0])


def test_orders_on_a_days_first_rows_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert three_orders(lock_capacity, monkeypatch) == []
    assert CapacityUse.objects.filter(date=A_DAY).count() == 2
