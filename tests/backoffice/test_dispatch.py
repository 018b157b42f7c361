"""The dispatcher's desk: every button, with and without JavaScript; refusals; calling off; what nobody drives."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from deliveries.actions import (
    lock_route,
    mark_delivered,
    mark_failed,
    mark_picked_up,
    plan_routes,
    save_vehicle,
    start_route,
    take_back,
)
from deliveries.models import Delivery, Route, Shift, Stop, Vehicle
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from orders.actions import cancel_order, pack_order
from payments.actions import issue_invoices, save_seller
from payments.models import Seller
from tests.cart.shopping import buy
from tests.deliveries.doors import brought, flats
from tests.factories.deliveries import DriverFactory, HubFactory
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


# -- what the desk answers for, and what it asks by itself -------------------------------------------------------------


def test_a_desk_changes_nothing_of_another_day(desk: str, world: World, manager_client: Client) -> None:
    route, driver = stop("e1").route, stop("e1").route.driver
    elsewhere = f"{DESK}?hub={world.hub.pk}&on=2026-02-01&slot={world.morning.pk}"
    other_slot = f"{DESK}?hub={world.hub.pk}&on={TOMORROW}&slot={world.evening.pk}"
    far = HubFactory()
    there = f"{DESK}?hub={far.pk}&on={TOMORROW}&slot={world.morning.pk}"
    before = flats(route)
    assert driver is not None
    presses: list[dict[str, Any]] = [
        {"do": f"lock:{route.pk}"},
        {"do": f"give:{route.pk}", "driver": "", "vehicle": "", "seen": f"{driver.pk}-0"},
        {"do": "move", "stop": seen("e1"), "to": route.pk},
        {"do": f"shift:{seen('e1')}-0"},
        {"do": "drop", "stop": seen("e1"), "to": route.pk, "before": ""},
    ]
    for url in (elsewhere, other_slot, there):
        for data in presses:
            answer = manager_client.post(url, data)
            assert (answer.status_code, b"There is no such round." in answer.content) == (404, True), data
    assert manager_client.post(there, {"do": "absent", "driver": driver.pk}).status_code == 404
    route.refresh_from_db()
    assert (route.is_locked, route.driver, flats(route)) == (False, driver, before)
    assert not Shift.objects.exists()


def test_nobody_locks_a_day_that_is_over(
    desk: str, world: World, manager_client: Client, at: Callable[[str], datetime]
) -> None:
    at("2026-02-02T05:00+05:30")
    assert f"lock:{stop('e1').route_id}" not in manager_client.get(desk).content.decode()
    late = manager_client.post(desk, {"do": f"lock:{stop('e1').route_id}"})
    assert (late.status_code, b"This day is over." in late.content) == (409, True)


def test_a_door_at_which_all_was_called_off_is_no_door(
    desk: str, manager_client: Client, drain: Callable[[], None]
) -> None:
    cancel_order(Delivery.objects.get(stop=stop("e1")).order_id, by=STAFF, reason="changed my mind")
    drain()
    words = text(manager_client, desk)
    assert "4 orders · 4 doors · 2 rounds · 4 still to bring" in words
    assert "2 stops · 2 packs" in words


def test_a_round_that_nobody_drives_comes_first(desk: str, manager_client: Client) -> None:
    last = Route.objects.order_by("number").last()
    assert last is not None
    press(manager_client, desk, f"give:{last.pk}", driver="", vehicle="", seen=f"{last.driver_id}-0")
    words = text(manager_client, desk)
    count = len(flats(last))
    assert f"Nobody drives round {last.number}: {count} orders wait on it. Give it to a driver" in words
    assert words.index(f"Round {last.number} · nobody drives it") < words.index("Round 1 ·")


def test_the_open_page_asks_and_is_told_only_what_is_new(
    desk: str, manager_client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    page = manager_client.get(desk).content.decode()
    edition = re.search(r'data-edition="([0-9a-f]{24})"', page)
    assert edition is not None
    tag = f'"{edition[1]}"'
    with django_assert_max_num_queries(16):
        same = manager_client.get(f"{desk}&live=1", headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    lock_route(stop("e1").route_id, is_locked=True, by=STAFF)
    fresh = manager_client.get(f"{desk}&live=1", headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    words = fresh.content.decode()
    assert words.lstrip().startswith('<div id="desk"')
    assert "Locked" in words
    assert "<html" not in words
    again = manager_client.get(f"{desk}&live=1", headers={"If-None-Match": fresh["ETag"]})
    assert again.status_code == 304


# -- taking back what was said at a door -------------------------------------------------------------------------------


@pytest.fixture
def delivered(desk: str, at: Callable[[str], datetime]) -> Delivery:
    """Delivered at dawn, ten minutes ago."""
    return bring(Delivery.objects.get(stop=stop("e1")), at)


def bring(delivery: Delivery, at: Callable[[str], datetime]) -> Delivery:
    at("2026-01-31T05:10+05:30")
    pack_order(delivery.order_id, by=STAFF)
    mark_picked_up(delivery.pk, by=STAFF)
    assert delivery.stop is not None
    start_route(delivery.stop.route_id, by=STAFF)
    mark_delivered(delivery.pk, by=STAFF)
    at("2026-01-31T05:20+05:30")
    return delivery


def page_of(delivery: Delivery, verb: str = "change") -> str:
    return f"/admin/deliveries/delivery/{delivery.pk}/{verb}/"


def test_staff_take_back_what_was_said_at_a_door(delivered: Delivery, manager_client: Client) -> None:
    assert "Take it back" in text(manager_client, page_of(delivered))
    asked = manager_client.get(page_of(delivered, "take-back"))
    assert "31 Jan 2026, 05:10" in asked.content.decode()
    word = asked.context["form"].initial["seen"]
    for reason in ("", "x"):
        refused = manager_client.post(page_of(delivered, "take-back"), {"reason": reason, "seen": word})
        assert refused.status_code == 200
    for _twice in range(2):
        data = {"reason": "Wrong door", "seen": word}
        done = manager_client.post(page_of(delivered, "take-back"), data, follow=True)
        assert "is in the van again" in done.content.decode()
    delivered.refresh_from_db()
    assert (delivered.status, delivered.order.status) == ("IN_TRANSIT", "OUT_FOR_DELIVERY")
    (event,) = Event.objects.filter(name="delivery.undone")
    assert (event.data["reason"], event.actor_kind) == ("Wrong door", "user")
    assert "Take it back" not in text(manager_client, page_of(delivered))


def test_another_word_is_not_taken_back_by_an_old_page(delivered: Delivery, manager_client: Client) -> None:
    old = manager_client.get(page_of(delivered, "take-back")).context["form"].initial["seen"]
    take_back(delivered.pk, by=STAFF)
    mark_failed(delivered.pk, reason="REFUSED", by=STAFF)
    late = manager_client.post(page_of(delivered, "take-back"), {"reason": "Wrong door", "seen": old})
    assert "Something else was said at this door meanwhile." in late.content.decode()
    delivered.refresh_from_db()
    assert delivered.status == "FAILED"


def test_what_an_invoice_came_of_stays(world: World, manager_client: Client, at: Callable[[str], datetime]) -> None:
    delivered = bring(Delivery.objects.get(order=buy(world).order), at)
    names = {"name": "Bhor", "address": "14 Richmond Road", "invoice_series": "BLR", "credit_series": "BLC"}
    save_seller(Seller(region=world.region, **names, invoices_from=TOMORROW), by=STAFF)
    issue_invoices([delivered.order_id])
    word = manager_client.get(page_of(delivered, "take-back")).context["form"].initial["seen"]
    late = manager_client.post(page_of(delivered, "take-back"), {"reason": "Wrong door", "seen": word})
    assert "Give money back on the order’s page." in late.content.decode()
    delivered.refresh_from_db()
    assert delivered.status == "DELIVERED"


def test_nothing_is_taken_back_of_a_round_that_is_over(delivered: Delivery, manager_client: Client) -> None:
    Route.objects.update(status="CLOSED")
    assert "Take it back" not in text(manager_client, page_of(delivered))
    late = manager_client.post(page_of(delivered, "take-back"), {"reason": "Wrong door", "seen": "DELIVERED"})
    assert "This round is over" in late.content.decode()
