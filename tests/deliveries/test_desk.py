"""Rounds changed by hand: moved, given to others, added, locked; a driver who falls ill; what nobody drives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from deliveries.actions import (
    add_route,
    give_delivery,
    give_route,
    lock_route,
    mark_delivered,
    mark_picked_up,
    move_stops,
    place_loose,
    plan_routes,
    report_absent,
    report_back,
    save_shift,
    save_vehicle,
)
from deliveries.models import Delivery, Driver, Route, Shift, Stop, Vehicle
from deliveries.queries import desk_of, next_slot, nobody_drives
from deliveries.rules.status import DriverAbsent, DriverBusy, RoundNotAtHub, RoundOver, StopMoved
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.models import Event
from orders.actions import cancel_order, pack_order
from tests.concurrency.threads import in_threads
from tests.deliveries.doors import brought, flats
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


@pytest.fixture
def two(world: World) -> tuple[Route, Route]:
    """A round of three doors to the east, and one of two to the west."""
    DriverFactory(hub=world.hub)
    for flat, east, packs in (("e1", 1, 1), ("e2", 2, 1), ("e3", 3, 1), ("w1", -1, 1), ("w2", -2, 2)):
        brought(world, flat, east=east, quantity=packs)
    plan(world)
    routes = sorted(Route.objects.all(), key=lambda route: flats(route)[0])
    assert [flats(route) for route in routes] == [["e1", "e2", "e3"], ["w1", "w2"]]
    return routes[0], routes[1]


def plan(world: World) -> None:
    plan_routes(world.hub.pk, on=TOMORROW, slot_id=world.morning.pk, by=STAFF)


def stop(flat: str) -> Stop:
    return Stop.objects.get(door__startswith=f"{flat},")


def place(*stops: Stop) -> dict[int, tuple[int, int]]:
    return {each.pk: (each.route_id, each.sequence) for each in stops}


def take(delivery: Delivery, at: Callable[[str], datetime]) -> None:
    at(DAWN)
    pack_order(delivery.order_id, by=STAFF)
    mark_picked_up(delivery.pk, by=STAFF)


def told(name: str) -> int:
    return Event.objects.filter(name=name).count()


# -- moving stops ------------------------------------------------------------------------------------------------------


def test_a_stop_is_brought_earlier_and_later(two: tuple[Route, Route]) -> None:
    east, _west = two
    move_stops([stop("e3").pk], to_route=east.pk, before=stop("e2").pk, by=STAFF, seen=place(stop("e3")))
    assert flats(east) == ["e1", "e3", "e2"]
    arrivals = [each.planned_arrival for each in Stop.objects.filter(route=east).in_order()]
    assert arrivals == sorted(a for a in arrivals if a)
    move_stops([stop("e1").pk], to_route=east.pk, is_last=True, by=STAFF)
    assert flats(east) == ["e3", "e2", "e1"]
    plan_routes(east.hub_id, on=TOMORROW, slot_id=east.slot_id, by=STAFF)
    assert flats(east) == ["e3", "e2", "e1"], "planning keeps what a hand has done"


def test_a_stop_goes_to_another_round_with_its_driver(two: tuple[Route, Route]) -> None:
    east, west = two
    before = told("delivery.assigned")
    move_stops([stop("e1").pk], to_route=west.pk, by=STAFF)
    assert (flats(east), flats(west)[0]) == (["e2", "e3"], "e1")
    assert [each.sequence for each in Stop.objects.filter(route=east).in_order()] == [1, 2]
    delivery = Delivery.objects.get(stop=stop("e1"))
    assert (delivery.driver_id, delivery.status) == (west.driver_id, "ASSIGNED")
    assert told("delivery.assigned") == before + 1
    move_stops([stop("e2").pk], to_route=west.pk, before=stop("w2").pk, by=STAFF)
    assert flats(west) == ["e1", "w1", "e2", "w2"]


def test_a_door_that_is_on_the_other_round_already_is_shared(world: World, two: tuple[Route, Route]) -> None:
    _east, west = two
    lock_route(west.pk, is_locked=True, by=STAFF)
    brought(world, "w1", east=-1)
    assert Stop.objects.filter(door__startswith="w1,").count() == 2
    twin = Stop.objects.filter(door__startswith="w1,").exclude(route=west).get()
    move_stops([twin.pk], to_route=west.pk, by=STAFF)
    assert flats(west) == ["w1", "w2"]
    assert Delivery.objects.filter(stop=stop("w1")).count() == 2


def test_what_was_called_off_is_not_carried_along(two: tuple[Route, Route], drain: Callable[[], None]) -> None:
    _east, west = two
    gone = Delivery.objects.get(stop=stop("e1"))
    cancel_order(gone.order_id, by=STAFF, reason="changed my mind")
    drain()
    move_stops([stop("e1").pk], to_route=west.pk, by=STAFF)
    gone.refresh_from_db()
    assert (gone.status, gone.stop) == ("CANCELLED", None)


def test_who_is_late_is_told_and_changes_nothing(two: tuple[Route, Route]) -> None:
    east, west = two
    seen = place(stop("e3"))
    move_stops([stop("e1").pk], to_route=east.pk, is_last=True, by=STAFF)
    for target in (east, west):
        with pytest.raises(StopMoved):
            move_stops(list(seen), to_route=target.pk, by=STAFF, seen=seen)
    assert flats(east) == ["e2", "e3", "e1"]
    with pytest.raises(StopMoved):
        move_stops([stop("e1").pk, 10**9], to_route=west.pk, by=STAFF)
    with pytest.raises(StopMoved):
        move_stops([stop("e1").pk], to_route=east.pk, before=stop("w1").pk, by=STAFF)
    with pytest.raises(NotFound):
        move_stops([stop("e1").pk], to_route=10**9, by=STAFF)


def test_what_is_in_the_van_stays_on_its_round_but_can_come_later(
    two: tuple[Route, Route], at: Callable[[str], datetime]
) -> None:
    east, west = two
    take(Delivery.objects.get(stop=stop("e1")), at)
    with pytest.raises(RoundNotAtHub):
        move_stops([stop("e1").pk], to_route=west.pk, by=STAFF)
    move_stops([stop("e1").pk], to_route=east.pk, is_last=True, by=STAFF)
    assert flats(east) == ["e2", "e3", "e1"]
    Route.objects.filter(pk=west.pk).update(status="CLOSED")
    with pytest.raises(RoundOver):
        move_stops([stop("e2").pk], to_route=west.pk, by=STAFF)


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once(two: tuple[Route, Route]) -> None:
    """One wins, the other is told; no number twice, no order lost."""
    east, west = two
    seen = place(stop("e2"))
    refused = in_threads(
        lambda: move_stops(list(seen), to_route=east.pk, is_last=True, by=STAFF, seen=seen),
        lambda: move_stops(list(seen), to_route=west.pk, by=STAFF, seen=seen),
    )
    assert [type(each) for each in refused] == [StopMoved]
    for route in two:
        numbers = list(Stop.objects.filter(route=route).order_by("sequence").values_list("sequence", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
    assert Delivery.objects.filter(stop__route__in=two, status="ASSIGNED").count() == 5


# -- who drives --------------------------------------------------------------------------------------------------------


def test_a_round_goes_to_another_driver(world: World, two: tuple[Route, Route]) -> None:
    east, _west = two
    other = DriverFactory(hub=world.hub)
    van = save_vehicle(Vehicle(hub=world.hub, plate="KA 01 AB 1", crates=2), by=STAFF)
    before = told("delivery.assigned")
    give_route(east.pk, driver_id=other.pk, vehicle_id=van.pk, by=STAFF, seen=(east.driver_id, None))
    assert {d.driver for d in Delivery.objects.filter(stop__route=east)} == {other}
    assert told("delivery.assigned") == before + 3
    give_route(east.pk, driver_id=other.pk, vehicle_id=van.pk, by=STAFF, seen=(east.driver_id, None))
    with pytest.raises(StopMoved):
        give_route(east.pk, driver_id=None, vehicle_id=None, by=STAFF, seen=(east.driver_id, None))
    give_route(east.pk, driver_id=None, vehicle_id=van.pk, by=STAFF)
    assert {d.status for d in Delivery.objects.filter(stop__route=east)} == {"SCHEDULED"}


def test_nobody_and_nothing_drives_twice(world: World, two: tuple[Route, Route]) -> None:
    east, west = two
    van = save_vehicle(Vehicle(hub=world.hub, plate="KA 01 AB 1", crates=2), by=STAFF)
    give_route(west.pk, driver_id=west.driver_id, vehicle_id=van.pk, by=STAFF)
    with pytest.raises(DriverBusy) as busy:
        give_route(east.pk, driver_id=west.driver_id, vehicle_id=None, by=STAFF)
    assert (busy.value.field, f"round {west.number}" in str(busy.value)) == ("driver", True)
    with pytest.raises(DriverBusy):
        give_route(east.pk, driver_id=east.driver_id, vehicle_id=van.pk, by=STAFF)
    with pytest.raises(NotFound):
        give_route(east.pk, driver_id=DriverFactory().pk, vehicle_id=None, by=STAFF)
    far = save_vehicle(Vehicle(hub=HubFactory(), plate="KA 02 X 1", crates=2), by=STAFF)
    with pytest.raises(NotFound):
        give_route(east.pk, driver_id=east.driver_id, vehicle_id=far.pk, by=STAFF)


def test_a_loaded_round_is_given_on_but_never_to_nobody(
    world: World, two: tuple[Route, Route], at: Callable[[str], datetime]
) -> None:
    east, _west = two
    first = Delivery.objects.get(stop=stop("e1"))
    take(first, at)
    with pytest.raises(RoundNotAtHub):
        give_route(east.pk, driver_id=None, vehicle_id=None, by=STAFF)
    other = DriverFactory(hub=world.hub)
    give_route(east.pk, driver_id=other.pk, vehicle_id=None, by=STAFF)
    first.refresh_from_db()
    assert (first.driver, first.status) == (other, "PICKED_UP")
    assert mark_delivered(first.pk, by=STAFF, driver_id=other.pk).status == "DELIVERED"


def test_where_shifts_are_agreed_on_a_driver_who_gets_a_round_gets_a_shift(
    world: World, two: tuple[Route, Route]
) -> None:
    east, west = two
    for route in two:
        save_shift(Shift(driver=route.driver, date=TOMORROW, slot=world.morning), by=STAFF)
    other = DriverFactory(hub=world.hub)
    give_route(east.pk, driver_id=other.pk, vehicle_id=None, by=STAFF)
    plan(world)
    assert flats(Route.objects.get(driver=other)) == ["e1", "e2", "e3"], "planning does not take it away again"
    assert flats(west) == ["w1", "w2"]


def test_a_driver_is_ill_and_back(world: World, two: tuple[Route, Route]) -> None:
    east, west = two
    lock_route(east.pk, is_locked=True, by=STAFF)
    done = report_absent(east.driver_id or 0, on=TOMORROW, slot_id=world.morning.pk, by=STAFF)
    assert done.left_over == 0
    assert sorted(flats(west)) == ["e1", "e2", "e3", "w1", "w2"]
    assert not Route.objects.filter(pk=east.pk).exists()
    assert report_absent(east.driver_id or 0, on=TOMORROW, slot_id=world.morning.pk, by=STAFF).left_over == 0
    assert told("shift.changed") == 1
    with pytest.raises(DriverAbsent):
        give_route(west.pk, driver_id=east.driver_id, vehicle_id=None, by=STAFF)
    report_back(east.driver_id or 0, on=TOMORROW, slot_id=world.morning.pk, by=STAFF)
    assert not Shift.objects.exists(), "a shift would say that nobody else drives"
    give_route(west.pk, driver_id=east.driver_id, vehicle_id=None, by=STAFF)


def test_who_has_loaded_is_not_ill_without_somebody_else_to_drive(
    world: World, two: tuple[Route, Route], at: Callable[[str], datetime]
) -> None:
    east, _west = two
    take(Delivery.objects.get(stop=stop("e1")), at)
    with pytest.raises(RoundNotAtHub):
        report_absent(east.driver_id or 0, on=TOMORROW, slot_id=world.morning.pk, by=STAFF)
    assert not Shift.objects.exists()


def test_who_is_back_goes_out_again_by_hand_only(world: World, two: tuple[Route, Route]) -> None:
    east, west = two
    Route.objects.filter(pk=west.pk).update(status="STARTED")
    Delivery.objects.filter(stop__route=east).update(status="DELIVERED")
    Route.objects.filter(pk=east.pk).update(status="CLOSED")
    late = brought(world, "late", east=1)
    for replan in (False, True):
        plan_routes(world.hub.pk, on=TOMORROW, slot_id=world.morning.pk, by=STAFF, replan=replan)
        late.refresh_from_db()
        assert late.stop is None, "planning sends nobody out again who is home"
    with pytest.raises(DriverBusy):
        add_route(
            world.hub.pk,
            on=TOMORROW,
            slot_id=world.morning.pk,
            driver_id=west.driver_id,
            vehicle_id=None,
            by=STAFF,
        )
    again = add_route(
        world.hub.pk, on=TOMORROW, slot_id=world.morning.pk, driver_id=east.driver_id, vehicle_id=None, by=STAFF
    )
    assert again.number == 3
    assert place_loose(late.pk, by=STAFF).stop.route == again  # type: ignore[union-attr]
    later = brought(world, "later", east=2)
    assert later.driver_id == east.driver_id, "once it is there it takes what comes"
    desk = desk_of(world.hub, on=TOMORROW, slot=world.morning)
    words = {one.driver.pk: one.words for one in desk.drivers}
    assert words[east.driver_id or 0] == "round 3"
    assert flats(east) == ["e1", "e2", "e3"], "what is over stays as it was"


# -- what nobody drives ------------------------------------------------------------------------------------------------


def test_when_all_have_left_one_round_more_takes_what_came_late(world: World, two: tuple[Route, Route]) -> None:
    Route.objects.update(status="STARTED")
    late = brought(world, "late", east=1)
    assert list(nobody_drives()) == [late]
    free = DriverFactory(hub=world.hub)
    route = add_route(world.hub.pk, on=TOMORROW, slot_id=world.morning.pk, driver_id=free.pk, vehicle_id=None, by=STAFF)
    assert route.number == 3
    assert place_loose(late.pk, by=STAFF).driver == free
    assert not nobody_drives().exists()


def test_a_driver_on_the_road_comes_back_for_it(world: World, two: tuple[Route, Route]) -> None:
    east, _west = two
    Route.objects.update(status="STARTED")
    late = brought(world, "late", east=1)
    for _again in range(2):
        delivery = give_delivery(late.pk, route_id=east.pk, by=STAFF)
    assert (delivery.driver, delivery.status) == (east.driver, "ASSIGNED")
    assert flats(east) == ["e1", "e2", "e3", "late"]
    Route.objects.filter(pk=east.pk).update(status="CLOSED")
    with pytest.raises(RoundOver):
        give_delivery(late.pk, route_id=east.pk, by=STAFF)


def test_a_delivery_goes_on_no_round_of_another_slot(world: World, two: tuple[Route, Route]) -> None:
    there = add_route(world.hub.pk, on=TOMORROW, slot_id=world.evening.pk, driver_id=None, vehicle_id=None, by=STAFF)
    delivery = Delivery.objects.get(stop=stop("e1"))
    with pytest.raises(NotFound):
        give_delivery(delivery.pk, route_id=there.pk, by=STAFF)
    with pytest.raises(InvalidInput):
        add_route(
            world.hub.pk, on=date(2026, 1, 29), slot_id=world.morning.pk, driver_id=None, vehicle_id=None, by=STAFF
        )


# -- the desk ----------------------------------------------------------------------------------------------------------


def test_the_desk_tells_how_far_each_round_is(
    world: World, two: tuple[Route, Route], at: Callable[[str], datetime]
) -> None:
    east, _west = two
    first = Delivery.objects.get(stop=stop("e1"))
    take(first, at)
    mark_delivered(first.pk, by=STAFF)
    desk = desk_of(world.hub, on=TOMORROW, slot=world.morning)
    found = next(each for each in desk.rounds if each.route == east)
    assert (found.done, found.whole, found.left, found.packs, found.crates) == (1, 3, 2, 3, 1)
    assert [each.state for each in found.stops] == ["DELIVERED", "OPEN", "OPEN"]
    assert (desk.left, desk.orders, len(desk.loose)) == (4, 5, 0)


def test_it_costs_the_same_however_many_rounds_there_are(
    world: World, two: tuple[Route, Route], django_assert_num_queries: Callable[..., object]
) -> None:
    for _more in range(2):
        with django_assert_num_queries(9):  # type: ignore[attr-defined]
            desk_of(world.hub, on=TOMORROW, slot=world.morning)
        DriverFactory(hub=world.hub)
        for number in range(6):
            brought(world, f"n{number}", north=number)


def test_the_slot_that_is_on_or_comes_next(world: World, at: Callable[[str], datetime]) -> None:
    for now, day, slot in (
        ("2026-01-30T20:00+05:30", 31, world.morning),
        ("2026-01-31T06:00+05:30", 31, world.morning),
        ("2026-01-31T12:00+05:30", 31, world.evening),
    ):
        at(now)
        assert next_slot(world.hub, now=clock.now()) == (date(2026, 1, day), slot)


def test_whose_account_is_closed_gets_no_round(world: World) -> None:
    Driver.objects.update(is_active=False)
    with pytest.raises(NotFound):
        add_route(
            world.hub.pk,
            on=TOMORROW,
            slot_id=world.morning.pk,
            driver_id=world.driver.pk,
            vehicle_id=None,
            by=STAFF,
        )
