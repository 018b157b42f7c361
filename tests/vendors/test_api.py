"""Dairies through the API: kept by admins, answering for themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from deliveries.models import Hub
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Region
from orders.models import Order, VendorAnswer
from tests.backoffice.forms import save
from tests.cart.shopping import buy
from tests.factories.accounts import AdminFactory, UserFactory
from tests.factories.core import PincodeFactory, RegionFactory
from tests.factories.vendors import VendorFactory, VendorMemberFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, only_line, shares
from vendors.actions import save_vendor
from vendors.actions.dairies import BoundToMarket
from vendors.models import CapacityUse, ServiceArea, Vendor

pytestmark = pytest.mark.django_db

API = "/api/v1/vendors/"
DAIRY = {
    "name": "Krishna Dairy",
    "region": "BLR",
    "email": "krishna@example.com",
    "phone": "+918012345678",
    "address": "4 Mysuru Road, Bengaluru",
    "pincode": "560034",
    "latitude": "12.93000",
    "longitude": "77.62000",
    "fssai_licence": "11225999000118",
}


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def caller(role: Role, world: World | None = None) -> Callable[..., Any]:
    client = Client()
    user = UserFactory(role=role)
    if world is not None:
        VendorMemberFactory(vendor=world.vendor, user=user)
    client.force_login(user)

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = json.dumps(body) if body is not None else ""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.generic(method, API + path, data, content_type="application/json", headers=sent)

    return call


def test_a_pincode_that_no_hub_serves_is_told(world: World) -> None:
    admin = caller(Role.ADMIN)
    PincodeFactory(code="560001", name="Bazaar")  # known this moment: nothing that is kept may decide a write
    kept = {"pincodes": ["560001", "560034"], "without_hub": ["560001"]}
    assert admin("PUT", f"{world.vendor.pk}/areas/", {"pincodes": ["560 034", "560001", "560001"]}).json() == kept
    assert admin("GET", f"{world.vendor.pk}/areas/").json() == kept
    Hub.objects.update(is_active=False)
    assert admin("GET", f"{world.vendor.pk}/areas/").json()["without_hub"] == ["560001", "560034"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("56003", "56003 is no pincode. A pincode has six digits"),
        ("560002", "is not known yet"),
        ("94105", "94105 is in another market"),
    ],
)
def test_a_pincode_that_can_not_be_is_told_at_its_field(world: World, code: str, words: str) -> None:
    PincodeFactory(code="94105", name="SoMa", region=RegionFactory(code="SFO", name="San Francisco", currency="USD"))
    answer = caller(Role.ADMIN)("PUT", f"{world.vendor.pk}/areas/", {"pincodes": ["560034", code]})
    assert answer.status_code == 400
    assert words in answer.json()["errors"]["pincodes"][0]


def test_a_dairy_keeps_its_market_once_it_works_there(world: World) -> None:
    RegionFactory(code="BTV", name="Burlington", currency="USD", postal_code_pattern=r"\d{5}", country="US")
    admin, moved = caller(Role.ADMIN), {"region": "BTV", "pincode": "05401"}
    for _attempt in range(2):
        answer = admin("PATCH", f"{world.vendor.pk}/", moved)
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["region"]
        ServiceArea.objects.filter(vendor=world.vendor).delete()  # what it offers is bound to the market by itself
    world.vendor.refresh_from_db()
    assert world.vendor.region_id == world.region.pk
    world.vendor.region = Region.objects.get(code="BTV")
    with pytest.raises(BoundToMarket):
        save_vendor(world.vendor, by=Actor.system("tests"))
    fresh = VendorFactory(region=world.region)
    assert admin("PATCH", f"{fresh.pk}/", moved).status_code == 200


def test_the_office_refuses_what_the_api_refuses(world: World) -> None:
    abroad = RegionFactory(code="BTV", name="Burlington", currency="USD", postal_code_pattern=r"\d{5}", country="US")
    foreign = PincodeFactory(code="05401", name="Burlington", region=abroad)
    office = Client()
    office.force_login(AdminFactory())
    url = f"/admin/vendors/vendor/{world.vendor.pk}/change/"
    area = ServiceArea.objects.get(vendor=world.vendor)
    row = {"service_areas-TOTAL_FORMS": "2", "service_areas-1-vendor": str(world.vendor.pk)}
    answer = save(office, url, **row, **{"service_areas-1-pincode": str(foreign.pk)})
    assert "Pincode 05401 is in another market." in answer.content.decode()
    answer = save(office, url, region=str(abroad.pk), pincode="05401")
    assert "is in the market that it is in" in answer.content.decode()
    assert list(ServiceArea.objects.filter(vendor=world.vendor)) == [area]
    world.vendor.refresh_from_db()
    assert world.vendor.region_id == world.region.pk


def test_a_dairys_whole_life(world: World) -> None:
    admin = caller(Role.ADMIN)
    made = admin("POST", "", DAIRY)
    assert made.status_code == 201
    pk = made.json()["id"]
    assert admin("PUT", f"{pk}/areas/", {"pincodes": ["560034"]}).json() == {"pincodes": ["560034"], "without_hub": []}
    offer = {"cost_price": {"amount": "22.50", "currency": "INR"}, "lead_time_days": 1}
    assert admin("PUT", f"{pk}/offers/{world.milk.pk}/", offer).status_code == 200
    assert [each["lead_time_days"] for each in admin("GET", f"{pk}/offers/").json()] == [1]
    listed = Client().get(API, {"pincode": "560034"}).json()["results"]
    assert pk in [each["id"] for each in listed]
    assert "bank_reference" not in listed[0]
    assert admin("DELETE", f"{pk}/").status_code == 204
    assert Client().get(f"{API}{pk}/").status_code == 404
    assert admin("GET", f"{pk}/").json()["is_active"] is False
    assert admin("POST", f"{pk}/activate/").json()["is_active"] is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gstin", "27AAPFU0939F1ZW"),
        ("fssai_licence", "123"),
        ("name", ""),
        ("phone", "call me"),
        ("daily_order_limit", -1),
        ("region", "NOWHERE"),
        ("latitude", "90.00001"),
        ("longitude", "-180.5"),
        ("pincode", "abc"),
    ],
)
def test_what_can_not_be_right_is_refused_at_its_field(world: World, field: str, value: Any) -> None:
    answer = caller(Role.ADMIN)("POST", "", {**DAIRY, field: value})
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert Vendor.objects.count() == 1


def test_a_name_is_used_once(world: World) -> None:
    answer = caller(Role.ADMIN)("POST", "", {**DAIRY, "name": world.vendor.name})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["name"])


def test_a_festival_has_its_own_limit(world: World) -> None:
    admin = caller(Role.ADMIN)
    path = f"{world.vendor.pk}/capacity/2026-02-01/"
    answer = admin("PUT", path, {"order_limit": 20, "note": "Pongal"}).json()
    assert (answer["limit"], answer["left"], answer["is_set"], answer["note"]) == (20, 20, True, "Pongal")
    assert admin("DELETE", path).status_code == 204
    assert CapacityUse.objects.get(vendor=world.vendor).order_limit is None
    assert admin("PUT", f"{world.vendor.pk}/capacity/2026-02-31/", {"order_limit": 1}).status_code == 404
    passed = admin("PUT", f"{world.vendor.pk}/capacity/2020-01-01/", {"order_limit": 1})
    assert (passed.status_code, CapacityUse.objects.count()) == (422, 1)


def test_an_offer_in_another_currency_is_refused(world: World) -> None:
    body = {"cost_price": {"amount": "1.00", "currency": "USD"}}
    assert caller(Role.ADMIN)("PUT", f"{world.vendor.pk}/offers/{world.milk.pk}/", body).status_code == 400


def test_a_dairy_answers_for_its_lines(world: World) -> None:
    second = another_dairy(world)
    order = buy(world, (world.milk, 10)).order
    line = only_line(order)
    dairy = caller(Role.VENDOR, world)
    assert dairy("POST", f"me/assignments/{line.pk}/accept/").json()["lines"][0]["status"] == "ACCEPTED"
    assert dairy("DELETE", f"me/assignments/{line.pk}/accept/").json()["lines"][0]["status"] == "ASSIGNED"
    assert dairy("POST", "me/assignments/accept/", {"date": "2026-01-31"}).json() == {"accepted": 1}
    kept = dairy("POST", f"me/assignments/{line.pk}/short/", {"available": 6}).json()["lines"]
    assert [(each["quantity"], each["status"]) for each in kept] == [(6, "ACCEPTED")]
    for _time in range(2):
        assert dairy("POST", f"me/orders/{order.number}/reject/", {"reason": "CLOSED"}).json() == {"lines": []}
    assert {name for name, _pieces, _status in shares(order)} == {second.name}
    again = dairy("POST", f"me/assignments/{line.pk}/accept/")
    assert (again.status_code, again.json()["code"]) == (409, "line_given_back")


def test_after_the_pack_time_an_answer_is_a_problem(world: World, at: Callable[[str], datetime]) -> None:
    line = only_line(buy(world).order)
    dairy = caller(Role.VENDOR, world)
    at("2026-01-31T03:31+05:30")
    answer = dairy("POST", f"me/assignments/{line.pk}/reject/", {"reason": "CLOSED"})
    assert (answer.status_code, answer.json()["code"]) == (409, "answer_too_late")
    assert VendorAnswer.objects.count() == 0


def test_staff_read_why_a_dairy_was_chosen_and_the_household_does_not(world: World) -> None:
    order = buy(world).order
    for role, is_told in ((Role.MANAGER, True), (Role.CUSTOMER, False)):
        client = Client()
        user = UserFactory(role=role)
        if role == Role.CUSTOMER:
            Order.objects.filter(pk=order.pk).update(customer=user)
        client.force_login(user)
        line = client.get(f"/api/v1/orders/{order.number}/").json()["lines"][0]
        assert (line["decision"] is not None) is is_told
        if is_told:
            assert line["decision"]["looked"][0]["verdict"] == "CHOSEN"


def test_a_day_is_set_only_as_it_was_seen(world: World) -> None:
    """With the tag of what was seen, the second of two writers is told; without it the last one wins, as ever."""
    admin = caller(Role.ADMIN)
    (seen, *_others) = admin("GET", f"{world.vendor.pk}/capacity/").json()
    path = f"{world.vendor.pk}/capacity/{seen['date']}/"
    first = admin("PUT", path, {"order_limit": 5, "note": "Holi"}, If_Match=seen["etag"])
    assert (first.status_code, first["ETag"]) == (200, first.json()["etag"])
    late = admin("PUT", path, {"order_limit": 9}, If_Match=seen["etag"])
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert "it takes 5 now (Holi)" in late.json()["detail"]
    assert late.json()["facts"]["etag"] == first["ETag"]
    assert admin("DELETE", path, If_Match=seen["etag"]).status_code == 412
    assert admin("PUT", path, {"order_limit": 9}, If_Match=first["ETag"]).status_code == 200
    assert admin("PUT", path, {"order_limit": 10}).status_code == 200
    assert admin("PUT", path, {"order_limit": 11}, If_Match="*").status_code == 200
    assert admin("DELETE", path, If_Match="nonsense").status_code == 412
    assert admin("DELETE", path).status_code == 204
    assert admin("GET", f"{world.vendor.pk}/capacity/").json()[0]["etag"] == seen["etag"]
