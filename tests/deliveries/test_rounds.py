"""Orders on rounds: as they come, planned, planned again; who drives, and what was there before rounds were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from deliveries.actions import (
    Plan,
    assign_driver,
    mark_picked_up,
    place_loose,
    plan_routes,
    repeat_week,
    save_shift,
    save_vehicle,
    schedule_delivery,
)
from deliveries.actions.shifts import VehicleOfAnotherHub
from deliveries.models import Delivery, Driver, Hub, Route, Shift, Stop, Vehicle
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import Event
from milkdelivery.core.taken import TakenMeanwhile
from orders.actions import pack_order
from tests.concurrency.threads import in_threads
from tests.deliveries.doors import brought, flats, order_at
from tests.factories.deliveries import DriverFactory, HubFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

STAFF = Actor.system("tests")
EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
TOMORROW = date(2026, 1, 31)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


def times() -> list[datetime]:
    """When the doors of the only round are reached, in its order."""
    return [stop.planned_arrival for stop in Stop.objects.in_order() if stop.planned_arrival]


def plan(world: World, *, replan: bool = False) -> Plan:
    return plan_routes(world.hub.pk, on=TOMORROW, slot_id=world.morning.pk, by=STAFF, replan=replan)


def test_an_order_is_on_a_round_at_once(world: World) -> None:
    delivery = brought(world, "1")
    route = Route.objects.get()
    assert (route.driver, route.number, route.status, route.planned_at) == (world.driver, 1, "PLANNED", None)
    assert (delivery.status, delivery.driver, delivery.sequence) == ("ASSIGNED", world.driver, 1)
    assert delivery.stop is not None
    assert delivery.stop.planned_arrival == datetime.fromisoformat("2026-01-31T05:00+05:30")


def test_households_of_one_door_share_a_stop(world: World) -> None:
    DriverFactory(hub=world.hub)
    first, second = brought(world, "1204"), brought(world, "1204")
    assert first.stop_id == second.stop_id
    assert Route.objects.count() == 1


def test_orders_gather_with_whoever_has_least_to_do(world: World) -> None:
    other = DriverFactory(hub=world.hub)
    drops = [brought(world, str(n)) for n in range(4)]
    assert [drop.driver for drop in drops] == [world.driver, other, world.driver, other]


def test_nobody_drives(world: World) -> None:
    Driver.objects.update(is_active=False)
    delivery = brought(world, "1")
    assert (delivery.status, delivery.stop) == ("SCHEDULED", None)
    Driver.objects.update(is_active=True)
    assert place_loose(delivery.pk, by=STAFF).driver == world.driver
    assert place_loose(delivery.pk, by=STAFF).status == "ASSIGNED"
    assert Event.objects.filter(name="delivery.assigned").count() == 1


def test_the_first_plan_orders_doors_and_gives_times(world: World) -> None:
    for flat, east in (("far", 9), ("near", 1), ("middle", 4)):
        brought(world, flat, east=east)
    plan(world)
    route = Route.objects.get()
    assert flats(route) == ["near", "middle", "far"]
    assert route.planned_at is not None
    assert route.planned_metres > 20_000
    assert route.planned_minutes > 60
    assert times() == sorted(times())


def test_a_planned_round_keeps_its_order_and_new_doors_go_where_they_cost_least(world: World) -> None:
    for flat, east in (("near", 1), ("far", 9)):
        brought(world, flat, east=east)
    plan(world)
    before = times()[-1]
    brought(world, "middle", east=5)
    route = Route.objects.get()
    assert flats(route) == ["near", "middle", "far"]
    assert times() == sorted(times())
    assert times()[-1] > before
    plan(world)
    assert flats(route) == ["near", "middle", "far"]


def test_planning_again_changes_only_what_is_asked_for(world: World) -> None:
    for flat, east in (("west", -9), ("east", 9), ("west too", -8), ("east too", 8)):
        brought(world, flat, east=east)
    plan(world)
    other = DriverFactory(hub=world.hub)
    plan(world)
    assert Route.objects.count() == 1
    plan(world, replan=True)
    assert {frozenset(flats(route)) for route in Route.objects.all()} == {
        frozenset({"west", "west too"}),
        frozenset({"east", "east too"}),
    }
    assert Delivery.objects.filter(stop__route__driver=other).count() == 2


def test_a_locked_round_stays_as_it_is(world: World) -> None:
    brought(world, "1", east=1)
    plan(world)
    Route.objects.update(is_locked=True)
    other = DriverFactory(hub=world.hub)
    late = brought(world, "2", east=1)
    assert late.driver == other
    plan(world, replan=True)
    assert flats(Route.objects.get(driver=world.driver)) == ["1"]


def test_a_driver_who_is_ill_gives_the_round_to_others(world: World) -> None:
    other = DriverFactory(hub=world.hub)
    save_shift(Shift(driver=other, date=TOMORROW, slot=world.morning, is_absent=True), by=STAFF)
    drops = [brought(world, str(n), east=n) for n in range(3)]
    assert {drop.driver for drop in drops} == {world.driver}
    plan(world)
    Shift.objects.all().delete()
    save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.morning, is_absent=True), by=STAFF)
    plan(world)
    assert Route.objects.get().driver == other
    assert Delivery.objects.filter(stop__route__driver=other, status="ASSIGNED").count() == 3


def test_where_all_are_ill_the_milk_waits_for_somebody(world: World) -> None:
    brought(world, "1")
    plan(world)
    save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.morning, is_absent=True), by=STAFF)
    done = plan(world)
    assert done.left_over == 1
    assert (Delivery.objects.get().status, Delivery.objects.get().stop) == ("SCHEDULED", None)
    assert not Route.objects.exists()


def test_who_has_a_shift_drives_and_nobody_else(world: World) -> None:
    other = DriverFactory(hub=world.hub)
    van = save_vehicle(Vehicle(hub=world.hub, plate=" ka 01  ab 1 ", crates=2), by=STAFF)
    assert van.plate == "KA 01 AB 1"
    save_shift(Shift(driver=other, date=TOMORROW, slot=world.morning, vehicle=van), by=STAFF)
    assert {brought(world, str(n)).driver for n in range(2)} == {other}
    assert Route.objects.get().vehicle == van


def test_what_a_van_carries_is_heeded(world: World) -> None:
    other = DriverFactory(hub=world.hub)
    van = Vehicle.objects.create(hub=world.hub, plate="KA1", crates=1)
    save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.morning, vehicle=van), by=STAFF)
    save_shift(Shift(driver=other, date=TOMORROW, slot=world.morning), by=STAFF)
    for n in range(4):
        schedule_delivery(order_at(world, str(n), east=1 + n, quantity=12), by=STAFF)
    plan(world, replan=True)
    assert [len(flats(route)) for route in Route.objects.order_by("driver")] == [1, 3]
    brought(world, "5", east=1, quantity=12)
    assert len(flats(Route.objects.get(driver=other))) == 4


def test_shifts_are_agreed_once(world: World) -> None:
    save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.morning), by=STAFF)
    with pytest.raises(TakenMeanwhile):
        save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.morning), by=STAFF)
    far_away = Vehicle.objects.create(hub=HubFactory(), plate="KA9", crates=9)
    with pytest.raises(VehicleOfAnotherHub):
        save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.evening, vehicle=far_away), by=STAFF)


def test_a_week_is_repeated(world: World) -> None:
    other = DriverFactory(hub=world.hub)
    save_shift(Shift(driver=world.driver, date=TOMORROW, slot=world.morning), by=STAFF)
    save_shift(Shift(driver=other, date=TOMORROW, slot=world.morning, is_absent=True), by=STAFF)
    assert repeat_week(world.hub.pk, first=TOMORROW, weeks=2, by=STAFF) == 2
    assert repeat_week(world.hub.pk, first=TOMORROW, weeks=2, by=STAFF) == 0
    assert sorted(Shift.objects.filter(is_absent=False).values_list("date", flat=True)) == [
        date(2026, 1, 31),
        date(2026, 2, 7),
        date(2026, 2, 14),
    ]


def test_a_delivery_moves_to_another_drivers_round(world: World) -> None:
    first, second = brought(world, "1", east=1), brought(world, "2", east=2)
    other = DriverFactory(hub=world.hub)
    assert assign_driver(first.pk, driver_id=other.pk, by=STAFF).driver == other
    assert flats(Route.objects.get(driver=world.driver)) == ["2"]
    second.refresh_from_db()
    assert second.sequence == 1
    with pytest.raises(NotFound):
        assign_driver(first.pk, driver_id=DriverFactory().pk, by=STAFF)
    Route.objects.filter(driver=world.driver).update(status="STARTED")
    assert assign_driver(first.pk, driver_id=world.driver.pk, by=STAFF).driver == world.driver
    assert flats(Route.objects.get(driver=world.driver)) == ["2", "1"], "its driver comes back for it"
    assign_driver(first.pk, driver_id=other.pk, by=STAFF)
    Route.objects.filter(driver=world.driver).update(status="CLOSED")
    again = assign_driver(first.pk, driver_id=world.driver.pk, by=STAFF)
    assert (again.driver, again.sequence) == (world.driver, 1), "who is back goes out again"
    assert sorted(Route.objects.filter(driver=world.driver).values_list("status", flat=True)) == ["CLOSED", "PLANNED"]


def test_a_round_that_is_being_loaded_is_not_planned_anew(world: World, at: Callable[[str], datetime]) -> None:
    drops = [brought(world, str(n), east=n) for n in (5, 1)]
    at(DAWN)
    pack_order(drops[0].order_id, by=STAFF)
    mark_picked_up(drops[0].pk, by=STAFF)
    before = flats(Route.objects.get())
    plan(world, replan=True)
    assert flats(Route.objects.get()) == before


@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_make_one_round_with_two_stops(world: World) -> None:
    orders = [order_at(world, str(n), east=n) for n in range(4)]
    assert in_threads(*[lambda order=order: schedule_delivery(order, by=STAFF) for order in orders]) == []
    route = Route.objects.get()
    assert sorted(flats(route)) == ["0", "1", "2", "3"]
    assert list(Stop.objects.in_order().values_list("sequence", flat=True)) == [1, 2, 3, 4]


def test_the_database_holds_the_rules(world: World) -> None:
    delivery = brought(world, "1")
    route = Route.objects.get()
    with pytest.raises(IntegrityError, match="delivery_under_way_has_stop"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(stop=None, status="PICKED_UP")
    with pytest.raises(IntegrityError, match="route_one_open_per_driver"), transaction.atomic():
        Route.objects.create(
            hub=world.hub, date=route.date, slot=route.slot, number=2, driver=route.driver, created_at=route.created_at
        )
    with pytest.raises(IntegrityError, match="route_on_the_road_has_driver"), transaction.atomic():
        Route.objects.update(driver=None, status="STARTED")


def test_scheduling_asks_the_same_however_long_the_round(
    world: World, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for n in range(12):
        brought(world, str(n), east=n)
    plan(world)
    late = order_at(world, "late", east=3)
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        schedule_delivery(late, by=STAFF)


def test_the_command_plans_a_day(world: World) -> None:
    brought(world, "1", east=1)
    told = StringIO()
    call_command("plan_routes", date=TOMORROW, stdout=told)
    assert told.getvalue().splitlines() == [
        f"{world.hub} Morning: 1 rounds, 1 stops",
        f"{world.hub} Evening: 0 rounds, 0 stops",
    ]
    with pytest.raises(CommandError, match="no active hub Nowhere"):
        call_command("plan_routes", date=TOMORROW, hub="Nowhere")


def test_what_was_there_before_rounds_is_carried_over(world: World) -> None:
    drops = [brought(world, flat) for flat in ("1", "2", "1", "4")]
    Delivery.objects.update(stop=None)
    Route.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE deliveries_delivery SET driver_id = %s", [world.driver.pk])
        cursor.execute("UPDATE deliveries_delivery SET sequence = 1 WHERE id = %s", [drops[3].pk])
    migration = import_module("deliveries.migrations.0003_carry_deliveries_to_rounds")
    for _ in range(2):
        migration.carry_over(None, type("Editor", (), {"connection": connection}))
    route = Route.objects.get()
    assert (route.driver, route.status, route.hub) == (world.driver, "PLANNED", Hub.objects.get())
    assert flats(route) == ["4", "1", "2"]
    stops = {drop.pk: Delivery.objects.get(pk=drop.pk).stop for drop in drops}
    assert stops[drops[0].pk] == stops[drops[2].pk]
    shared = schedule_delivery(order_at(world, "2"), by=STAFF)
    assert shared.stop == stops[drops[1].pk], "the words of a door are the same in SQL and in Python"
