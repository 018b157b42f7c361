"""A household's orders and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from deliveries.actions import mark_delivered, mark_picked_up, schedule_delivery
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from orders.models import Order
from tests.factories.orders import confirmed_order, packed_order, placed_order
from tests.factories.world import World
from tests.shop.visitor import Visitor, text_of

SYSTEM = Actor.system("tests")


@pytest.fixture
def order(world: World) -> Order:
    return confirmed_order(customer=world.customer, basket=[(world.milk, 2)], slot=world.morning)


def test_the_page_tells_what_comes_when_and_for_how_much(world: World, household: Visitor, order: Order) -> None:
    schedule_delivery(order, by=SYSTEM)
    response = household.get(f"/orders/{order.number}/")
    page = text_of(response)
    assert "Comes tomorrow, 5–7:30 am" in page
    assert "2 × Toned milk 500 ml" in page
    assert "Items ₹56.00 Delivery ₹20.00 Total ₹76.00" in page
    assert "Friday, 16 January 2026" in page
    assert "Cancel until 10:00 pm" in page
    assert "/track/" in response.content.decode()


def test_anothers_order_is_unknown(world: World, household: Visitor) -> None:
    other = placed_order()
    for path in (f"/orders/{other.number}/", f"/orders/{other.number}/progress/", f"/orders/{other.number}/cancel/"):
        assert household.get(path).status_code == 404
    assert household.post(f"/orders/{other.number}/cancel/", {"why": "mistake"}).status_code == 404
    other.refresh_from_db()
    assert other.status == Order.Status.CREATED


@pytest.mark.parametrize("number", ["MXXXXXX", "m", "x" * 300, "🥛", "claim", "'--"])
def test_numbers_that_are_none(world: World, household: Visitor, number: str) -> None:
    assert household.get(f"/orders/{number}/").status_code == 404


def test_a_stranger_signs_in_first(world: World, order: Order, client: Client) -> None:
    assert client.get(f"/orders/{order.number}/")["Location"] == f"/accounts/login/?next=/orders/{order.number}/"
    assert client.get("/orders/")["Location"] == "/accounts/login/?next=/orders/"


def test_cancelling_asks_why_and_gives_the_stock_back(world: World, household: Visitor, order: Order) -> None:
    path = f"/orders/{order.number}/cancel/"
    assert "Cancel this order?" in text_of(household.get(path))
    refused = household.post(path, {"note": "Sorry"})
    assert refused.status_code == 422
    assert "Tell us why" in text_of(refused)
    assert "Sorry" in refused.content.decode()
    assert household.post(path, {"why": "other", "note": "We travel"})["Location"] == f"/orders/{order.number}/"
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELLED
    assert order.status_changes.latest("pk").reason == "other: We travel"
    assert Stock.objects.get(variant=world.milk).reserved == 0
    page = text_of(household.get(f"/orders/{order.number}/"))
    assert "This order is cancelled Nothing is charged." in page


def test_after_the_cut_off_a_household_can_not_cancel(
    world: World, household: Visitor, order: Order, at: Callable[[str], datetime]
) -> None:
    at("2026-01-15T22:00+05:30")
    path = f"/orders/{order.number}/cancel/"
    assert household.get(path).status_code == 302
    household.post(path, {"why": "mistake"})
    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    page = text_of(household.get(f"/orders/{order.number}/"))
    assert "The time to change this order has passed." in page
    assert "Cancel order" not in page


def test_the_live_part_is_asked_for_while_something_can_happen(world: World, household: Visitor) -> None:
    order = packed_order(customer=world.customer, basket=[(world.milk, 1)], slot=world.morning)
    delivery = schedule_delivery(order, by=SYSTEM)
    path = f"/orders/{order.number}/progress/"
    first = household.get(path)
    assert "every 20s" in first.content.decode()
    assert household.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    with clock.override(clock.now() + timedelta(days=2)):  # on its day
        mark_picked_up(delivery.pk, by=SYSTEM)
    moved = household.get(path, headers={"If-None-Match": first["ETag"]})
    assert moved.status_code == 200
    assert "It is on its way" in text_of(moved)
    mark_delivered(delivery.pk, by=SYSTEM)
    there = household.get(path)
    assert "It is at your door" in text_of(there)
    assert "hx-get" not in there.content.decode()


def test_orders_are_turned_over_without_counting(world: World, household: Visitor) -> None:
    orders = [placed_order(customer=world.customer, basket=[(world.milk, 1)]) for _ in range(23)]
    newest, oldest = orders[-1].number, orders[0].number
    first = household.get("/orders/")
    assert newest in text_of(first)
    assert oldest not in text_of(first)
    older = household.get(f"/orders/?before={orders[3].number}")
    assert oldest in text_of(older)
    assert newest not in text_of(older)


@pytest.mark.parametrize("before", ["x" * 5000, "'", "🥛", "M000000"])
def test_a_marker_that_makes_no_sense(world: World, household: Visitor, order: Order, before: str) -> None:
    assert household.get("/orders/", data={"before": before}).status_code == 200


def test_another_persons_number_is_no_marker(world: World, household: Visitor, order: Order) -> None:
    other = placed_order()
    assert order.number not in text_of(household.get(f"/orders/?before={other.number}"))
