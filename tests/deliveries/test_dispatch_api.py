"""Dispatch by the API: what the desk of the back office does, with the same refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from deliveries.actions import mark_picked_up
from deliveries.models import Delivery, Driver, Route, Stop, Vehicle
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from orders.actions import pack_order
from tests.deliveries.doors import brought, flats
from tests.factories.accounts import UserFactory
from tests.factories.deliveries import DriverFactory, HubFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

STAFF = Actor.system("tests")
TOMORROW = date(2026, 1, 31)
ROUTES = "/api/v1/routes/"


class Desk:
    """A manager's app."""

    def __init__(self, world: World) -> None:
        self.client = Client()
        self.client.force_login(UserFactory(role=Role.MANAGER))
        self.slot: dict[str, Any] = {"hub": world.hub.pk, "date": str(TOMORROW), "slot": "MORNING"}

    def get(self, path: str = "", *, expect: int = 200) -> Any:
        return self._told(self.client.get(f"{ROUTES}{path}"), expect)

    def call(self, method: str, path: str = "", *, key: str = "", expect: int = 200, **body: Any) -> Any:
        headers = {"Idempotency-Key": key or str(uuid4())}
        send = getattr(self.client, method)
        answer = send(f"{ROUTES}{path}", body, content_type="application/json", headers=headers)
        return self._told(answer, expect)

    def _told(self, answer: Any, expect: int) -> Any:
        assert answer.status_code == expect, answer.content
        return answer.json()


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def app(world: World) -> Desk:
    return Desk(world)


@pytest.fixture
def two(world: World, app: Desk) -> tuple[Route, Route]:
    """A round of three doors to the east, and one of two to the west."""
    DriverFactory(hub=world.hub)
    for flat, where, packs in (("e1", 1, 1), ("e2", 2, 1), ("e3", 3, 1), ("w1", -1, 1), ("w2", -2, 2)):
        brought(world, flat, east=where, quantity=packs)
    assert app.call("post", "plan/", **app.slot) == {"routes": 2, "stops": 5, "left_over": 0}
    east, west = sorted(Route.objects.all(), key=lambda route: flats(route)[0])
    return east, west


def stop(flat: str) -> Stop:
    return Stop.objects.get(door__startswith=f"{flat},")


def place(flat: str) -> dict[str, int]:
    found = stop(flat)
    return {"id": found.pk, "route": found.route_id, "sequence": found.sequence}


def test_the_rounds_of_a_slot(
    world: World, app: Desk, two: tuple[Route, Route], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    query = f"?hub={world.hub.pk}&date={TOMORROW}&slot=MORNING"
    with django_assert_max_num_queries(8):
        found = app.get(query)["results"]
    assert {each["id"] for each in found} == {route.pk for route in two}
    assert {(each["status"], each["is_locked"], each["vehicle"]) for each in found} == {("PLANNED", False, None)}
    for empty in (f"{query}&status=CLOSED", f"?date={TOMORROW}&slot=EVENING", f"?hub={HubFactory().pk}"):
        assert app.get(empty)["results"] == []
    one = app.get(f"{two[0].pk}/")
    assert [door["door"].split(",")[0] for door in one["stops"]] == ["e1", "e2", "e3"]
    assert one["stops"][0]["deliveries"][0]["status"] == "ASSIGNED"
    app.get(f"{10**9}/", expect=404)


def test_where_rounds_start_and_who_is_there(
    world: World, app: Desk, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    Vehicle.objects.create(hub=world.hub, plate="KA 01 AB 1", crates=12)
    Driver.objects.create(user=UserFactory(role=Role.DRIVER), hub=world.hub, is_active=False)
    for _more in range(2):
        with django_assert_max_num_queries(8):
            (hub, *_others) = app.client.get("/api/v1/hubs/").json()["results"]
        HubFactory()
    assert (hub["id"], hub["region"]) == (world.hub.pk, "BLR")
    assert [each["id"] for each in hub["drivers"]] == [world.driver.pk]
    assert [each["plate"] for each in hub["vehicles"]] == ["KA 01 AB 1"]


def test_one_round_more_however_often_it_is_sent(world: World, app: Desk, two: tuple[Route, Route]) -> None:
    key = str(uuid4())
    made = [app.call("post", key=key, expect=201, **app.slot) for _twice in range(2)]
    assert made[0] == made[1]
    assert (made[0]["number"], made[0]["driver"], made[0]["stops"]) == (3, None, [])
    answer = app.client.post(ROUTES, app.slot, content_type="application/json")
    assert answer.json()["code"] == "idempotency_key_required"
    busy = app.call("post", expect=422, **app.slot, driver=two[0].driver_id)
    assert (busy["code"], list(busy["errors"])) == ("driver_busy", ["driver"])
    app.call("post", expect=404, **{**app.slot, "hub": 10**9})
    app.call("post", expect=400, **{**app.slot, "slot": "NOON"})
    app.call("post", expect=422, **{**app.slot, "date": "2026-01-29"})
    Route.objects.filter(pk=two[0].pk).update(status="CLOSED")
    again = app.call("post", expect=201, **app.slot, driver=two[0].driver_id)
    assert again["driver"]["id"] == two[0].driver_id


def test_doors_are_put_in_order_and_brought_elsewhere(app: Desk, two: tuple[Route, Route]) -> None:
    east, west = two
    wanted = [stop(flat).pk for flat in ("e3", "e1", "e2")]
    told = Event.objects.filter(name="route.planned").count()
    for _twice in range(2):
        assert [each["id"] for each in app.call("put", f"{east.pk}/stops/", stops=wanted)["stops"]] == wanted
    assert flats(east) == ["e3", "e1", "e2"]
    assert Event.objects.filter(name="route.planned").count() == told + 1
    for wrong in (wanted[:2], [*wanted, stop("w1").pk], [wanted[0], *wanted]):
        assert app.call("put", f"{east.pk}/stops/", stops=wrong, expect=409)["code"] == "changed_meanwhile"
    seen = [place("e1"), place("e2")]
    app.call("post", f"{west.pk}/stops/", stops=seen, before=stop("w2").pk)
    at = flats(west).index("w2")
    assert flats(west)[at - 2 : at] == ["e1", "e2"]
    late = app.call("post", f"{west.pk}/stops/", stops=seen, before=None, expect=409)
    assert late["code"] == "changed_meanwhile"
    app.call("post", f"{west.pk}/stops/", stops=[place("e1")], before=None)
    assert flats(west)[-1] == "e1"
    app.call("post", f"{west.pk}/stops/", stops=[], expect=400)


def test_another_driver_and_vehicle_and_a_lock(world: World, app: Desk, two: tuple[Route, Route]) -> None:
    east, west = two
    other = DriverFactory(hub=world.hub)
    van = Vehicle.objects.create(hub=world.hub, plate="KA 01 AB 1", crates=12)
    given = app.call("patch", f"{east.pk}/", driver=other.pk, is_locked=True)
    assert (given["driver"]["id"], given["vehicle"], given["is_locked"]) == (other.pk, None, True)
    given = app.call("patch", f"{east.pk}/", vehicle=van.pk)
    assert (given["driver"]["id"], given["vehicle"]["name"]) == (other.pk, "KA 01 AB 1"), "what is not sent stays"
    seen = {"driver": east.driver_id, "vehicle": None}
    late = app.call("patch", f"{east.pk}/", driver=None, seen=seen, expect=409)
    assert late["code"] == "changed_meanwhile"
    assert app.call("patch", f"{west.pk}/", driver=other.pk, expect=422)["code"] == "driver_busy"
    app.call("patch", f"{west.pk}/", expect=400)
    app.call("patch", f"{west.pk}/", driver=DriverFactory().pk, expect=404)
    Route.objects.filter(pk=west.pk).update(status="CLOSED")
    assert app.call("patch", f"{west.pk}/", is_locked=True, expect=409)["code"] == "round_over"


def test_a_round_and_a_slot_are_called_off(app: Desk, two: tuple[Route, Route], drain: Callable[[], None]) -> None:
    east, west = two
    app.call("post", f"{east.pk}/call-off/", reason="", expect=400)
    off = app.call("post", f"{east.pk}/call-off/", reason="Van broke down")
    assert (off["status"], off["call_off_reason"]) == ("CALLED_OFF", "Van broke down")
    drain()
    assert Delivery.objects.filter(status="CANCELLED").count() == 3
    key = str(uuid4())
    for _twice in range(2):
        assert app.call("post", "call-off/", key=key, **app.slot, reason="Storm") == {"orders": 2}
    west.refresh_from_db()
    assert west.status == "CALLED_OFF"


def test_what_is_in_a_van_stays_there(app: Desk, two: tuple[Route, Route], at: Callable[[str], datetime]) -> None:
    east, west = two
    delivery = Delivery.objects.get(stop=stop("e1"))
    at("2026-01-31T04:30+05:30")
    pack_order(delivery.order_id, by=STAFF)
    mark_picked_up(delivery.pk, by=STAFF)
    refused = app.call("post", f"{west.pk}/stops/", stops=[place("e1")], expect=409)
    assert refused["code"] == "round_not_at_hub"
    assert app.call("patch", f"{east.pk}/", driver=None, expect=409)["code"] == "round_not_at_hub"
