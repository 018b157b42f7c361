"""A dairy without the licence that its law asks for gets no orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.test import Client

from deliveries.actions import refresh_served_pincodes
from inventory.queries import availability_at
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.models import Pincode, Region
from orders.actions import pack_order
from orders.models import Order
from tests.cart.shopping import buy
from tests.factories.accounts import AdminFactory, UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, shares
from vendors.actions import deactivate_vendor, save_vendor
from vendors.models import Vendor
from vendors.queries import vendors_offering, vendors_serving

pytestmark = pytest.mark.django_db

TOMORROW = date(2026, 1, 31)
ME = Actor.system("tests")
MISSING = "FSSAI licence"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def take_licence(vendor: Vendor) -> None:
    """As dairies are that were written down before one was asked for."""
    Vendor.objects.filter(pk=vendor.pk).update(fssai_licence="")
    refresh_served_pincodes(by=ME)


def test_a_working_dairy_keeps_its_licence(world: World) -> None:
    world.vendor.fssai_licence = ""
    with pytest.raises(InvalidInput) as refusal:
        save_vendor(world.vendor, by=ME)
    assert refusal.value.field == "fssai_licence"
    world.vendor.refresh_from_db()
    assert world.vendor.fssai_licence
    deactivate_vendor(world.vendor.pk, by=ME)
    world.vendor.refresh_from_db()
    world.vendor.fssai_licence = ""
    save_vendor(world.vendor, by=ME)


def left(world: World) -> int:
    found = availability_at(world.pincode.code, [world.milk.pk], region_id=world.region.pk, on=TOMORROW)
    return found[world.milk.pk].quantity


def test_its_orders_go_to_a_worse_dairy_that_has_one(world: World) -> None:
    other = another_dairy(world, rating="1.00")
    assert shares(buy(world, (world.milk, 2)).order) == [(world.vendor.name, 2, "ASSIGNED")]
    take_licence(world.vendor)
    assert shares(buy(world, (world.milk, 2)).order) == [(other.name, 2, "ASSIGNED")]


def test_what_it_was_given_before_stays_with_it(world: World) -> None:
    order = buy(world, (world.milk, 2)).order
    take_licence(world.vendor)
    pack_order(order.pk, by=ME)
    assert shares(order) == [(world.vendor.name, 2, "PACKED")]
    assert Order.objects.get(pk=order.pk).status == "PACKED"


def test_where_nobody_has_one_nothing_can_be_had_and_nobody_comes(world: World) -> None:
    def seen() -> tuple[int, list[Vendor]]:
        offering = vendors_offering([world.milk.pk], region_id=world.region.pk, pincode=world.pincode.code)
        return left(world), offering

    assert seen() == (50, [world.vendor])
    take_licence(world.vendor)
    assert seen() == (0, [])
    assert not vendors_serving(world.pincode.code).exists()
    assert not Pincode.objects.get(pk=world.pincode.pk).is_served
    world.vendor.fssai_licence = "11225999000118"
    save_vendor(world.vendor, by=ME)
    refresh_served_pincodes(by=ME)
    assert left(world) == 50
    assert Pincode.objects.get(pk=world.pincode.pk).is_served


def test_other_laws_ask_for_none(world: World) -> None:
    take_licence(world.vendor)
    Region.objects.update(country="US")
    refresh_served_pincodes(by=ME)
    assert left(world) == 50
    assert not Vendor.objects.get().lacks_licence


def test_the_dairy_and_staff_see_why(world: World, client: Client) -> None:
    girija = VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user
    for has_one in (True, False):
        client.force_login(girija)
        assert (MISSING not in client.get("/vendor/").content.decode()) is has_one
        client.force_login(AdminFactory())
        page = client.get(f"/admin/vendors/vendor/{world.vendor.pk}/change/").content.decode()
        assert ("its FSSAI licence is missing" not in page) is has_one
        take_licence(world.vendor)
