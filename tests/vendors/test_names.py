"""A dairy has a Hindi name too, and who reads Hindi reads it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core.actors import Role
from tests.backoffice.conftest import client_of
from tests.backoffice.forms import save
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world
from tests.kept import forget_everything

pytestmark = pytest.mark.django_db

HINDI = {"Accept-Language": "hi"}
OWN = "नंदी डेयरी"


@pytest.fixture
def world() -> World:
    made = small_world()
    made.vendor.name_hi = OWN
    made.vendor.save()
    forget_everything()
    return made


def test_the_shop_calls_it_so(world: World, client: Client) -> None:
    client.cookies["milk_pincode"] = "560034"
    for path in ("/shop/", "/shop/toned-milk/"):
        assert OWN in client.get(path, headers=HINDI).content.decode()
        english = client.get(path).content.decode()
        assert OWN not in english
        assert world.vendor.name in english


def test_its_household_and_its_people_read_it(world: World, client: Client) -> None:
    order = buy(world).order
    client.force_login(order.customer)
    assert OWN in client.get(f"/orders/{order.number}/", headers=HINDI).content.decode()
    client.force_login(VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user)
    assert OWN in client.get("/vendor/", headers=HINDI).content.decode()


def test_staff_write_it_and_the_api_tells_it(world: World, client: Client) -> None:
    admin = client_of(Role.ADMIN)
    url = reverse("admin:vendors_vendor_change", args=[world.vendor.pk])
    assert save(admin, url, name_hi="नंदी दूध").status_code == 302
    assert admin.get(reverse("admin:vendors_vendor_changelist"), {"q": "नंदी"}).content.decode().count("नंदी दूध") == 1
    assert client.get(f"/api/v1/vendors/{world.vendor.pk}/").json()["name_hi"] == "नंदी दूध"
