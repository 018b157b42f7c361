"""Sign-in and people in the mobile API."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.models import Address, Device, User
from accounts.signin.check import send_proof
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Region
from tests.factories.accounts import (
    PASSWORD,
    AddressFactory,
    AdminFactory,
    DeviceFactory,
    DriverUserFactory,
    ManagerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

AUTH = "/api/v1/auth/app/v1"
SECRET = "curd-at-noon"
PHONE_KEY = "7f0c6a34-9a5e-4b57-8a62-1f3f6a1d2b3c"
JSON = "application/json"


class App:
    """The mobile app: its device id, and whatever tokens it was given."""

    def __init__(self, device: str = PHONE_KEY) -> None:
        self.client = Client(headers={"X-Device-Id": device, "User-Agent": "okhttp/4.12.0"})
        self.headers: dict[str, str] = {}
        self.refresh_token = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        call = getattr(self.client, method)
        return (
            call(path, body, content_type=JSON, headers=self.headers)
            if body is not None
            else call(path, headers=self.headers)
        )

    def keep(self, response: Any) -> Any:
        meta = response.json().get("meta", {})
        if token := meta.get("access_token"):
            self.headers = {"Authorization": f"Bearer {token}"}
            self.refresh_token = meta["refresh_token"]
        elif token := meta.get("session_token"):
            self.headers = {"X-Session-Token": token}
        return response

    def sign_in(self, user: User, password: str = PASSWORD) -> Any:
        contact = {"email": user.contact} if "@" in user.contact else {"phone": user.contact}
        return self.keep(self.call("post", f"{AUTH}/auth/login", {**contact, "password": password}))


def as_app(user: User) -> App:
    app = App()
    assert app.sign_in(user).status_code == 200
    return app


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_sign_up_in_the_app() -> None:
    app = App()
    body = {"name": "Asha Rao", "email": "Asha@Example.com", "password": SECRET}
    response = app.keep(app.call("post", f"{AUTH}/auth/signup", body))
    assert response.status_code == 200
    user = User.objects.get(contact_email="asha@example.com")
    assert response.json()["data"]["user"] == {
        "id": user.pk,
        "display": "Asha Rao",
        "name": "Asha Rao",
        "contact": "asha@example.com",
        "role": "CUSTOMER",
        "has_usable_password": True,
        "is_profile_complete": False,
        "needs_name": False,
        "needs_address": True,
        "show_profile_nudge": True,
    }
    assert app.call("get", "/api/v1/users/me/").json()["profile_gaps"] == ["address"]
    device = Device.objects.get(user=user)
    assert (str(device.key), device.browser) == (PHONE_KEY, "okhttp")


def test_sign_up_by_phone_in_the_app(last_code: Any) -> None:
    app = App()
    body = {"name": "Asha Rao", "phone": "098123 45678", "password": SECRET}
    response = app.keep(app.call("post", f"{AUTH}/auth/signup", body))
    assert response.status_code == 401
    assert {"id": "verify_phone", "is_pending": True} in response.json()["data"]["flows"]
    response = app.keep(app.call("post", f"{AUTH}/auth/phone/verify", {"code": last_code()}))
    assert response.status_code == 200
    assert response.json()["data"]["user"]["phone"] == "+919812345678"
    assert app.call("get", "/api/v1/users/me/").status_code == 200


def test_refresh_rotates_and_a_used_token_is_refused() -> None:
    app = as_app(UserFactory())
    first = app.refresh_token
    rotated = app.call("post", f"{AUTH}/tokens/refresh", {"refresh_token": first})
    assert rotated.status_code == 200
    pair = rotated.json()["data"]
    assert app.call("post", f"{AUTH}/tokens/refresh", {"refresh_token": first}).status_code == 400
    app.headers = {"Authorization": f"Bearer {pair['access_token']}"}
    assert app.call("get", "/api/v1/users/me/").status_code == 200
    again = app.call("post", f"{AUTH}/tokens/refresh", {"refresh_token": pair["refresh_token"]})
    assert again.status_code == 200


def test_signing_out_ends_the_tokens() -> None:
    app = as_app(UserFactory())
    assert app.call("delete", f"{AUTH}/auth/session").status_code == 401
    assert app.call("get", "/api/v1/users/me/").status_code == 401
    app.headers = {}
    assert app.call("post", f"{AUTH}/tokens/refresh", {"refresh_token": app.refresh_token}).status_code == 400


def test_revoking_a_device_ends_its_tokens_and_no_others() -> None:
    user = UserFactory()
    lost, kept = App(PHONE_KEY), App("0b7f3f6e-54b4-4f49-9d5b-c8a1f8f3e001")
    for app in (lost, kept):
        app.sign_in(user)
    devices = kept.call("get", "/api/v1/users/me/devices/").json()["results"]
    assert [device["is_current"] for device in devices] == [True, False]
    path = f"/api/v1/users/me/devices/{devices[1]['id']}/"
    assert kept.call("delete", path).status_code == 204
    assert kept.call("delete", path).status_code == 204
    assert lost.call("get", "/api/v1/users/me/").status_code == 401
    lost.headers = {}
    assert lost.call("post", f"{AUTH}/tokens/refresh", {"refresh_token": lost.refresh_token}).status_code == 400
    assert kept.call("get", "/api/v1/users/me/").status_code == 200
    assert len(kept.call("get", "/api/v1/users/me/devices/").json()["results"]) == 1
    lost.sign_in(user)
    assert Device.objects.filter(user=user, revoked_at=None).count() == 2


def test_new_password_ends_the_tokens() -> None:
    user = UserFactory()
    app, other = as_app(user), as_app(user)
    response = other.call(
        "post", f"{AUTH}/account/password/change", {"current_password": PASSWORD, "new_password": SECRET}
    )
    assert response.status_code == 200
    assert app.call("get", "/api/v1/users/me/").status_code == 401


def test_guest_gets_401_and_a_problem_document() -> None:
    response = App().call("get", "/api/v1/users/me/")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == "Bearer"


def test_what_tells_of_a_person_stays_out_of_shared_caches() -> None:
    app = as_app(UserFactory())
    for path in ("users/me/", "users/me/addresses/", "users/me/devices/", "orders/", "orders/M0000000/"):
        assert "private" in app.call("get", f"/api/v1/{path}")["Cache-Control"], path
    assert "private" in App().call("get", "/api/v1/users/me/")["Cache-Control"]


@pytest.mark.parametrize(
    "body", ["{", "[]", '"x"', '{"email": "\\u0000", "password": "x"}', '{"email": "a@b.in", "password": "\\ud800"}']
)
def test_malformed_bodies_of_sign_in(body: str) -> None:
    response = Client().post(f"{AUTH}/auth/login", body, content_type=JSON)
    assert response.status_code == 400
    assert response.json()["status"] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"email": "asha@"},
        {"email": None},
        {"email": ""},
        {"name": ""},
        {"name": "x" * 255},
        {"password": "short"},
        {"password": "asha@example.com"},
        {"phone": "12", "email": ""},
    ],
)
def test_what_is_wrong_with_a_sign_up(change: dict[str, Any]) -> None:
    body = {"name": "Asha Rao", "email": "asha@example.com", "password": SECRET, **change}
    response = Client().post(f"{AUTH}/auth/signup", body, content_type=JSON)
    assert response.status_code == 400
    assert response.json()["errors"]
    assert not User.objects.exists()


def test_code_of_an_unproven_address_ends_what_a_stranger_typed(last_code: Any) -> None:
    stranger, owner = App(), App("0b7f3f6e-54b4-4f49-9d5b-c8a1f8f3e001")
    body = {"name": "Stranger", "email": "asha@example.com", "password": SECRET}
    stranger.keep(stranger.call("post", f"{AUTH}/auth/signup", body))
    owner.keep(owner.call("post", f"{AUTH}/auth/code/request", {"email": "asha@example.com"}))
    response = owner.keep(owner.call("post", f"{AUTH}/auth/code/confirm", {"code": last_code()}))
    assert response.status_code == 200
    assert response.json()["data"]["user"]["email"] == "asha@example.com"
    assert response.json()["data"]["user"]["has_usable_password"] is False
    assert stranger.call("get", "/api/v1/users/me/").status_code == 401
    assert owner.call("get", "/api/v1/users/me/").status_code == 200


def test_link_alone_proves_nothing_in_the_app() -> None:
    stranger = App()
    body = {"name": "Stranger", "email": "asha@example.com", "password": SECRET}
    stranger.keep(stranger.call("post", f"{AUTH}/auth/signup", body))
    key = str(mail.outbox[-1].body).split("/confirm-email/")[1].split("/")[0]
    assert App().call("post", f"{AUTH}/auth/email/verify", {"key": key}).status_code == 401
    other = as_app(UserFactory())
    assert other.call("post", f"{AUTH}/auth/email/verify", {"key": key}).status_code == 403
    assert not User.objects.filter(email="asha@example.com").exists()
    assert stranger.call("post", f"{AUTH}/auth/email/verify", {"key": key}).status_code == 200
    assert User.objects.filter(email="asha@example.com").exists()


def test_proven_address_is_not_given_up_in_the_app() -> None:
    app = as_app(user := UserFactory())
    app.call("post", f"{AUTH}/auth/reauthenticate", {"password": PASSWORD})
    assert app.call("delete", f"{AUTH}/account/email", {"email": user.email}).status_code == 400
    assert user.emailaddress_set.filter(verified=True).exists()


# -- the account check -----------------------------------------------------------------------------------------------


def check(contact: Any) -> Any:
    return Client().post("/api/v1/users/check/", {"contact": contact}, content_type=JSON)


def answer_checks() -> None:
    """What the worker does with what waits."""
    for job in OrmQ.objects.all():
        task = job.task
        assert task["func"] == "accounts.signin.check.send_proof"
        send_proof(*task["args"])
        send_proof(*task["args"])
        job.delete()


def test_account_check_tells_a_stranger_nothing() -> None:
    user = UserFactory()
    answers, counts = [], []
    check("warm-up@example.com")
    for contact in (user.email, "nobody@example.com"):
        with CaptureQueriesContext(connection) as queries:
            response = check(contact)
        answers.append((response.status_code, response.json(), sorted(response.headers)))
        counts.append(len(queries))
    assert answers[0] == answers[1] == (200, {"next": "prove"}, answers[0][2])
    assert counts[0] == counts[1]
    assert mail.outbox == []  # nothing is looked up or sent before the worker does it


def test_account_check_takes_the_same_time() -> None:
    user = UserFactory()
    check("warm-up@example.com")
    spent: dict[str, list[float]] = {user.email or "": [], "nobody@example.com": []}
    for _round in range(15):
        for contact, times in spent.items():
            cache.clear()
            started = time.perf_counter()
            check(contact)
            times.append(time.perf_counter() - started)
    known, unknown = (sorted(times)[len(times) // 2] for times in spent.values())
    assert 0.5 < known / unknown < 2


def test_message_of_the_check_differs_and_the_code_signs_in(last_code: Any) -> None:
    user = UserFactory()
    session = check(user.email.upper())["X-Session-Token"]
    nobody = check("nobody@example.com")["X-Session-Token"]
    answer_checks()
    assert sorted(message.to[0] for message in mail.outbox) == ["nobody@example.com", user.email]
    sent = {message.to[0]: message for message in mail.outbox}
    assert sent["nobody@example.com"].subject == f"Come in: {settings.BRAND_NAME}"
    assert f"{settings.SITE_URL}/accounts/signup/" in str(sent["nobody@example.com"].body)
    code = str(sent[user.email].subject)[:6]
    app = App()
    app.headers = {"X-Session-Token": nobody}
    assert app.call("post", f"{AUTH}/auth/code/confirm", {"code": code}).status_code == 400
    app.headers = {"X-Session-Token": session}
    response = app.keep(app.call("post", f"{AUTH}/auth/code/confirm", {"code": code}))
    assert response.status_code == 200
    assert response.json()["data"]["user"]["id"] == user.pk


def test_account_check_by_phone(texts: Any) -> None:
    user = UserFactory(by_phone=True)
    check(user.phone)
    check("98765 43210")
    answer_checks()
    assert [number for number, _words in texts] == [user.phone, "+919876543210"]
    assert "is your code" in texts[0][1]
    assert "Sign up" in texts[1][1]


@pytest.mark.parametrize("contact", ["", "   ", "asha@", "12", "x" * 300, None, 5, {"a": 1}, ["x"]])
def test_account_check_of_nonsense(contact: Any) -> None:
    response = check(contact)
    assert response.status_code == 400
    assert response.json()["errors"]["contact"]


def test_account_check_is_throttled_per_contact_however_spelled() -> None:
    spellings = ["98123 45678", "+919812345678", "09812345678", "+91 98123 45678", "9812345678"]
    assert [check(contact).status_code for contact in spellings] == [200] * 5
    response = check("9812345678")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert check("9812345679").status_code == 200


def test_account_check_is_throttled_per_address() -> None:
    statuses = [check(f"person{number}@example.com").status_code for number in range(21)]
    assert statuses == [200] * 20 + [429]


# -- people ----------------------------------------------------------------------------------------------------------


def test_guest_signs_up_under_users() -> None:
    app = App()
    body = {"name": "Asha Rao", "email": "asha@example.com", "password": SECRET}
    response = app.keep(app.call("post", "/api/v1/users/", body))
    assert response.status_code == 200
    assert app.call("get", "/api/v1/users/me/").json()["contact_email"] == "asha@example.com"
    malformed = Client().post("/api/v1/users/", '{"name": "\\u0000"}', content_type=JSON)
    assert (malformed.status_code, malformed.json()["code"]) == (400, "character_not_allowed")


def test_admin_makes_a_person(events: Any) -> None:
    app = as_app(AdminFactory())
    response = app.call("post", "/api/v1/users/", {"name": "Ravi", "phone": "98123 45678", "role": "DRIVER"})
    assert response.status_code == 201
    assert (response.json()["role"], response.json()["contact_phone"]) == ("DRIVER", "+919812345678")
    assert events(response.json()["id"]) == ["user.registered", "user.role_changed"]
    missing = app.call("post", "/api/v1/users/", {"name": "Ravi"})
    assert missing.status_code == 400


@pytest.mark.parametrize("factory", [UserFactory, DriverUserFactory, ManagerFactory])
def test_only_admins_list_make_and_close_people(factory: Any) -> None:
    app, other = as_app(factory()), UserFactory()
    assert app.call("get", "/api/v1/users/").status_code == 403
    assert app.call("post", "/api/v1/users/", {"name": "Ravi", "email": "r@example.com"}).status_code == 403
    assert app.call("delete", f"/api/v1/users/{other.pk}/").status_code in (403, 404)
    other.refresh_from_db()
    assert other.is_active


def test_admin_lists_people_in_a_constant_number_of_queries() -> None:
    app = as_app(AdminFactory())
    counts = []
    for more in (1, 5):
        UserFactory.create_batch(more)
        with CaptureQueriesContext(connection) as queries:
            response = app.call("get", "/api/v1/users/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(response.json()["results"]) == 7
    assert app.call("get", "/api/v1/users/?role=ADMIN").json()["results"][0]["role"] == "ADMIN"
    assert app.call("get", "/api/v1/users/?q=nobody-is-called-so").json()["results"] == []


def test_closing_a_person_ends_their_tokens(events: Any) -> None:
    admin, person = as_app(AdminFactory()), UserFactory()
    theirs = App("0b7f3f6e-54b4-4f49-9d5b-c8a1f8f3e001")
    theirs.sign_in(person)
    assert admin.call("delete", f"/api/v1/users/{person.pk}/").status_code == 204
    assert theirs.call("get", "/api/v1/users/me/").status_code == 401
    assert theirs.sign_in(person).status_code == 401
    assert events(person.pk)[-1] == "user.deactivated"


def test_last_admin_stays() -> None:
    admin = AdminFactory()
    app = as_app(admin)
    response = app.call("delete", f"/api/v1/users/{admin.pk}/")
    assert (response.status_code, response.json()["code"]) == (409, "last_admin")
    response = app.call("put", f"/api/v1/users/{admin.pk}/", {"name": "Owner", "role": "CUSTOMER"})
    assert response.status_code == 409
    assert User.objects.get(pk=admin.pk).role == Role.ADMIN


def test_oneself_and_others() -> None:
    user, other = UserFactory(), UserFactory()
    app = as_app(user)
    assert app.call("get", f"/api/v1/users/{user.pk}/").json()["id"] == user.pk
    assert app.call("get", f"/api/v1/users/{other.pk}/").status_code == 404
    assert app.call("put", f"/api/v1/users/{other.pk}/", {"name": "Mine now"}).status_code == 404
    assert app.call("get", "/api/v1/users/99999999999999999999999/").status_code == 404
    assert app.call("put", f"/api/v1/users/{user.pk}/", {"name": "  Asha   R  "}).json()["name"] == "Asha R"
    assert app.call("put", f"/api/v1/users/{user.pk}/", {"name": "Asha", "role": "ADMIN"}).status_code == 403
    staff = as_app(ManagerFactory())
    assert staff.call("get", f"/api/v1/users/{other.pk}/").status_code == 200
    assert staff.call("put", f"/api/v1/users/{other.pk}/", {"name": "Other", "role": "ADMIN"}).status_code == 403
    other.refresh_from_db()
    assert other.role == Role.CUSTOMER


def test_changing_oneself() -> None:
    app = as_app(user := UserFactory(name=""))
    before = app.call("get", "/api/v1/users/me/").json()
    assert (before["profile_gaps"], before["show_profile_nudge"]) == (["name", "address"], True)
    after = app.call("patch", "/api/v1/users/me/", {"name": "Asha", "profile_nudge_shown": True}).json()
    assert (after["name"], after["profile_gaps"], after["show_profile_nudge"]) == ("Asha", ["address"], False)
    user.refresh_from_db()
    shown = user.profile_completion_prompted_at
    app.call("patch", "/api/v1/users/me/", {"profile_nudge_shown": True, "role": "ADMIN", "email": "x@example.com"})
    user.refresh_from_db()
    assert user.profile_completion_prompted_at == shown
    assert (user.role, user.email != "x@example.com") == (Role.CUSTOMER, True)
    assert app.call("patch", "/api/v1/users/me/", {"name": "x" * 121}).status_code == 400
    assert app.call("patch", "/api/v1/users/me/", {"name": "Asha\ud800"}).status_code == 400


DOOR = {"line1": "12 Temple Road", "city": "Bengaluru", "pincode": "560 038", "flat": "4B"}


def test_addresses(home_region: Region) -> None:
    app = as_app(user := UserFactory(name=""))
    first = app.call("post", "/api/v1/users/me/addresses/", {**DOOR, "name": "Asha"})
    assert first.status_code == 201
    assert (first.json()["pincode"], first.json()["is_default"], first.json()["country"]) == ("560038", True, "IN")
    assert User.objects.get(pk=user.pk).name == "Asha"
    second = app.call("post", "/api/v1/users/me/addresses/", {**DOOR, "label": "Parents", "is_default": True}).json()
    listed = app.call("get", "/api/v1/users/me/addresses/").json()["results"]
    assert [(address["label"], address["is_default"]) for address in listed] == [("Parents", True), ("", False)]
    path = f"/api/v1/users/me/addresses/{second['id']}/"
    assert app.call("patch", path, {"landmark": "🛕 temple"}).json()["landmark"] == "🛕 temple"
    assert app.call("patch", path, {"is_default": False}).json()["is_default"] is True
    assert app.call("put", path, {"line1": "x"}).status_code == 400
    assert app.call("delete", path).status_code == 204
    assert app.call("get", path).status_code == 404
    assert app.call("get", f"/api/v1/users/me/addresses/{first.json()['id']}/").json()["is_default"] is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pincode", "12"),
        ("pincode", "ABCDEF"),
        ("line1", ""),
        ("line1", "x" * 255),
        ("city", "x" * 255),
        ("latitude", "91234567"),
        ("instructions", "x" * 256),
    ],
)
def test_address_that_is_wrong(home_region: Region, field: str, value: str) -> None:
    app = as_app(UserFactory())
    response = app.call("post", "/api/v1/users/me/addresses/", {**DOOR, field: value})
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]
    assert not Address.objects.exists()


def test_what_is_somebody_elses_does_not_exist(home_region: Region) -> None:
    app = as_app(UserFactory())
    address, device = AddressFactory(), DeviceFactory()
    path = f"/api/v1/users/me/addresses/{address.pk}/"
    assert app.call("get", path).status_code == 404
    assert app.call("put", path, DOOR).status_code == 404
    assert app.call("delete", path).status_code == 404
    assert app.call("delete", f"/api/v1/users/me/devices/{device.pk}/").status_code == 404
    address.refresh_from_db()
    device.refresh_from_db()
    assert (address.is_deleted, device.revoked_at) == (False, None)


def test_preferences() -> None:
    app = as_app(UserFactory())
    path = "/api/v1/users/me/preferences/"
    assert app.call("get", path).json()["slot"] == "MORNING"
    quiet = {"quiet_from": "23:00", "quiet_until": "05:00"}
    changed = app.call("patch", path, {"slot": "EVENING", "channels": {"ORDERS": ["SMS", "PUSH", "SMS"]}, **quiet})
    assert (changed.status_code, changed.json()["slot"]) == (200, "EVENING")
    app.call("patch", path, {"channels": {"MONEY": ["SMS"]}})
    kept = app.call("get", path).json()
    assert kept["channels"] == {"ORDERS": ["PUSH", "SMS"], "MONEY": ["SMS"]}, "one by one"
    assert {row["group"]: row["channels"] for row in kept["groups"]} == {
        "ORDERS": ["IN_APP", "PUSH", "SMS"],
        "DELIVERIES": ["EMAIL", "IN_APP", "PUSH"],
        "MONEY": ["IN_APP", "SMS"],
        "SECURITY": ["EMAIL", "IN_APP"],
    }
    assert [row["can_be_switched_off"] for row in kept["groups"]] == [True, True, False, False]
    refused: tuple[dict[str, Any], ...] = (
        {"channels": {"PROMOTION": ["EMAIL"]}},
        {"channels": {"SECURITY": []}},
        {"channels": {"ORDERS": ["PIGEON"]}},
        {"channels": {"MONEY": ["PUSH"]}},
        {"channels": ["EMAIL"]},
        {"quiet_from": None},
    )
    for wrong in refused:
        assert app.call("patch", path, wrong).status_code == 400, wrong
    assert app.call("patch", path, {"quiet_from": None, "quiet_until": None}).status_code == 200
    assert app.call("get", path).json()["newsletter_at"] is None
    assert app.call("patch", path, {"slot": "NOON"}).status_code == 400
    assert app.call("patch", path, {"language": "xx"}).status_code == 400
    assert app.call("put", path, {"payment_method": "CARD", "newsletter": True}).json()["newsletter"] is True


# -- the document ----------------------------------------------------------------------------------------------------


def test_document_holds_sign_in_and_is_valid() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    assert f"{AUTH}/auth/login" in schema["paths"]
    assert "role" in schema["components"]["schemas"]["AuthUser"]["properties"]
    operations = [
        operation["operationId"]
        for path in schema["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    assert len(operations) == len(set(operations))
    text = str(schema)
    assert "#/components/schemas/User'" not in text
    assert "_allauth" not in text
