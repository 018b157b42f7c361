"""What a body says is done or refused, never passed over; and which dairies the lists speak of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Caller, problem
from tests.factories.vendors import VendorFactory
from tests.factories.world import World


@pytest.mark.parametrize("body", [{"nmae": "Milk"}, {"created_by": 1}, {"variants": [{"prize": 1}]}])
def test_a_key_that_nobody_knows_is_no_change_that_never_happened(
    world: World, admin: Caller, body: dict[str, Any]
) -> None:
    told = problem(admin.patch(f"products/{world.products[0].pk}/", body), 400, "invalid")["errors"]
    key = next(iter(body)) if "variants" not in body else "variants.0.prize"
    assert told[key] == ["There is no such field."]


def test_what_is_only_shown_may_be_sent_back_as_it_was_read(world: World, admin: Caller) -> None:
    path = f"products/{world.products[0].pk}/"
    read = admin.patch(path, {}).json()
    assert admin.put(path, read).json() == read
    told = problem(admin.put(path, {**read, "id": read["id"] + 1}), 400, "invalid")["errors"]
    assert told == {"id": ["This can't be changed here."]}


def test_a_guest_sees_who_may_deliver_and_staff_see_all_that_work(world: World, guest: Caller, admin: Caller) -> None:
    unlicensed = VendorFactory(region=world.region, name="Nandi Dairy", fssai_licence="")
    names = [each["name"] for each in guest.get("vendors/").json()["results"]]
    assert unlicensed.name not in names
    assert world.vendor.name in names
    assert unlicensed.name in [each["name"] for each in admin.get("vendors/").json()["results"]]
    problem(guest.get(f"vendors/{unlicensed.pk}/"), 404, "not_found")
    assert admin.get(f"vendors/{unlicensed.pk}/").status_code == 200
    told = problem(guest.get(f"products/?vendor={unlicensed.pk}"), 400, "invalid")
    assert told["errors"] == {"vendor": ["There is no such dairy."]}


def test_a_dairy_is_not_stopped_by_a_field(world: World, admin: Caller) -> None:
    path = f"vendors/{world.vendor.pk}/"
    told = problem(admin.patch(path, {"is_active": False, "phone": "+919812345671"}), 400, "invalid")["errors"]
    assert list(told) == ["is_active"]
    assert "DELETE vendors/{id}/" in told["is_active"][0]
    world.vendor.refresh_from_db()
    assert world.vendor.is_active
    assert world.vendor.phone != "+919812345671"
    kept = admin.get(path).json()
    assert admin.put(path, {**kept, "rating": "1.00"}).json() == kept  # stars move while somebody types
    told = problem(admin.patch(path, {"limit": 5}), 400, "invalid")["errors"]
    assert told == {"limit": ["There is no such field."]}
    new = {name: value for name, value in kept.items() if name not in ("id", "rating")} | {"name": "Nandi Dairy"}
    told = problem(admin.post("vendors/", {**new, "fssai_licence": "", "is_active": False}), 400, "invalid")["errors"]
    assert list(told) == ["is_active"]


def test_bodies_of_days_and_offers_take_what_they_know(world: World, admin: Caller) -> None:
    path = f"vendors/{world.vendor.pk}/offers/{world.milk.pk}/"
    offer = admin.put(path, {"cost_price": {"amount": "20.00", "currency": "INR"}}).json()
    assert admin.put(path, offer).json() == offer
    told = problem(admin.put(path, {**offer, "variant_id": 0}), 400, "invalid")["errors"]
    assert list(told) == ["variant_id"]
    told = problem(admin.put(f"vendors/{world.vendor.pk}/capacity/2026-02-01/", {"limit": 4}), 400, "invalid")
    assert set(told["errors"]) == {"limit", "order_limit"}
    told = problem(admin.put(f"vendors/{world.vendor.pk}/areas/", {"pincode": "560034"}), 400, "invalid")
    assert set(told["errors"]) == {"pincode", "pincodes"}
