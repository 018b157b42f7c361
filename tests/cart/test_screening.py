"""What the screening gathers about an order, in one query."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from cart.actions import Buyer, Destination, place_order
from cart.actions.screening import fraud_facts
from milkdelivery.core.actors import Actor, RequestFacts
from milkdelivery.core.web import facts_of
from orders.models import Order
from tests.cart.shopping import DOOR, buy, filled_cart, purchase
from tests.factories.promotions import PromotionFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def guest(number: int) -> Buyer:
    return Buyer(name=f"Guest {'ABCDE'[number]}", email=f"guest{number}@example.com")


def known(order: Order) -> Any:
    return fraud_facts(Order.objects.select_related("customer", "region").get(pk=order.pk))


def test_orders_to_one_door_are_counted_whoever_places_them(world: World) -> None:
    orders = [buy(world, buyer=guest(n)).order for n in range(3)]
    assert len({order.customer_id for order in orders}) == 3
    assert known(orders[-1]).orders_of_door == 3
    Order.objects.filter(pk=orders[0].pk).update(placed_at=datetime.fromisoformat("2026-01-30T18:59+05:30"))
    assert known(orders[-1]).orders_of_door == 2


@pytest.mark.parametrize("terms", [{"is_first_order_only": True}, {"per_user_limit": 1}])
def test_an_offer_for_one_that_three_use_at_one_door_is_held(world: World, terms: dict[str, Any]) -> None:
    PromotionFactory(region=world.region, is_automatic=True, **terms)
    orders = [buy(world, buyer=guest(n)).order for n in range(3)]
    assert [order.status for order in orders] == ["CONFIRMED", "CONFIRMED", "ON_HOLD"]
    assert [finding["rule"] for finding in orders[-1].holds.get().findings] == ["SHARED_OFFER"]


def test_an_offer_for_everybody_may_be_used_by_everybody(world: World) -> None:
    PromotionFactory(region=world.region, is_automatic=True)
    orders = [buy(world, buyer=guest(n)).order for n in range(3)]
    assert orders[-1].status == "CONFIRMED"
    assert known(orders[-1]).people_of_offer == 0


def test_one_browser_at_several_doors_is_seen_too(world: World) -> None:
    PromotionFactory(region=world.region, is_automatic=True, is_first_order_only=True)
    by = Actor.guest(RequestFacts(str(uuid.uuid4()), ip="203.0.113.7", device_id=str(uuid.uuid4()), place="US"))
    for n in range(2):
        door = Destination(fields={**DOOR, "flat": f"{n + 1}"})
        wish = replace(purchase(world, buyer=guest(n)), destination=door)
        order = place_order(filled_cart(world).pk, wish, by=by).order
    facts = known(order)
    assert (facts.people_of_offer, facts.orders_of_door) == (2, 1)
    assert (facts.is_new_device, facts.place, facts.home) == (True, "US", "IN")


def test_all_of_it_is_one_query(world: World) -> None:
    PromotionFactory(region=world.region, is_automatic=True, is_first_order_only=True)
    order = Order.objects.select_related("customer", "region").get(pk=buy(world).order.pk)
    with CaptureQueriesContext(connection) as queries:
        fraud_facts(order)
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("proxies", "header", "said", "place"),
    [
        (1, "CF-IPCountry", "us", "US"),
        (1, "CF-IPCountry", "XX", ""),
        (1, "CF-IPCountry", "United States", ""),
        (1, "", "US", ""),
        (0, "CF-IPCountry", "US", ""),
    ],
)
def test_a_country_is_believed_only_from_a_proxy_that_is_trusted(
    settings: Any, proxies: int, header: str, said: str, place: str
) -> None:
    settings.TRUSTED_PROXIES, settings.COUNTRY_HEADER = proxies, header
    assert facts_of(RequestFactory().get("/", headers={"CF-IPCountry": said})).place == place
