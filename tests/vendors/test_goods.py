"""The portal's pages for goods: what came in, and what can be brought on the coming days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from inventory import actions
from inventory.models import Batch, DailySupply, Stock, StockMovement
from milkdelivery.core.actors import Actor, Role
from orders.models import OrderLine
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorFactory, VendorMemberFactory
from tests.factories.world import World, small_world
from vendors.actions import deactivate_vendor

pytestmark = pytest.mark.django_db

ME = Actor.system("tests")
TOMORROW = date(2026, 1, 31)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def member(world: World, client: Client) -> Client:
    client.force_login(VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user)
    return client


def page(world: World, rest: str) -> str:
    return f"/vendor/stock/{world.milk.pk}/{rest}"


def test_a_batch_comes_in_and_lives_as_long_as_its_pack(world: World, member: Client) -> None:
    typed = {"quantity": "20", "batch_code": "A7", "produced_on": "2026-01-30"}
    assert member.post(page(world, "receive/"), typed).status_code == 302
    batch = Batch.objects.get(days_presumed=False)
    assert (batch.code, batch.remaining, batch.expires_on) == ("A7", 20, date(2026, 3, 1))
    assert StockMovement.objects.latest("pk").actor.startswith("user:")


def test_what_was_measured_is_kept_with_the_batch(world: World, member: Client) -> None:
    typed = {"quantity": "20", "batch_code": "A7", "produced_on": "2026-01-30", "snf_percent": "8.5"}
    assert (
        member.post(page(world, "receive/"), {**typed, "fat_percent": "4.05", "temperature": "-0.5"}).status_code == 302
    )
    batch = Batch.objects.get(code="A7")
    assert (batch.fat_percent, batch.snf_percent) == (Decimal("4.05"), Decimal("8.50"))
    assert batch.temperature == Decimal("-0.5")


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"produced_on": "2030-01-01", "expires_on": "2030-01-03"}, "produced_on", "can't have been produced after"),
        ({"produced_on": "2020-01-01", "expires_on": "2020-01-03"}, "expires_on", "had expired when it came in"),
        (
            {"produced_on": "1900-01-01", "expires_on": "2026-01-31"},
            "produced_on",
            "keeps 30 days, and a batch",
        ),
        ({"produced_on": "2026-01-30", "expires_on": "9999-12-31"}, "expires_on", "good for at most 60"),
        ({"produced_on": "2026-01-30", "expires_on": "2026-01-29"}, "expires_on", "can't expire before"),
        ({"produced_on": "9999-12-31"}, "produced_on", "can't have been produced after today"),
        ({"produced_on": "yesterday"}, "produced_on", "Enter a valid date"),
        ({}, "produced_on", "Say when batch A7 was produced"),
        ({"batch_code": "", "produced_on": "2026-01-30"}, "batch_code", "give it a code"),
        ({"batch_code": "", "temperature": "4.5"}, "batch_code", "What was measured belongs to a batch"),
        ({"produced_on": "2026-01-30", "fat_percent": "-0.1"}, "fat_percent", "At least 0"),
        ({"produced_on": "2026-01-30", "snf_percent": "99.1"}, "snf_percent", "At most 99"),
        ({"produced_on": "2026-01-30", "fat_percent": "3.555"}, "fat_percent", "at most 2 digits after the point"),
        ({"produced_on": "2026-01-30", "temperature": "-31"}, "temperature", "At least -30"),
        ({"produced_on": "2026-01-30", "temperature": "cold"}, "temperature", "Enter a number"),
        ({"produced_on": "2026-01-30", "temperature": "NaN"}, "temperature", "Enter a number"),
        ({"quantity": "0", "produced_on": "2026-01-30"}, "quantity", "At least 1"),
        ({"quantity": "10 crates", "produced_on": "2026-01-30"}, "quantity", "Enter a whole number"),
    ],
)
def test_what_can_not_have_come_in_is_told_at_its_field(
    world: World, member: Client, typed: dict[str, str], field: str, message: str
) -> None:
    answer = member.post(page(world, "receive/"), {"quantity": "20", "batch_code": "A7", **typed})
    assert answer.status_code == 422
    assert message in " ".join(answer.context["form"].errors[field])
    assert not Batch.objects.filter(days_presumed=False).exists()


def test_what_came_in_spoiled_is_never_sold(world: World, member: Client) -> None:
    before = Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand
    old = {"quantity": "20", "batch_code": "A7", "produced_on": "2020-01-01", "expires_on": "2020-01-03"}
    assert member.post(page(world, "receive/"), {**old, "is_spoiled": "on"}).status_code == 302
    assert Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand == before
    assert list(StockMovement.objects.order_by("-pk").values_list("kind", flat=True)[:2]) == ["SPOIL", "RECEIVE"]


def test_a_day_is_planned_sold_and_received(world: World, member: Client, at: Callable[[str], datetime]) -> None:
    assert member.post(page(world, "days/"), {"on_2026-01-31": "6"}).status_code == 302
    order = buy(world, (world.milk, 4)).order
    assert DailySupply.objects.get().promised == 4
    refused = member.post(page(world, "days/"), {"on_2026-01-31": "3"})
    assert refused.status_code == 422
    assert "4 pieces of that day are promised" in str(refused.context["form"].errors["on_2026-01-31"])
    early = member.post(page(world, "days/2026-01-31/receive/"), {"quantity": "5"})
    assert early.status_code == 422
    assert "can be received on that day, not before" in early.content.decode()
    at("2026-01-31T01:00+05:30")
    came = {"quantity": "5", "batch_code": "A7", "produced_on": "2026-01-30", "expires_on": "2026-02-01"}
    assert member.get(page(world, "days/2026-01-31/receive/")).status_code == 200
    assert member.post(page(world, "days/2026-01-31/receive/"), came).status_code == 302
    supply = DailySupply.objects.get()
    assert (supply.received_quantity, supply.promised) == (5, 4)
    assert OrderLine.objects.get(order=order).status == OrderLine.Status.ASSIGNED
    again = member.post(page(world, "days/2026-01-31/receive/"), came)
    assert again.status_code == 409
    assert Batch.objects.get(code="A7").remaining == 5


def test_the_older_of_two_tabs_is_told(world: World, member: Client) -> None:
    older: dict[str, Any] = {"on_2026-01-31": "", "seen_2026-01-31": "", "on_2026-02-01": "", "seen_2026-02-01": ""}
    which = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    actions.plan_supply(**which, on=TOMORROW, quantity=40, by=ME)
    untouched = member.post(page(world, "days/"), {**older, "on_2026-02-01": "9"})
    assert untouched.status_code == 302
    assert list(DailySupply.objects.values_list("quantity", flat=True)) == [40, 9]
    told = member.post(page(world, "days/"), {**older, "on_2026-01-31": "50"})
    assert told.status_code == 422
    html = told.content.decode()
    assert "Somebody else changed this day meanwhile: it says 40 now." in html
    assert 'value="50"' in html
    assert 'name="seen_2026-01-31" value="40"' in html
    assert DailySupply.objects.get(date=TOMORROW).quantity == 40


@pytest.mark.parametrize("rest", ["receive/", "days/", "days/2026-01-31/receive/"])
def test_another_dairys_shelf_is_not_found(world: World, client: Client, rest: str) -> None:
    stranger = VendorMemberFactory(vendor=VendorFactory(region=world.region), user=UserFactory(role=Role.VENDOR))
    client.force_login(stranger.user)
    before = StockMovement.objects.count()
    for answer in (client.get(page(world, rest)), client.post(page(world, rest), {"quantity": "5"})):
        assert answer.status_code == 404
    assert (StockMovement.objects.count(), DailySupply.objects.count()) == (before, 0)


@pytest.mark.parametrize("day", ["2026-01-31", "2026-13-45", "tomorrow"])
def test_milk_of_a_day_that_nobody_planned_can_not_come_in(world: World, member: Client, day: str) -> None:
    assert member.post(page(world, f"days/{day}/receive/"), {"quantity": "5"}).status_code == 404


def test_the_older_of_two_counts_is_told_and_kept(world: World, member: Client) -> None:
    typed = {"variant": world.milk.pk, "seen": 100}
    assert member.post("/vendor/stock/", {**typed, "counted": "40"}).status_code == 302
    refused = member.post("/vendor/stock/", {**typed, "counted": "41"})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Since you looked it changed from 100 to 40 on hand." in page
    assert 'name="counted" type="text" inputmode="numeric" autocomplete="off" maxlength="7" value="41"' in page
    assert Stock.objects.get(variant=world.milk).on_hand == 40
    assert member.post("/vendor/stock/", {**typed, "seen": 40, "counted": "41"}).status_code == 302
    assert Stock.objects.get(variant=world.milk).on_hand == 41


@pytest.mark.parametrize("path", ["/vendor/", "/vendor/stock/", "/vendor/days/"])
def test_the_people_of_a_dairy_that_was_switched_off_are_told(world: World, member: Client, path: str) -> None:
    assert "You get no further orders" not in member.get(path).content.decode()
    deactivate_vendor(world.vendor.pk, by=ME)
    page = member.get(path).content.decode()
    assert "You get no further orders" in page
    assert "What is free can be sold" not in page


@pytest.mark.parametrize("variant", ["", "x", "1" * 30, "1" * 5_000, "१"])
def test_a_pack_that_there_is_not_is_no_fault_of_the_page(world: World, member: Client, variant: str) -> None:
    answer = member.post("/vendor/stock/", {"variant": variant, "change": "5"})
    assert answer.status_code in (404, 422)
