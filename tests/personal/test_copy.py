"""Whoever asks gets everything that is kept of them, and nobody else gets any of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from milkdelivery.core.actors import Role
from milkdelivery.core.personal import as_json, everything_about, sections
from orders.models import Order
from tests.accounts.test_api import as_app
from tests.factories.accounts import PASSWORD, UserFactory
from tests.personal.lives import MARKS, Life, live

pytestmark = pytest.mark.django_db(transaction=True)

NOT_TOLD = {
    "cart.Checkout": "the workflow of an order; what came of it stands with the order",
    "cart.CheckoutStep": "the same",
    "orders.Hold": "would show how to pass the screening; that it was and when stands in the history",
    "orders.VendorAnswer": "between a dairy and us; what came of it stands with the line",
    "payments.Webhook": "the same facts in a gateway's words; they stand with the payment",
    "deliveries.Driver": "a colleague's work",
    "deliveries.DriverAction": "a colleague's work; what came of it stands with the delivery",
    "core.IdempotencyKey": "answers that were given already, for a day",
    "admin.LogEntry": "which form a colleague sent; what it changed stands with the profile",
    "accounts.User_user_permissions": "empty: what people may do hangs on their role",
    "account.EmailConfirmation": "keys under way to a mailbox",
    "vendors.Vendor": "a business, not a person",
    "vendors.HistoricalVendor": "the same",
}
"""Kinds of records that have to do with people and are not in the copy, and why."""

PERSONAL = ("email", "phone", "contact", "ip", "user_agent", "address")


def has_to_do_with_people(model: Any) -> bool:
    label = model._meta.label
    if label.startswith(("catalog.Historical", "core.Region", "payments.Seller", "deliveries.Hub")):
        return False  # who of the staff changed an article; places of ours
    columns = model._meta.concrete_fields
    if any(field.name in PERSONAL and not field.is_relation for field in columns):
        return True
    to_people = {User._meta.label, "orders.Order", "deliveries.Delivery"}
    targets = {field.related_model._meta.label for field in columns if field.is_relation}
    by_staff = {"created_by", "updated_by"} >= {field.name for field in columns if field.related_model is User}
    return bool(targets & to_people) and not (targets & to_people == {User._meta.label} and by_staff)


def test_every_kind_of_record_about_people_is_told_or_says_why_not() -> None:
    told = {model._meta.label for section in sections() for model in section.models}
    about_people = {m._meta.label for m in apps.get_models(include_auto_created=True) if has_to_do_with_people(m)}
    assert about_people - told - set(NOT_TOLD) == set()
    assert set(NOT_TOLD) & told == set()
    assert set(NOT_TOLD) <= {model._meta.label for model in apps.get_models(include_auto_created=True)}


@pytest.fixture
def life() -> Life:
    cache.clear()
    return live()


def test_the_copy_holds_what_was_kept(life: Life) -> None:
    copy = json.loads(as_json(everything_about(life.person.pk)))
    text = json.dumps(copy, ensure_ascii=False).lower()
    from_others = {"owes her neighbour"}  # a form of the back office
    assert [mark for mark in MARKS if mark not in text and mark not in from_others] == []
    assert {name for name, section in copy.items() if not section} == {"works_for", "daily_report", "promotions"}
    by_number = {order["number"]: order for order in copy["orders"]}
    assert by_number[life.delivered.number]["status"] == "DELIVERED"
    assert by_number[life.delivered.number]["grand_total"]["currency"] == "INR"
    assert by_number[life.cancelled.number]["history"][-1]["reason"].startswith("Cancer treatment")
    assert copy["wallets"][0]["statement"]
    assert copy["invoices"][0]["document"]


def test_the_copy_gives_no_secret_away_and_nobody_else(life: Life) -> None:
    text = as_json(everything_about(life.person.pk)).decode()
    assert life.person.password not in text
    assert "tok_success" not in text
    assert "Meena Manager" not in text
    assert str(life.manager.email) not in text
    session_key = life.person.usersession_set.get().session_key
    assert session_key not in text
    other = as_json(everything_about(UserFactory().pk)).decode().lower()
    assert [mark for mark in MARKS if mark in other] == []


def test_questions_do_not_grow_with_what_there_is(life: Life) -> None:
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            everything_about(life.person.pk)
        counts.append(len(asked))
        for order in list(Order.objects.of(life.person.pk)):
            order.pk = None
            order.save()
            order.status_changes.create(to_status="CREATED", actor="system:tests", occurred_at=order.placed_at)
    assert counts[0] == counts[1]


def fresh_client() -> Client:
    browser = Client()
    browser.post(reverse("account_login"), {"login": "zubeida.qureshi@household.example", "password": PASSWORD})
    return browser


def test_the_page_gives_a_file_with_photos(life: Life) -> None:
    browser = fresh_client()
    assert b"Download everything" in browser.get(reverse("account_data")).content
    answer = browser.get(reverse("account_copy"))
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:  # type: ignore[attr-defined]
        assert json.loads(packed.read("data.json"))["profile"]["name"] == "Zubeida Qureshi"
        photos = [name for name in packed.namelist() if name.startswith("claims/")]
        assert [packed.read(name) for name in photos] == [b"a picture"]
    answer.close()


def test_a_session_left_open_asks_for_the_password_first(life: Life) -> None:
    browser = Client()
    browser.force_login(life.person)
    answer = browser.get(reverse("account_copy"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    back = browser.post(answer["Location"], {"password": PASSWORD, "next": f"{reverse('account_data')}?ready=1"})
    assert back["Location"] == f"{reverse('account_data')}?ready=1"
    assert b"Now press again" in browser.get(back["Location"]).content
    given = browser.get(reverse("account_copy"))
    assert given["Content-Type"] == "application/zip"
    given.close()


def test_who_has_no_password_signs_in_by_code_again(life: Life) -> None:
    User.objects.filter(pk=life.person.pk).update(password="!")
    browser = Client()
    browser.force_login(User.objects.get(pk=life.person.pk))
    page = browser.get(reverse("account_copy"))
    assert b"Send me a code" in page.content
    answer = browser.post(reverse("account_sign_in_again"), {"next": reverse("account_data")})
    assert answer["Location"].startswith(reverse("account_request_login_code"))
    assert browser.get(reverse("account_data")).status_code == 302


def test_the_api_gives_the_same_to_a_fresh_sign_in(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    app = as_app(life.person)
    answer = app.call("get", "/api/v1/users/me/export/")
    assert answer.status_code == 200
    assert answer.json()["profile"]["email"] == life.person.email
    assert answer["Cache-Control"] == "no-store"
    monkeypatch.setattr("allauth.account.app_settings.AppSettings.REAUTHENTICATION_TIMEOUT", 0)
    refused = app.call("get", "/api/v1/users/me/export/")
    assert (refused.status_code, refused.json()["code"]) == (403, "reauthentication_required")


def test_copies_are_not_made_without_end(life: Life) -> None:
    app = as_app(life.person)
    answers = [app.call("get", "/api/v1/users/me/export/").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_a_colleague_gets_no_record_of_their_work_at_others() -> None:
    driver = UserFactory(role=Role.DRIVER)
    copy = everything_about(driver.pk)
    assert copy["profile"]["role"] == "DRIVER"
