"""The driver's page, as far as it is about what can't be handed over and about the round as a whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from deliveries.actions import mark_picked_up
from deliveries.models import Delivery, Driver, FailedAttempt, Route
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from orders.actions import pack_order
from orders.models import Order
from tests.cart.shopping import buy
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
STAFF = Actor.system("tests")
PAGE = "/driver/?on=2026-01-31"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    made = small_world()
    at(DAWN)
    return made


@pytest.fixture
def driver(world: World, client: Client) -> Driver:
    client.force_login(world.driver.user)
    return world.driver


def loaded(world: World) -> Delivery:
    with clock.override(datetime.fromisoformat(EVENING)):
        order = buy(world).order
    pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    return delivery


def test_a_reason_is_one_tap(world: World, driver: Driver, client: Client) -> None:
    delivery = loaded(world)
    page = client.get(PAGE).content.decode()
    assert 'name="reason" value="NOBODY_THERE"' in page
    path = f"/driver/stops/{delivery.pk}/fail/"
    for _ in range(2):
        assert client.post(path, {"reason": "REFUSED"})["Location"] == PAGE
    delivery.refresh_from_db()
    assert (delivery.status, delivery.failure_reason) == ("FAILED", "REFUSED")
    assert Order.objects.get().status == "RETURNED"
    assert FailedAttempt.objects.count() == 1
    assert "1 order to take back in" in text_of(client.get(PAGE))


@pytest.mark.parametrize("reason", ["", "BORED", "refused"])
def test_a_reason_that_is_none_changes_nothing(world: World, driver: Driver, client: Client, reason: str) -> None:
    delivery = loaded(world)
    answer = client.post(f"/driver/stops/{delivery.pk}/fail/", {"reason": reason})
    assert answer.status_code == 422
    assert "Choose why it could not be handed over." in text_of(answer)
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP"


def test_a_round_from_the_gate_to_its_end(world: World, driver: Driver, client: Client) -> None:
    first, second = loaded(world), loaded(world)
    route = Route.objects.get()
    assert "Leave the hub" in text_of(client.get(PAGE))
    assert client.post(f"/driver/rounds/{route.pk}/start/", {"on": "2026-01-31"})["Location"] == PAGE
    page = text_of(client.get(PAGE))
    assert "Leave the hub" not in page
    assert "2 orders were not brought." in page
    client.post(f"/driver/stops/{first.pk}/deliver/", {"cash_collected": "76.00", "empties": "2"})
    client.post(f"/driver/stops/{second.pk}/fail/", {"reason": "DAMAGED"})
    page = text_of(client.get(PAGE))
    for told in ("Close the round", "2 empty bottles", "1 order to take back in", "₹76.00"):
        assert told in page
    client.post(f"/driver/rounds/{route.pk}/close/", {"on": "2026-01-31"})
    page = text_of(client.get(PAGE))
    assert "Round closed: 1 delivered, 1 not handed over, 0 not reached." in page
    assert "Close the round" not in page
    route.refresh_from_db()
    assert route.status == "CLOSED"


@pytest.mark.parametrize("typed", ["-1", "many", "501"])
def test_empties_that_can_not_be(world: World, driver: Driver, client: Client, typed: str) -> None:
    delivery = loaded(world)
    answer = client.post(f"/driver/stops/{delivery.pk}/deliver/", {"cash_collected": "76.00", "empties": typed})
    assert answer.status_code == 422
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP"


def test_another_drivers_round_does_not_exist(world: World, client: Client) -> None:
    delivery = loaded(world)
    client.force_login(DriverFactory(hub=world.hub).user)
    route = Route.objects.get()
    paths = [
        f"/driver/stops/{delivery.pk}/fail/",
        *(f"/driver/rounds/{route.pk}/{verb}/" for verb in ("start", "close")),
    ]
    for path in paths:
        assert client.post(path, {"reason": "REFUSED"}).status_code == 404
    route.refresh_from_db()
    assert route.status == "PLANNED"


def test_a_round_that_was_called_off_says_so(world: World, driver: Driver, client: Client) -> None:
    loaded(world)
    Route.objects.update(status="CALLED_OFF")
    answer = client.post(f"/driver/rounds/{Route.objects.get().pk}/close/", {"on": "2026-01-31"})
    assert answer.status_code == 409
    assert "This round was called off." in text_of(answer)
