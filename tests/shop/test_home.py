"""The front page and the pincode."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from milkdelivery.shopping import PINCODE_COOKIE
from tests.factories.accounts import AddressFactory
from tests.factories.core import PincodeFactory
from tests.factories.orders import confirmed_order
from tests.factories.world import World
from tests.shop.visitor import Visitor, text_of


def test_a_stranger_is_asked_where_they_live_first(world: World, client: Client) -> None:
    page = text_of(client.get("/"))
    assert page.index("Your pincode") < page.index("Something to start with")
    assert "Toned milk" in page


def test_the_pincode_is_remembered_and_tells_when_milk_comes(guest: Visitor) -> None:
    page = text_of(guest.get("/"))
    assert "We come to Koramangala." in page
    assert "it arrives tomorrow, 5–7:30 am" in page
    assert "Order until 10:00 pm" in page
    assert 'data-countdown="7200"' in guest.get("/").content.decode()


def test_after_the_cut_off_the_next_delivery_is_a_later_one(world: World, guest: Visitor, at) -> None:
    at("2026-01-15T22:00+05:30")
    assert "it arrives tomorrow, 5–7:30 pm" in text_of(guest.get("/"))


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Enter your pincode."),
        ("5600", "A pincode has six digits"),
        ("mangalore", "A pincode has six digits"),
        ("५६००३४", "A pincode has six digits"),
        ("🥛🥛🥛🥛🥛🥛", "A pincode has six digits"),
        ("5" * 10_000, "A pincode has six digits"),
        ("560999", "We don't deliver to 560999 yet."),
    ],
)
def test_a_pincode_that_will_not_do(world: World, client: Client, typed: str, message: str) -> None:
    response = client.post("/pincode/", {"pincode": typed})
    assert response.status_code == 422
    page = text_of(response)
    assert message in page
    assert "Koramangala 560034" in page  # what we do serve
    assert PINCODE_COOKIE not in response.cookies


def test_a_known_pincode_that_nobody_serves_yet(world: World, client: Client) -> None:
    PincodeFactory(code="560001", name="Bengaluru GPO", is_served=False)
    response = client.post("/pincode/", {"pincode": "560 001"})
    assert "We don't deliver to 560001 yet." in text_of(response)


def test_spaces_in_a_pincode_do_not_matter(world: World, client: Client) -> None:
    response = client.post("/pincode/", {"pincode": " 560 034 "})
    assert (response.status_code, response["Location"]) == (302, "/shop/")
    assert response.cookies[PINCODE_COOKIE].value == "560034"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_choosing_a_pincode_never_leads_to_another_site(world: World, client: Client, target: str) -> None:
    response = client.post("/pincode/", {"pincode": "560034", "next": target})
    assert response["Location"] == "/shop/"


def test_choosing_a_pincode_goes_back_where_one_came_from(world: World, client: Client) -> None:
    assert client.post("/pincode/", {"pincode": "560034", "next": "/cart/"})["Location"] == "/cart/"


def test_a_forged_pincode_cookie_counts_for_nothing(world: World, client: Client) -> None:
    client.cookies[PINCODE_COOKIE] = "<script>"
    response = client.get("/")
    assert response.status_code == 200
    assert "Your pincode" in text_of(response)


def test_a_household_comes_home_to_its_last_address(world: World, client: Client) -> None:
    address = AddressFactory(user=world.customer, pincode="560034")
    User.objects.filter(pk=world.customer.pk).update(last_selected_address=address)
    client.force_login(world.customer)
    response = client.get("/")
    assert "We come to Koramangala." in text_of(response)
    assert response.cookies[PINCODE_COOKIE].value == "560034"


def test_the_next_delivery_is_the_first_thing_a_household_sees(world: World, household: Visitor) -> None:
    order = confirmed_order(customer=world.customer, basket=[(world.milk, 2)], slot=world.morning)
    page = text_of(household.get("/"))
    assert "Your next delivery Tomorrow, 5–7:30 am Confirmed 2 × Toned milk 500 ml" in page
    assert "Change until 10:00 pm" in page
    assert f"/orders/{order.number}/" in household.get("/").content.decode()


def test_guests_read_without_a_session_or_a_shared_cache(world: World, client: Client) -> None:
    response = client.get("/")
    assert "milk_session" not in response.cookies
    assert response["Cache-Control"] == "private, no-cache"


def test_no_region_at_all_is_a_plain_404(db: None, client: Client) -> None:
    assert client.get("/").status_code == 404
