"""Sign-up, sign-in and proofs on pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailConfirmationHMAC
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Device, User
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Event
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SECRET = "curd-at-noon"
COME_IN = f"Come in: {settings.BRAND_NAME}"
CHROME = "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile"


def sign_up(client: Client, contact: str, **fields: str) -> Any:
    form = {"name": "Asha Rao", "contact": contact, "password1": SECRET, **fields}
    return client.post(reverse("account_signup"), form, HTTP_USER_AGENT=CHROME)


def sign_in(client: Client, login: str, password: str = SECRET, **extra: Any) -> Any:
    return client.post(reverse("account_login"), {"login": login, "password": password, **extra})


def signed_in_as(client: Client) -> int | None:
    key = client.session.get("_auth_user_id")
    return int(key) if key else None


def mailed_link(part: str) -> str:
    return next(word for word in str(mail.outbox[-1].body).split() if part in word)


def test_sign_up_by_email(client: Client, events: Any) -> None:
    response = sign_up(client, " Asha@Example.COM ")
    user = User.objects.get(contact_email="asha@example.com")
    assert response["Location"] == "/"
    assert signed_in_as(client) == user.pk
    assert (user.name, user.email, user.phone, user.role) == ("Asha Rao", None, None, Role.CUSTOMER)
    assert user.last_active_at is not None
    assert mail.outbox[-1].to == ["asha@example.com"]
    assert "/accounts/confirm-email/" in str(mail.outbox[-1].body)
    device = Device.objects.get(user=user)
    assert (device.os, device.browser, device.ip) == ("Android", "Chrome Mobile", "127.0.0.1")
    assert events(user.pk) == ["user.registered", "user.device_added", "user.logged_in"]


def test_unproven_address_signs_in_and_is_proven_by_its_link(client: Client, events: Any) -> None:
    sign_up(client, "asha@example.com")
    user = User.objects.get(contact_email="asha@example.com")
    link = mailed_link("/confirm-email/")
    client.post(reverse("account_logout"))
    sign_in(client, "ASHA@example.com")
    assert signed_in_as(client) == user.pk

    client.post(link)
    user.refresh_from_db()
    assert (user.email, user.contact_email) == ("asha@example.com", "")
    assert user.emailaddress_set.get().verified
    assert events(user.pk)[-1] == "user.updated"
    assert client.get(link).status_code == 410
    assert user.check_password(SECRET)


def test_link_alone_proves_nothing(client: Client) -> None:
    """A stranger signs up with somebody's address; its owner follows the link, and the stranger gains nothing."""
    sign_up(client, "asha@example.com")
    link = mailed_link("/confirm-email/")
    owner = Client()
    assert owner.post(link).status_code == 200
    assert User.objects.get(contact_email="asha@example.com").email is None
    sign_up(owner, "other@example.com")
    owner.post(link)
    assert not User.objects.filter(email="asha@example.com").exists()


def test_two_people_type_the_same_address(client: Client) -> None:
    stranger, owner = Client(), client
    sign_up(stranger, "asha@example.com", password1="stranger-danger")
    sign_up(owner, "asha@example.com")
    first, second = User.objects.filter(contact_email="asha@example.com").order_by("pk")
    owner.post(reverse("account_logout"))
    stranger.post(reverse("account_logout"))
    sign_in(owner, "asha@example.com")
    sign_in(stranger, "asha@example.com", "stranger-danger")
    assert (signed_in_as(owner), signed_in_as(stranger)) == (second.pk, first.pk)

    address = second.emailaddress_set.get()
    owner.post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
    assert User.objects.get(email="asha@example.com") == second
    assert not first.emailaddress_set.exists()
    stranger.post(reverse("account_logout"))
    response = sign_in(stranger, "asha@example.com", "stranger-danger")
    assert response.status_code == 200
    assert signed_in_as(stranger) is None


def test_code_to_a_mailbox_ends_what_a_stranger_typed(client: Client, last_code: Any) -> None:
    stranger = Client()
    sign_up(stranger, "asha@example.com", password1="stranger-danger")
    user = User.objects.get(contact_email="asha@example.com")

    client.post(reverse("account_request_login_code"), {"contact": "Asha@example.com"})
    client.post(reverse("account_confirm_login_code"), {"code": last_code()})
    user.refresh_from_db()
    assert signed_in_as(client) == user.pk
    assert client.get(reverse("account")).status_code == 200
    assert user.email == "asha@example.com"
    assert not user.has_usable_password()
    assert stranger.get(reverse("account")).status_code == 302
    assert sign_in(stranger, "asha@example.com", "stranger-danger").status_code == 200
    assert client.post(reverse("account_set_password"), {"password1": "new-and-mine-42"}).status_code == 302
    assert sign_in(Client(), "asha@example.com", "new-and-mine-42").status_code == 302


def test_code_keeps_the_password_of_who_proved_the_address_before(client: Client, last_code: Any) -> None:
    user = UserFactory()
    client.post(reverse("account_request_login_code"), {"contact": user.email})
    client.post(reverse("account_confirm_login_code"), {"code": last_code()})
    user.refresh_from_db()
    assert signed_in_as(client) == user.pk
    assert user.check_password(PASSWORD)


def test_slip_of_the_pen_hands_nobody_an_account(client: Client) -> None:
    """An account with a proven phone and a mistyped, unproven e-mail address: its reader can't come in over it."""
    user = UserFactory(by_phone=True)
    user.emailaddress_set.create(email="stranger@example.com", verified=False)
    client.post(reverse("account_request_login_code"), {"contact": "stranger@example.com"})
    client.post(reverse("account_reset_password"), {"email": "stranger@example.com"})
    assert [message.subject for message in mail.outbox] == [COME_IN] * 2
    response = client.post(reverse("account_confirm_login_code"), {"code": ""})
    assert signed_in_as(client) is None
    assert response.status_code == 200


def test_guest_of_a_checkout_is_nobody_to_sign_in_as(client: Client) -> None:
    owner = UserFactory()
    guest = UserFactory(contact_only=True, contact_email=owner.email)
    client.post(reverse("account_reset_password"), {"email": owner.email})
    link = mailed_link("/password/reset/key/")
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": SECRET})
    owner.refresh_from_db()
    guest.refresh_from_db()
    assert owner.check_password(SECRET)
    assert not guest.has_usable_password()
    sign_in(client, owner.email)
    assert signed_in_as(client) == owner.pk


def test_contact_only_person_gets_no_link(client: Client) -> None:
    guest = UserFactory(contact_only=True)
    client.post(reverse("account_reset_password"), {"email": guest.contact_email})
    assert mail.outbox[-1].subject == COME_IN
    assert "/accounts/signup/" in str(mail.outbox[-1].body)


def test_reset_proves_the_mailbox_of_a_person_who_proved_nothing(client: Client) -> None:
    stranger = Client()
    sign_up(stranger, "asha@example.com", password1="stranger-danger")
    user = User.objects.get(contact_email="asha@example.com")
    client.post(reverse("account_reset_password"), {"email": "asha@example.com"})
    page = client.get(mailed_link("/password/reset/key/"), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": SECRET})
    user.refresh_from_db()
    assert user.email == "asha@example.com"
    assert user.check_password(SECRET)
    assert stranger.get(reverse("account")).status_code == 302


def test_sign_up_by_phone_needs_the_code(client: Client, texts: Any, last_code: Any, events: Any) -> None:
    response = sign_up(client, "98123 45678")
    assert response["Location"] == reverse("account_verify_phone")
    assert signed_in_as(client) is None
    assert texts[-1][0] == "+919812345678"
    user = User.objects.get(contact_phone="+919812345678")
    wrong = "000000" if last_code() != "000000" else "111111"
    assert client.post(reverse("account_verify_phone"), {"code": wrong}).status_code == 200
    assert User.objects.filter(phone="+919812345678").count() == 0
    client.post(reverse("account_verify_phone"), {"code": last_code()})
    user.refresh_from_db()
    assert signed_in_as(client) == user.pk
    assert (user.phone, user.contact_phone) == ("+919812345678", "")
    assert events(user.pk) == ["user.registered", "user.device_added", "user.updated", "user.logged_in"]

    client.post(reverse("account_logout"))
    sign_in(client, "+91 98123-45678")
    assert signed_in_as(client) == user.pk


def test_phone_sign_up_goes_on_after_the_browser_was_closed(client: Client, last_code: Any) -> None:
    sign_up(client, "9812345678")
    later = Client()
    cache.clear()
    response = sign_in(later, "9812345678")
    assert response["Location"] == reverse("account_verify_phone")
    later.post(reverse("account_verify_phone"), {"code": last_code()})
    assert signed_in_as(later) == User.objects.get(phone="+919812345678").pk


def test_phone_of_another_is_told_to_that_phone_only(client: Client, texts: Any) -> None:
    owner = UserFactory(by_phone=True)
    before = User.objects.count()
    response = sign_up(client, owner.phone)
    assert response["Location"] == reverse("account_verify_phone")
    assert User.objects.count() == before
    assert "already" in texts[-1][1]
    page = client.get(reverse("account_verify_phone"))
    assert page.status_code == 200
    assert client.post(reverse("account_verify_phone"), {"code": ""}).status_code == 200
    assert signed_in_as(client) is None


def test_five_wrong_passwords_lock_the_contact_for_five_minutes_and_a_code_still_opens(
    client: Client, last_code: Any
) -> None:
    user = UserFactory(email="asha@example.com")
    for _ in range(5):
        wrong = client.post(reverse("account_login"), {"login": "asha@example.com", "password": "not this one"})
        assert "belong together" in wrong.content.decode()
    locked = client.post(reverse("account_login"), {"login": "Asha@Example.com", "password": PASSWORD})
    assert "Wait five minutes and try again, or let us send you a code." in locked.content.decode()
    assert 'value="Asha@Example.com"' in locked.content.decode(), "nothing typed is lost"
    other = UserFactory(email="ravi@example.com")
    assert Client().post(reverse("account_login"), {"login": other.email, "password": PASSWORD}).status_code == 302
    client.post(reverse("account_request_login_code"), {"contact": "asha@example.com"})
    client.post(reverse("account_confirm_login_code"), {"code": last_code()})
    assert int(client.session["_auth_user_id"]) == user.pk


def test_codes_stop_after_three_wrong_ones(client: Client, last_code: Any) -> None:
    sign_up(client, "9812345678")
    code = last_code()
    for _try in range(3):
        client.post(reverse("account_verify_phone"), {"code": "123"})
    client.post(reverse("account_verify_phone"), {"code": code})
    assert signed_in_as(client) is None


def test_known_and_unknown_address_answer_alike() -> None:
    """Sign-up with an address that somebody proved: the page, and the number of queries, are the same."""
    owner = UserFactory()

    def measured(contact: str) -> tuple[Any, int]:
        visitor = Client()
        with CaptureQueriesContext(connection) as queries:
            response = sign_up(visitor, contact)
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
        return (response.status_code, response["Location"], body), len(queries)

    measured("warm-up@example.com")
    unknown, known = measured("nobody@example.com"), measured(owner.email)
    assert known == unknown
    assert [message.subject for message in mail.outbox[-2:]] == [
        f"Welcome to {settings.BRAND_NAME}",
        f"You have an account at {settings.BRAND_NAME}",
    ]
    assert User.objects.get(email=owner.email) == owner


@pytest.mark.parametrize("name", ["account_reset_password", "account_request_login_code"])
def test_known_and_unknown_address_get_the_same_page(name: str) -> None:
    owner = UserFactory()
    answers = []
    for email in (owner.email, "nobody@example.com"):
        response = Client().post(reverse(name), {"email": email, "contact": email}, follow=True)
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
        answers.append((response.redirect_chain, body.replace(email, "…")))
    assert answers[0] == answers[1]
    assert len(mail.outbox) == 2


@pytest.mark.parametrize(
    ("role", "landing"),
    [
        (Role.CUSTOMER, "/"),
        (Role.VENDOR, "/vendor/"),
        (Role.DRIVER, "/driver/"),
        (Role.MANAGER, "/admin/"),
        (Role.ADMIN, "/admin/"),
    ],
)
def test_each_lands_at_their_work(client: Client, role: Role, landing: str) -> None:
    user = UserFactory(role=role)
    assert sign_in(client, user.email, PASSWORD)["Location"] == landing
    client.post(reverse("account_logout"))
    assert sign_in(client, user.email, PASSWORD, next="/account/")["Location"] == "/account/"
    client.post(reverse("account_logout"))
    assert sign_in(client, user.email, PASSWORD, next="https://evil.example")["Location"] == landing


def test_failed_sign_in_is_an_event_and_keeps_what_was_typed(client: Client) -> None:
    user = UserFactory()
    response = sign_in(client, user.email, "wrong-wrong")
    html = response.content.decode()
    assert "don’t belong together" in html.replace("&#x27;", "’")
    assert f'value="{user.email}"' in html
    assert "wrong-wrong" not in html
    sign_in(client, "nobody@example.com", "wrong-wrong")
    assert [(event.subject, event.data) for event in Event.objects.named("user.login_failed").order_by("id")] == [
        (f"user:{user.pk}", {"user_id": user.pk}),
        ("guest", {"user_id": None}),
    ]


def test_inactive_person_is_not_let_in(client: Client) -> None:
    user = UserFactory(is_active=False)
    assert sign_in(client, user.email, PASSWORD)["Location"] == reverse("account_inactive")
    client.post(reverse("account_request_login_code"), {"contact": user.email})
    assert signed_in_as(client) is None
    assert mail.outbox[-1].subject == COME_IN


def test_back_office_sends_to_the_one_sign_in(client: Client) -> None:
    assert client.get("/admin/login/?next=/admin/orders/")["Location"] == "/accounts/login/?next=/admin/orders/"
    client.force_login(UserFactory())
    assert client.get("/admin/login/").status_code == 403
    assert Event.objects.named("access.denied").count() == 1
    client.force_login(UserFactory(role=Role.MANAGER))
    assert client.get("/admin/login/")["Location"] == "/admin/"


def test_demo_people_are_listed_in_the_demo_only(client: Client, settings: Any) -> None:
    assert "household@example.com" not in client.get(reverse("account_login")).content.decode()
    settings.MILK_ENV = "demo"
    html = client.get(reverse("account_login")).content.decode()
    assert all(f"{who}@example.com" in html for who in ("household", "vendor", "driver", "manager", "admin"))


def test_change_of_address(client: Client) -> None:
    user = UserFactory()
    former = user.email
    sign_in(client, user.email, PASSWORD)
    asked = client.post(reverse("account_email"), {"email": "New@example.com", "action_add": "1"})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    client.post(asked["Location"], {"password": PASSWORD})
    user.refresh_from_db()
    assert user.email == former
    client.post(mailed_link("/confirm-email/"))
    user.refresh_from_db()
    assert user.email == "new@example.com"
    assert [address.email for address in user.emailaddress_set.all()] == ["new@example.com"]
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([former], "Your e-mail address was changed")


def test_change_of_phone(client: Client, last_code: Any) -> None:
    user = UserFactory()
    sign_in(client, user.email, PASSWORD)
    asked = client.post(reverse("account_change_phone"), {"phone": "98123 45678"})
    response = client.post(asked["Location"], {"password": PASSWORD})
    assert response["Location"] == reverse("account_verify_phone")
    client.post(reverse("account_verify_phone"), {"code": last_code()})
    user.refresh_from_db()
    assert (user.email is not None, user.phone) == (True, "+919812345678")


def test_change_of_password_signs_out_elsewhere(client: Client) -> None:
    user = UserFactory()
    elsewhere = Client()
    for browser in (client, elsewhere):
        sign_in(browser, user.email, PASSWORD)
    wrong = client.post(reverse("account_change_password"), {"oldpassword": "no", "password1": SECRET})
    assert wrong.status_code == 200
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": SECRET})
    assert client.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302
    assert mail.outbox[-1].subject == "Your password was changed"


def test_forgotten_password_after_a_code_by_phone(client: Client, last_code: Any) -> None:
    user = UserFactory(by_phone=True)
    client.post(reverse("account_request_login_code"), {"contact": user.phone})
    client.post(reverse("account_confirm_login_code"), {"code": last_code()})
    client.post(reverse("account_change_password"), {"password1": SECRET})
    user.refresh_from_db()
    assert user.check_password(SECRET)


def test_password_of_a_guest_opens_their_typed_address(client: Client) -> None:
    guest = UserFactory(contact_only=True)
    client.force_login(guest)
    client.post(reverse("account_set_password"), {"password1": SECRET})
    visitor = Client()
    sign_in(visitor, guest.contact_email)
    assert signed_in_as(visitor) == guest.pk


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"contact": "asha@"}, "not complete"),
        ({"contact": "12"}, "phone number such as"),
        ({"contact": "a\0@example.com"}, "Null characters"),
        ({"contact": "x" * 250 + "@example.com"}, "at most 254"),
        ({"name": "A"}, "at least two letters"),
        ({"name": "x" * 255}, "at most 120"),
        ({"name": "  "}, "at least two letters"),
        ({"name": "Asha\0"}, "Null characters"),
        ({"password1": "short"}, "too short"),
        ({"password1": "12345678901"}, "entirely numeric"),
        ({"password1": "password123"}, "too common"),
        ({"password1": "asha@example.com"}, "too similar"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client: Client, fields: dict[str, str], words: str) -> None:
    typed = {"name": "Asha Rao", "contact": "asha@example.com", "password1": SECRET, **fields}
    response = client.post(reverse("account_signup"), typed)
    html = response.content.decode()
    assert response.status_code == 200
    assert words in html
    assert not User.objects.exists()
    for name in ("name", "contact"):
        if typed[name].strip() and "\0" not in typed[name]:
            assert f'value="{typed[name]}"' in html


@pytest.mark.parametrize("name", ["आशा राव", "عائشة", "Asha 🥛 Rao", "שרה כהן", "x" * 120])
def test_names_in_any_script(client: Client, name: str) -> None:
    sign_up(client, "asha@example.com", name=name)
    assert User.objects.get().name == name
    assert client.get(reverse("account")).status_code == 200


def test_second_tap_on_the_same_form_makes_one_person(client: Client) -> None:
    page = client.get(reverse("account_signup")).content.decode()
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    again = Client()
    for browser in (client, again):
        assert sign_up(browser, "asha@example.com", form_key=found[1])["Location"] == "/"
    user = User.objects.get()
    assert signed_in_as(client) == signed_in_as(again) == user.pk
    other = Client()
    assert sign_up(other, "asha@example.com", form_key=found[1], password1="not-the-same-1")["Location"] == "/"
    assert User.objects.count() == 2


def test_expired_session_comes_back_to_where_it_was(client: Client) -> None:
    user = UserFactory()
    asked = client.get("/account/addresses/new/?pincode=560038")
    assert asked["Location"] == "/accounts/login/?next=/account/addresses/new/%3Fpincode%3D560038"
    page = client.get(asked["Location"]).content.decode()
    assert 'name="next" value="/account/addresses/new/?pincode=560038"' in page
    response = sign_in(client, user.email, PASSWORD, next="/account/addresses/new/?pincode=560038")
    assert response["Location"] == "/account/addresses/new/?pincode=560038"


def test_known_and_unknown_hash_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes the time is the hash: one is computed whether or not the person exists."""
    owner, guest = UserFactory(), UserFactory(contact_only=True)
    hashes: list[str] = []
    plain = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashes.append(password)
        return plain(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    for login in (owner.email, guest.contact_email, "nobody@example.com", "+919812345678"):
        hashes.clear()
        sign_in(client, login, "wrong-wrong")
        assert hashes == ["wrong-wrong"]
    phone = UserFactory(by_phone=True).phone
    for contact in (phone, "+919812345679"):
        hashes.clear()
        sign_up(Client(), contact)
        assert hashes == [SECRET]
