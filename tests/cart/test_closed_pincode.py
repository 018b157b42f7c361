"""A pincode closes while this process still remembers it as served: pages may lag, no order slips through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from cart.actions import place_order
from cart.models import Cart
from cart.rules import CheckoutRefused
from deliveries.models import HubArea
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Pincode
from milkdelivery.core.queries import region_book
from orders.models import Order
from tests.api.calls import purchase as body_of
from tests.cart.shopping import filled_cart, purchase
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

ME = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def close_elsewhere(world: World) -> None:
    """Another process takes the pincode off its hub: nothing tells this one, whose book stays as it was."""
    assert region_book().pincode("560034") is not None
    HubArea.objects.all().delete()
    Pincode.objects.filter(code="560034").update(is_served=False)


def test_nothing_is_ordered_to_it(world: World) -> None:
    cart = filled_cart(world)
    close_elsewhere(world)
    known = region_book().pincode("560034")
    assert known is not None
    assert known.is_served, "this process does not know yet"
    with pytest.raises(CheckoutRefused) as refusal:
        place_order(cart.pk, purchase(world), by=ME)
    assert [problem.code for problem in refusal.value.problems] == ["not_served"]
    assert not Order.objects.exists()
    assert Cart.objects.get(pk=cart.pk).status == Cart.Status.OPEN
    known = region_book().pincode("560034")
    assert known is not None
    assert not known.is_served, "and now it does"


def test_the_api_says_so_at_the_pincode(world: World, client: Client) -> None:
    close_elsewhere(world)
    answer = client.post(
        "/api/v1/orders/", body_of(world), content_type="application/json", headers={"Idempotency-Key": "closing-1"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"]["pincode"] == ["We don't deliver to this pincode yet."]
    assert not Order.objects.exists()


def test_whoever_wants_to_wait_for_it_may(world: World, client: Client) -> None:
    close_elsewhere(world)
    asked = {"pincode": "560034", "contact": "asha@example.com"}
    assert client.post("/waitlist/", asked).status_code in (200, 302)
    assert client.post("/api/v1/waitlist/", asked, content_type="application/json").status_code < 300
