"""The dispatcher's desk: every button, with and without JavaScript; refusals; calling off; what nobody drives."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from deliveries.actions import plan_routes, save_vehicle
from deliveries.models import Delivery, Route, Shift, Stop, Vehicle
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from tests.deliveries.doors import brought, flats
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world

STAFF = Actor.system("tests")
EVENING = "2026-01-30T20:00+05:30"
TOMORROW = date(2026, 1, 31)
DESK = "/admin/deliveries/route/desk/"


@pytest.fixture
def world(at: Callable[[str], datetime], db: Any) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def desk(world: World) -> str:
    """Two rounds: three doors to the east, two to the west."""
    DriverFactory(hub=world.hub)
    for flat, east, packs in (("e1", 1, 1), ("e2", 2, 1), ("e3", 3, 1), ("w1", -1, 1), ("w2", -2, 2)):
        brought(world, flat, east=east, quantity=packs)
    plan_routes(world.hub.pk, on=TOMORROW, slot_id=world.morning.pk, by=STAFF)
    return f"{DESK}?hub={world.hub.pk}&on={TOMORROW}&slot={world.morning.pk}"


def stop(flat: str) -> Stop:
    return Stop.objects.get(door__startswith=f"{flat},")


def seen(flat: str) -> str:
    found = stop(flat)
    return f"{found.pk}-{found.route_id}-{found.sequence}"


def text(client: Client, url: str = DESK) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def press(client: Client, url: str, do: str, **data: Any) -> Any:
    return client.post(url, {"do": do, **data}, follow=True)


def test_it_opens_on_what_comes_next(desk: str, manager_client: Client) -> None:
    words = text(manager_client)
    for told in ("Saturday, 31 January · Morning", "5 orders · 5 doors · 2 rounds · 5 still to bring", "Round 2"):
        assert told in words
    assert "nobody drives" not in words


def test_doors_are_moved_by_buttons(desk: str, manager_client: Client) -> None:
    east, west = stop("e1").route, stop("w1").route
    press(manager_client, desk, f"shift:{seen('e1')}-{stop('e3').pk}")
    assert flats(east) == ["e2", "e1", "e3"]
    press(manager_client, desk, f"shift:{seen('e1')}-0")
    assert flats(east) == ["e2", "e3", "e1"]
    page = press(manager_client, desk, "move", stop=[seen("e1"), seen("e2")], to=west.pk)
    assert b"2 stops are on round" in page.content
    assert flats(east) == ["e3"]
    press(manager_client, desk, "drop", stop=seen("e3"), to=west.pk, before=stop("w2").pk)
    assert flats(west).index("e3") == flats(west).index("w2") - 1
    assert Event.objects.filter(name="route.planned", actor_kind="user").exists()


def test_htmx_gets_the_desk_with_what_was_done(desk: str, manager_client: Client) -> None:
    done = manager_client.post(desk, {"do": "plan:anew"}, headers={"HX-Request": "true"})
    assert (done.status_code, b"Planned: 5 stops on 2 rounds." in done.content) == (200, True)
    late = manager_client.post(desk, {"do": "move", "stop": "1-2-3", "to": "4"}, headers={"HX-Request": "true"})
    assert (late.status_code, b"There is no such round." in late.content) == (200, True)


def test_who_is_late_is_told(desk: str, manager_client: Client) -> None:
    old = seen("e1")
    press(manager_client, desk, f"shift:{old}-0")
    response = manager_client.post(desk, {"do": "move", "stop": old, "to": stop("w1").route_id})
    assert response.status_code == 409
    assert b"Somebody else changed this round meanwhile" in response.content


def test_a_round_is_given_locked_and_added(desk: str, world: World, manager_client: Client) -> None:
    route, other = stop("e1").route, DriverFactory(hub=world.hub)
    van = save_vehicle(Vehicle(hub=world.hub, plate="KA 01 AB 1", crates=1), by=STAFF)
    was = f"{route.driver_id}-0"
    press(manager_client, desk, f"give:{route.pk}", driver=other.pk, vehicle=van.pk, seen=was)
    route.refresh_from_db()
    assert (route.driver, route.vehicle) == (other, van)
    assert "1 of 1 crates (KA 01 AB 1)" in text(manager_client, desk)
    again = manager_client.post(desk, {"do": f"give:{route.pk}", "driver": "", "vehicle": "", "seen": was})
    assert again.status_code == 409
    for do, locked in (("lock", True), ("unlock", False)):
        press(manager_client, desk, f"{do}:{route.pk}")
        route.refresh_from_db()
        assert route.is_locked is locked
    press(manager_client, desk, "add", driver="", vehicle="")
    assert Route.objects.get(number=3).driver is None


def test_a_driver_is_ill_and_back(desk: str, manager_client: Client) -> None:
    driver = stop("e1").route.driver
    assert driver is not None
    page = press(manager_client, desk, "absent", driver=driver.pk)
    assert "Their stops are shared out" in page.content.decode()
    assert len(flats(stop("w1").route)) == 5
    press(manager_client, desk, f"back:{driver.pk}")
    assert not Shift.objects.exists()


def test_what_nobody_drives_stands_on_top_and_on_the_first_page(
    desk: str, world: World, manager_client: Client
) -> None:
    route = stop("e1").route
    Route.objects.update(status="STARTED")
    late = brought(world, "late", east=1)
    assert "1 order nobody drives" in text(manager_client, desk)
    assert "Orders nobody drives 1" in text(manager_client, "/admin/")
    assert late.order.number in text(manager_client, "/admin/deliveries/delivery/?driven=NOBODY")
    press(manager_client, desk, "take", delivery=late.pk, to=route.pk)
    late.refresh_from_db()
    assert late.driver_id == route.driver_id
    assert "nobody drives" not in text(manager_client, desk)


def test_calling_off_says_what_it_costs_and_asks_why(
    desk: str, world: World, manager_client: Client, drain: Callable[[], None]
) -> None:
    route = stop("w1").route
    question = f"/admin/deliveries/route/{route.pk}/call-off/"
    words = text(manager_client, question)
    assert "Orders 2 Households 2 Worth ₹" in words
    assert manager_client.post(question, {"reason": ""}).status_code == 200
    assert Delivery.objects.exclude(status="ASSIGNED").count() == 0
    page = manager_client.post(question, {"reason": "Van broke down"}, follow=True)
    assert "2 orders are called off." in page.content.decode()
    assert page.redirect_chain[0][0].startswith(DESK)
    route.refresh_from_db()
    assert (route.status, route.call_off_reason) == ("CALLED_OFF", "Van broke down")
    whole = f"{desk}&call-off=1"
    assert "Orders 3 Households 3" in text(manager_client, whole)
    manager_client.post(whole, {"reason": "Storm"})
    drain()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"CANCELLED"}
    assert "still to bring" not in text(manager_client, desk)


def test_an_address_that_names_nothing_shows_what_comes_next(desk: str, manager_client: Client) -> None:
    for query in ("hub=99999999999999999999", "on=2026-13-40", "on=0001-01-01", "slot=x"):
        assert "Saturday, 31 January" in text(manager_client, f"{DESK}?{query}")
    for do in ("", "fly", "move", "shift:1", "give:x", "take"):
        assert manager_client.post(desk, {"do": do}, follow=True).status_code in (200, 404)


def test_without_hubs_it_says_what_to_do(db: Any, manager_client: Client) -> None:
    assert "Rounds start from a hub" in text(manager_client)
