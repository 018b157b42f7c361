"""A round on paper: in order, with what to collect; what households typed is printed and never run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from deliveries.actions import plan_routes
from deliveries.models import Route
from deliveries.printing import _words, sheet_of
from deliveries.queries import drops_of
from milkdelivery.core.actors import Actor
from orders.models import Order
from tests.deliveries.doors import brought
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

STAFF = Actor.system("tests")


@pytest.fixture
def route(at: Callable[[str], datetime]) -> Route:
    at("2026-01-30T20:00+05:30")
    world: World = small_world()
    for flat, east, packs in (("far", 9, 2), ("near", 1, 3)):
        brought(world, flat, east=east, quantity=packs)
    plan_routes(world.hub.pk, on=date(2026, 1, 31), slot_id=world.morning.pk, by=STAFF)
    return Route.objects.select_related("hub__region", "slot", "driver__user").get()


def test_stops_stand_in_order_with_what_to_hand_over_and_to_load(route: Route) -> None:
    words = _words(route, drops_of(route.pk))
    assert [(row["number"], row["goods"]) for row in words["rows"]] == [
        ("1", ["3 × Toned milk 500 ml"]),
        ("2", ["2 × Toned milk 500 ml"]),
    ]
    assert "near" in words["rows"][0]["door"]
    assert words["load"] == [["Toned milk 500 ml", "5"]]
    assert dict(words["facts"])["Crates"] == "1"
    assert sheet_of(route, drops_of(route.pk)).startswith(b"%PDF-")


@pytest.mark.parametrize("typed", ['#import "/etc/passwd": *', "$x$ \\u{41} <a> @b *c* `e` // f", "आशा राव ₹"])
def test_what_people_type_is_printed_and_never_run(route: Route, typed: str) -> None:
    for order in Order.objects.all():
        order.address = {**order.address, "name": typed, "instructions": typed, "society": typed}
        order.save()
    made = sheet_of(route, drops_of(route.pk))
    assert made.startswith(b"%PDF-")
    assert typed in _words(route, drops_of(route.pk))["rows"][0]["who"]


def test_an_empty_round_is_a_sheet_too(route: Route) -> None:
    assert sheet_of(route, []).startswith(b"%PDF-")


def test_it_costs_the_same_however_long_the_round_is(
    route: Route, django_assert_num_queries: Callable[..., object]
) -> None:
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        _words(route, drops_of(route.pk))
