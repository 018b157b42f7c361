"""The vendor portal: what to bring, by product first, for one's own dairy only."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.test import Client

from cart.actions import Buyer
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from orders.actions import cancel_order, pack_order
from orders.models import OrderLine
from orders.queries import DemandDay, demand_days, demand_on
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorFactory, VendorMemberFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
TOMORROW = date(2026, 1, 31)
STAFF = Actor.system("tests")
PORTAL = "/vendor/"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def member(world: World, client: Client) -> Client:
    """Somebody of the world's dairy, signed in."""
    girija = UserFactory(name="Girija", role=Role.VENDOR)
    client.force_login(VendorMemberFactory(vendor=world.vendor, user=girija).user)
    return client


def words(html: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode()))


def test_totals_come_before_the_orders(world: World, member: Client) -> None:
    milk, curd, _paneer = world.variants
    first = buy(world, (milk, 2), (curd, 1)).order
    second = buy(world, (milk, 3)).order
    text = words(member.get(PORTAL).content)
    assert "Saturday, 31 January" in text
    assert "Pack by Sat 31 Jan, 3:30 am" in text
    assert "5 Toned milk 500 ml" in text
    assert "1 Set curd 400 g" in text
    assert text.index("5 Toned milk") < text.index(first.number)
    assert second.number in text
    for private in ("Asha", "Feet Road", "560034", "₹"):
        assert private not in text


def test_demand_counts_packs_and_what_is_packed(world: World) -> None:
    milk, curd, _paneer = world.variants
    packed = buy(world, (milk, 2), (curd, 1)).order
    buy(world, (milk, 3))
    evening = buy(world, (milk, 4), slot=world.evening).order
    pack_order(packed.pk, by=STAFF)
    assert demand_days(world.vendor.pk, since=date(2026, 1, 30)) == [DemandDay(TOMORROW, packs=10, left=7)]
    morning, later = demand_on(world.vendor.pk, TOMORROW)
    assert [(item.name, item.quantity, item.packed) for item in morning.items] == [
        ("Toned milk", 5, 2),
        ("Set curd", 1, 1),
    ]
    assert [assignment.is_packed for assignment in morning.assignments] == [False, True]
    assert [assignment.order for assignment in later.assignments] == [evening]
    assert not morning.is_packed


def test_cancelled_and_rejected_lines_are_no_demand(world: World) -> None:
    cancelled, rejected = buy(world).order, buy(world).order
    cancel_order(cancelled.pk, by=STAFF, reason="changed my mind")
    OrderLine.objects.filter(order=rejected).update(status=OrderLine.Status.REJECTED)
    assert demand_days(world.vendor.pk, since=TOMORROW) == []
    assert demand_on(world.vendor.pk, TOMORROW) == []


def test_another_dairys_orders_are_not_shown(world: World, client: Client) -> None:
    order = buy(world).order
    client.force_login(VendorMemberFactory(vendor=VendorFactory(), user=UserFactory(role=Role.VENDOR)).user)
    for address in (PORTAL, f"{PORTAL}?day=2026-01-31"):
        text = words(client.get(address).content)
        assert order.number not in text
        assert "Nothing to bring" in text


def test_the_first_day_with_something_left_comes_first(
    world: World, member: Client, at: Callable[[str], datetime]
) -> None:
    packed = buy(world).order
    pack_order(packed.pk, by=STAFF)
    assert packed.number in words(member.get(PORTAL).content), "nothing left: the first day there is"
    at("2026-01-30T22:30+05:30")
    left = buy(world).order
    text = words(member.get(PORTAL).content)
    assert left.number in text
    assert packed.number not in text
    assert packed.number in words(member.get(f"{PORTAL}?day=2026-01-31").content)


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-31", "", "2026-01-31T00:00", "२०२६-०१-३१"])
def test_nonsense_in_the_address_shows_the_next_day(world: World, member: Client, day: str) -> None:
    order = buy(world).order
    response = member.get(PORTAL, {"day": day})
    assert response.status_code == 200
    assert order.number in words(response.content)


def test_the_same_number_of_queries_for_any_demand(
    world: World, member: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    buy(world)
    with django_assert_num_queries(9):  # type: ignore[attr-defined]
        member.get(PORTAL)
    for number in range(8):
        buy(
            world,
            *((variant, 1) for variant in world.variants),
            buyer=Buyer(name="Asha", email=f"a{number}@example.com"),
        )
    with django_assert_num_queries(9):  # type: ignore[attr-defined]
        member.get(PORTAL)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.DRIVER, Role.MANAGER, Role.ADMIN])
def test_others_are_told_that_it_is_not_theirs(world: World, client: Client, role: Role) -> None:
    user = UserFactory(role=role)
    client.force_login(user)
    response = client.get(PORTAL)
    assert response.status_code == 403
    assert "This door is not yours" in words(response.content)
    refusal = Event.objects.get(name="access.denied")
    assert (refusal.data["user_id"], refusal.data["route"]) == (user.pk, "vendor/")


def test_a_guest_signs_in_first(world: World, client: Client) -> None:
    response = client.get(PORTAL)
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/vendor/")


def test_a_vendor_without_a_dairy_is_told_so(world: World, client: Client) -> None:
    client.force_login(UserFactory(role=Role.VENDOR))
    assert "No dairy yet" in words(client.get(PORTAL).content)
