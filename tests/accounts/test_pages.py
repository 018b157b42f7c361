"""Every page of sign-in and of one's own account shows in our look."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailConfirmationHMAC
from django.core import mail
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories.accounts import PASSWORD, AddressFactory, DeviceFactory, UserFactory

pytestmark = pytest.mark.django_db

OUR_LOOK = 'class="skip" href="#main"'
GUEST_PAGES = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_request_login_code",
    "account_inactive",
    "account_closed",
    "account_email_verification_sent",
]
OWN_PAGES = [
    "account",
    "profile",
    "addresses",
    "address_new",
    "preferences",
    "account_security",
    "account_data",
    "account_email",
    "account_change_phone",
    "account_change_password",
    "account_reauthenticate",
    "account_logout",
    "usersessions_list",
]
TESTED_BY_THEIR_FLOWS = {
    "account_confirm_email",
    "account_confirm_login_code",
    "account_verify_phone",
    "account_reset_password_from_key",
    "account_set_password",
    "account_copy",
    "account_close",
    "account_sign_in_again",
}


def names_under(prefix: str) -> set[str]:
    found: set[str] = set()

    def walk(patterns: list[Any], path: str) -> None:
        for pattern in patterns:
            here = path + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, here)
            elif isinstance(pattern, URLPattern) and here.removeprefix("^").startswith(prefix):
                found.add(str(pattern.name))

    walk(get_resolver().url_patterns, "")
    return found


def test_no_route_of_sign_in_is_forgotten() -> None:
    assert names_under("accounts/") - TESTED_BY_THEIR_FLOWS <= {*GUEST_PAGES, *OWN_PAGES}


def assert_our_look(response: Any) -> None:
    html = response.content.decode()
    assert OUR_LOOK in html
    assert "<style" not in html
    assert " style=" not in html
    assert html.count("<h1") == 1


@pytest.mark.parametrize("name", GUEST_PAGES)
def test_guest_page(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert_our_look(response)


@pytest.mark.parametrize("name", OWN_PAGES)
def test_own_page(client: Client, name: str) -> None:
    address = AddressFactory()
    DeviceFactory(user=address.user)
    client.force_login(address.user)
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert_our_look(response)


def test_device_that_does_not_name_itself_shows_no_key(client: Client) -> None:
    device = DeviceFactory(os="", browser="")
    client.force_login(device.user)
    page = client.get(reverse("account_security")).content.decode()
    assert "Unknown device" in page
    assert str(device.key) not in page


@pytest.mark.parametrize("name", [*OWN_PAGES, "account_set_password"])
def test_own_page_asks_a_guest_to_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/") or name == "account_logout"


@pytest.mark.parametrize("name", ["address", "address_delete"])
def test_page_of_one_address(client: Client, name: str) -> None:
    address = AddressFactory()
    client.force_login(address.user)
    response = client.get(reverse(name, args=[address.pk]))
    assert response.status_code == 200
    assert_our_look(response)


def test_setting_a_first_password(client: Client) -> None:
    client.force_login(UserFactory(password=None))
    response = client.get(reverse("account_set_password"))
    assert response.status_code == 200
    assert_our_look(response)


def test_signed_in_person_is_not_asked_to_sign_in_again(client: Client) -> None:
    client.force_login(UserFactory())
    assert client.get(reverse("account_login"))["Location"] == "/"


def test_code_pages(client: Client) -> None:
    user = UserFactory(by_phone=True)
    response = client.post(reverse("account_request_login_code"), {"contact": user.phone}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("account_confirm_login_code")
    assert_our_look(response)


def test_confirmation_page_in_each_state(client: Client) -> None:
    user = UserFactory(contact_only=True, password=PASSWORD)
    address = user.emailaddress_set.create(email=user.contact_email, verified=False, primary=True)
    path = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])

    as_guest = client.get(path)
    assert "Almost there" in as_guest.content.decode()
    assert user.contact_email not in as_guest.content.decode()
    client.force_login(UserFactory())
    assert "another account" in client.get(path).content.decode()
    client.force_login(user)
    assert user.contact_email in client.get(path).content.decode()
    spoiled = client.get(reverse("account_confirm_email", args=["no-such-key"]))
    assert spoiled.status_code == 410
    for response in (as_guest, client.get(path), spoiled):
        assert_our_look(response)


def test_new_password_page(client: Client) -> None:
    user = UserFactory()
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = next(word for word in str(mail.outbox[-1].body).split() if "/password/reset/key/" in word)
    response = client.get(link, follow=True)
    assert response.status_code == 200
    assert_our_look(response)
    assert_our_look(client.get("/accounts/password/reset/key/1-spoiled/"))


def test_too_many_tries_are_told_in_our_look(client: Client) -> None:
    for _try in range(31):
        response = client.post(reverse("account_login"), {"login": "x", "password": "y"})
    assert response.status_code == 429
    assert_our_look(response)
