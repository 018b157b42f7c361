"""The public page behind a tracking link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core.actors import Actor
from orders.actions import cancel_order, pack_order
from tests.cart.shopping import buy
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def delivery(world: World) -> Delivery:
    return Delivery.objects.select_related("order").get(order=buy(world).order)


def path(delivery: Delivery) -> str:
    return f"/track/{delivery.tracking_token}/"


def test_it_tells_when_and_how_far_and_nothing_of_the_household(
    world: World, delivery: Delivery, client: Client
) -> None:
    page = client.get(path(delivery))
    text = page.content.decode()
    for told in (delivery.order.number, "Saturday, 31 January", "5–7:30 am", "Confirmed with the dairy"):
        assert told in text
    for private in ("Asha", "asha@example.com", "Feet Road", "Toned milk", "76.00", "cash", "560034"):
        assert private not in text
    assert (page["X-Robots-Tag"], page["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")
    assert page["Cache-Control"] == "private, no-cache"
    assert '<meta name="robots" content="noindex, nofollow">' in text


def test_the_drivers_first_name_only_on_the_way(
    world: World, delivery: Delivery, client: Client, at: Callable[[str], datetime]
) -> None:
    world.driver.user.name = "Manjunath Gowda"
    world.driver.user.save()
    assert "Manjunath" not in client.get(path(delivery)).content.decode()
    pack_order(delivery.order_id, by=STAFF)
    at("2026-01-31T04:30+05:30")
    mark_picked_up(delivery.pk, by=STAFF)
    under_way = client.get(path(delivery)).content.decode()
    assert "Manjunath is on the way" in under_way
    assert "Gowda" not in under_way
    mark_delivered(delivery.pk, by=STAFF)
    done = client.get(path(delivery)).content.decode()
    assert "It is at your door" in done
    assert "Manjunath" not in done
    assert "hx-get" not in done, "nothing more to ask for"


def test_a_poll_answers_only_when_something_changed(world: World, delivery: Delivery, client: Client) -> None:
    first = client.get(f"{path(delivery)}live/")
    assert (first.status_code, b"<html" in first.content) == (200, False)
    tag = first["ETag"].strip('"')
    assert rf'hx-headers=\'{{"If-None-Match": "\"{tag}\""}}\''.replace(r"\'", "'") in first.content.decode()
    again = client.get(f"{path(delivery)}live/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    pack_order(delivery.order_id, by=STAFF)
    assert client.get(f"{path(delivery)}live/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_cancelled_delivery_says_so(world: World, delivery: Delivery, client: Client) -> None:
    cancel_order(delivery.order_id, by=STAFF, reason="changed my mind")
    text = client.get(path(delivery)).content.decode()
    assert "This delivery was cancelled" in text
    assert "changed my mind" not in text


@pytest.mark.parametrize("token", ["nope", "x" * 500, "प्र", "%F0%9F%A5%9B"])
def test_an_unknown_link(world: World, client: Client, token: str) -> None:
    for address in (f"/track/{token}/", f"/track/{token}/live/"):
        response = client.get(address)
        assert response.status_code == 404
        assert "text/html" in response["Content-Type"]


def test_four_queries(
    world: World, delivery: Delivery, client: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    for address in (path(delivery), f"{path(delivery)}live/"):
        with django_assert_num_queries(4):  # type: ignore[attr-defined]
            client.get(address)
