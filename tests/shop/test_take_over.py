"""The link in a guest's mail that takes the order into one's own account."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core import signing
from django.test import Client

from accounts.models import Address, User
from orders.models import Order
from orders.tokens import VALID_FOR, take_over_token, take_over_url
from tests.factories.accounts import PASSWORD, AddressFactory, UserFactory
from tests.factories.world import World
from tests.shop.visitor import Visitor, text_of


@pytest.fixture
def order(world: World, guest: Visitor) -> Order:
    """Placed by a guest who typed the customer's e-mail address."""
    guest.put(world.milk, 2)
    guest.order_as_guest(contact=world.customer.email)
    return Order.objects.get()


@pytest.fixture
def path(order: Order) -> str:
    return f"/orders/claim/{take_over_token(order)}/"


def test_the_mail_holds_the_whole_address(order: Order, settings: object) -> None:
    settings.SITE_URL = "https://milk.example"  # type: ignore[attr-defined]
    assert take_over_url(order).startswith("https://milk.example/orders/claim/")


def test_nothing_is_left_to_take_of_who_was_erased(order: Order, path: str) -> None:
    nobody = {"is_active": False, "email": None, "phone": None, "contact_email": "", "contact_phone": "", "name": ""}
    User.objects.filter(pk=order.customer_id).update(erased_at=order.placed_at, **nobody)
    assert Client().get(path).status_code == 410


def test_a_proven_person_takes_orders_and_addresses_over(world: World, order: Order, path: str) -> None:
    AddressFactory(user=world.customer, pincode="560038")
    guest_person = order.customer
    client = Client()
    client.force_login(world.customer)
    page = text_of(client.get(path))
    assert f"Order {order.number} over ₹76.00" in page
    assert "Yes, it is mine" in page
    response = client.post(path)
    assert response["Location"] == f"/orders/{order.number}/"
    assert client.get(response["Location"]).status_code == 200
    order.refresh_from_db()
    assert order.customer == world.customer
    assert Address.objects.of(world.customer.pk).filter(is_default=True).count() == 1
    assert Address.objects.of(world.customer.pk).count() == 2
    assert not User.objects.get(pk=guest_person.pk).is_active


def test_the_guests_browser_is_signed_out_by_it(world: World, order: Order, path: str, guest: Visitor) -> None:
    client = Client()
    client.force_login(world.customer)
    client.post(path)
    assert guest.get("/orders/")["Location"].startswith("/accounts/login/")


def test_twice_is_once(world: World, order: Order, path: str) -> None:
    client = Client()
    client.force_login(world.customer)
    client.post(path)
    assert client.post(path)["Location"] == f"/orders/{order.number}/"
    assert client.get(path)["Location"] == f"/orders/{order.number}/"


def test_what_somebody_took_is_gone_for_others(world: World, order: Order, path: str) -> None:
    first, second = Client(), Client()
    first.force_login(world.customer)
    second.force_login(UserFactory())
    first.post(path)
    response = second.post(path)
    assert response.status_code == 410
    assert "This order has an account" in text_of(response)
    order.refresh_from_db()
    assert order.customer == world.customer


def test_a_stranger_signs_in_first_and_comes_back(world: World, order: Order, path: str) -> None:
    client = Client()
    assert "Sign in and take it over" in text_of(client.get(path))
    assert unquote(client.post(path)["Location"]) == f"/accounts/login/?next={path}"
    login = {"login": world.customer.email, "password": PASSWORD, "next": path}
    assert client.post("/accounts/login/", login)["Location"] == path


def test_the_guest_itself_has_proven_nothing(world: World, order: Order, path: str, guest: Visitor) -> None:
    guest_person = order.customer_id
    assert "Sign in and take it over" in text_of(guest.get(path))
    assert unquote(guest.post(path, {})["Location"]) == f"/accounts/login/?next={path}"
    order.refresh_from_db()
    assert order.customer_id == guest_person


def test_a_guest_who_chose_a_password_keeps_the_order(world: World, order: Order, path: str) -> None:
    person = order.customer
    person.set_password(PASSWORD)
    person.save()
    client = Client()
    client.force_login(world.customer)
    client.post(path)
    order.refresh_from_db()
    assert order.customer == person
    assert "This order belongs to an account of its own by now." in text_of(client.get(path))


@pytest.mark.parametrize("token", ["x", "a:b:c", "x" * 3000, "🥛"])
def test_a_forged_link(world: World, client: Client, token: str) -> None:
    response = client.get(f"/orders/claim/{token}/")
    assert response.status_code == 410
    assert "This link has ended" in text_of(response)


def test_a_link_made_for_another_purpose(world: World, order: Order, client: Client) -> None:
    foreign = signing.dumps([order.pk, order.customer_id], salt="something.else")
    assert client.get(f"/orders/claim/{foreign}/").status_code == 410


def test_a_link_ends_after_a_week(order: Order, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = take_over_token(order)
    later = time.time() + (VALID_FOR + timedelta(minutes=1)).total_seconds()
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(f"/orders/claim/{token}/").status_code == 410
