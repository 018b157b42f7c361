"""A dairy's name and licence are its own; what it takes back leaves it somewhere to deliver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from tests.backoffice.conftest import client_of
from tests.backoffice.forms import save
from tests.factories.vendors import VendorFactory
from tests.factories.world import World, small_world
from tests.vendors.test_api import DAIRY, caller
from vendors.actions import LicenceInUse, NameInUse, NoAreaLeft, activate_vendor, change_service_areas, save_vendor
from vendors.models import Vendor

pytestmark = pytest.mark.django_db

ME = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def hoskote(world: World) -> Vendor:
    return VendorFactory(name="Hoskote Morning Dairy", region=world.region, fssai_licence="11225999000334")


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 400, answer.content
    found: dict[str, list[str]] = answer.json()["errors"]
    return found


@pytest.mark.parametrize(
    "name", ["hoskote morning dairy", "Hoskote  Morning   Dairy", "HOSKOTE MORNINGDAIRY", "Hosk\u200bote Morning Dairy"]
)
def test_a_name_in_other_letters_or_blanks_is_the_same(hoskote: Vendor, name: str) -> None:
    told = errors(caller(Role.ADMIN)("POST", "", {**DAIRY, "name": name}))
    assert told == {"name": ["Another dairy is called so: Hoskote Morning Dairy."]}
    other = VendorFactory()
    told = errors(caller(Role.ADMIN)("PATCH", f"{other.pk}/", {"name": name}))
    assert list(told) == ["name"]
    other.name = name
    with pytest.raises(NameInUse) as refusal:
        save_vendor(other, by=ME)
    assert refusal.value.field == "name"
    page = save(client_of(Role.ADMIN), reverse("admin:vendors_vendor_change", args=[other.pk]), name=name)
    assert page.context["adminform"].form.errors["name"] == ["Another dairy is called so: Hoskote Morning Dairy."]


def test_a_dairy_may_write_its_own_name_otherwise(hoskote: Vendor) -> None:
    answer = caller(Role.ADMIN)("PATCH", f"{hoskote.pk}/", {"name": "HOSKOTE  Morning Dairy"})
    assert answer.json()["name"] == "HOSKOTE Morning Dairy"


def test_two_that_work_do_not_share_a_licence(hoskote: Vendor) -> None:
    words = ["Hoskote Morning Dairy works with this licence: each dairy has its own."]
    admin = caller(Role.ADMIN)
    assert errors(admin("POST", "", {**DAIRY, "fssai_licence": hoskote.fssai_licence})) == {"fssai_licence": words}
    other = VendorFactory()
    assert errors(admin("PATCH", f"{other.pk}/", {"fssai_licence": hoskote.fssai_licence})) == {"fssai_licence": words}
    url = reverse("admin:vendors_vendor_change", args=[other.pk])
    page = save(client_of(Role.ADMIN), url, fssai_licence=hoskote.fssai_licence)
    assert page.context["adminform"].form.errors["fssai_licence"] == words
    other.fssai_licence = hoskote.fssai_licence
    with pytest.raises(LicenceInUse):
        save_vendor(other, by=ME)


def test_one_that_stopped_may_hand_its_licence_on_and_not_start_with_it_again(hoskote: Vendor) -> None:
    admin = caller(Role.ADMIN)
    assert admin("DELETE", f"{hoskote.pk}/").status_code == 204
    made = admin("POST", "", {**DAIRY, "fssai_licence": hoskote.fssai_licence})
    assert made.status_code == 201
    refused = admin("POST", f"{hoskote.pk}/activate/")
    assert (refused.status_code, refused.json()["code"]) == (409, "vendor_licence_in_use")
    assert "Krishna Dairy works with this licence" in refused.json()["detail"]
    with pytest.raises(LicenceInUse):
        activate_vendor(hoskote.pk, by=ME)
    assert not Vendor.objects.get(pk=hoskote.pk).is_active
    assert admin("DELETE", f"{made.json()['id']}/").status_code == 204
    assert admin("POST", f"{hoskote.pk}/activate/").status_code == 200


def test_what_clashed_before_may_be_edited_otherwise(hoskote: Vendor) -> None:
    twin = VendorFactory(name="hoskote morning dairy", region=hoskote.region, fssai_licence=hoskote.fssai_licence)
    answer = caller(Role.ADMIN)("PATCH", f"{twin.pk}/", {"address": "9 Mysuru Road"})
    assert (answer.status_code, answer.json()["address"]) == (200, "9 Mysuru Road")
    url = reverse("admin:vendors_vendor_change", args=[twin.pk])
    assert save(client_of(Role.ADMIN), url, address="10 Mysuru Road").status_code == 302
    twin.refresh_from_db()
    assert (twin.address, twin.name) == ("10 Mysuru Road", "hoskote morning dairy")


def test_a_change_without_a_difference_is_none(hoskote: Vendor) -> None:
    before = Event.objects.named("vendor.updated").count()
    assert caller(Role.ADMIN)("PATCH", f"{hoskote.pk}/", {"address": hoskote.address}).status_code == 200
    assert Event.objects.named("vendor.updated").count() == before


def test_a_working_dairy_keeps_a_pincode(world: World) -> None:
    admin = caller(Role.ADMIN)
    path = f"{world.vendor.pk}/areas/"
    refused = admin("PUT", path, {"pincodes": []})
    assert (refused.status_code, refused.json()["code"]) == (422, "vendor_without_area")
    assert "Switch the dairy off instead" in refused.json()["errors"]["pincodes"][0]
    assert admin("GET", path).json()["pincodes"] == ["560034"]
    with pytest.raises(NoAreaLeft):
        change_service_areas(world.vendor.pk, add=[], remove=[world.pincode.pk], by=ME)
    url = reverse("admin:vendors_vendor_change", args=[world.vendor.pk])
    page = save(client_of(Role.ADMIN), url, **{"service_areas-0-DELETE": "on"})
    assert page.status_code == 200
    assert "A working dairy delivers somewhere." in page.content.decode()
    assert admin("DELETE", f"{world.vendor.pk}/").status_code == 204
    assert admin("PUT", path, {"pincodes": []}).json() == {"pincodes": [], "without_hub": []}


def test_a_new_dairy_has_none_yet(world: World) -> None:
    made = VendorFactory(region=world.region)
    assert caller(Role.ADMIN)("PUT", f"{made.pk}/areas/", {"pincodes": []}).status_code == 200


def test_a_guest_sees_none_of_it(hoskote: Vendor, client: Client) -> None:
    assert client.patch(f"/api/v1/vendors/{hoskote.pk}/", {}, content_type="application/json").status_code == 401
