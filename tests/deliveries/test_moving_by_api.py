"""Staff move deliveries by the API: to another round or driver, earlier or later, with words for what can't be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from deliveries.actions import mark_picked_up, plan_routes
from deliveries.models import Delivery, Driver, Route
from milkdelivery.core.actors import Actor, Role
from orders.actions import pack_order
from tests.deliveries.doors import brought, flats
from tests.factories.accounts import UserFactory
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def drops(world: World) -> list[Delivery]:
    """Three doors on one round; another driver has none."""
    made = [brought(world, f"e{n}", east=n) for n in (1, 2, 3)]
    plan_routes(world.hub.pk, on=date(2026, 1, 31), slot_id=world.morning.pk, by=STAFF)
    return made


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER))
    return client


def patch(client: Client, delivery: Delivery, **body: Any) -> Any:
    return client.patch(f"/api/v1/deliveries/{delivery.pk}/", body, content_type="application/json")


def test_earlier_and_later(drops: list[Delivery], manager: Client) -> None:
    route = Route.objects.get()
    assert patch(manager, drops[2], stop=1).json()["sequence"] == 1
    assert flats(route) == ["e3", "e1", "e2"]
    assert patch(manager, drops[2], stop=2).json()["sequence"] == 2
    assert patch(manager, drops[2], stop=99).json()["sequence"] == 3
    assert flats(route) == ["e1", "e2", "e3"]


def test_to_another_driver_and_back_to_the_round(world: World, drops: list[Delivery], manager: Client) -> None:
    first, other = Route.objects.get(), DriverFactory(hub=world.hub)
    assert patch(manager, drops[0], driver=other.pk).json()["driver"]["id"] == other.pk
    assert flats(first) == ["e2", "e3"]
    assert patch(manager, drops[0], route=first.pk, stop=1).json()["driver"]["id"] == world.driver.pk
    assert flats(first) == ["e1", "e2", "e3"]


def test_what_can_not_be_is_said(
    world: World, drops: list[Delivery], manager: Client, at: Callable[[str], datetime]
) -> None:
    assert patch(manager, drops[0]).status_code == 400
    assert patch(manager, drops[0], route=1, driver=1).status_code == 400
    assert patch(manager, drops[0], route=10**12).status_code == 404
    other = DriverFactory(hub=world.hub)
    at("2026-01-31T04:30+05:30")
    pack_order(drops[0].order_id, by=STAFF)
    mark_picked_up(drops[0].pk, by=STAFF)
    assert patch(manager, drops[0], driver=other.pk).status_code == 409
    patch(manager, drops[1], driver=other.pk)
    there = Route.objects.get(driver=other)
    refused = patch(manager, drops[0], route=there.pk)
    assert (refused.status_code, refused.json()["code"]) == (409, "round_not_at_hub")
    Driver.objects.update(is_active=False)
    assert patch(manager, drops[2], driver=other.pk).status_code == 404


def test_the_list_is_filtered(world: World, drops: list[Delivery], manager: Client) -> None:
    Driver.objects.update(is_active=False)
    loose = brought(world, "loose", north=1)
    route = Route.objects.get()
    for query, count in (
        (f"route={route.pk}", 3),
        ("without_driver=true", 1),
        ("slot=EVENING", 0),
        (f"order={loose.order.number}", 1),
    ):
        assert len(manager.get(f"/api/v1/deliveries/?{query}").json()["results"]) == count, query
    assert patch(manager, loose, stop=1).json()["code"] == "delivery_without_driver"
