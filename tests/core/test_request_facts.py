"""Where a request comes from, who acts in it, and refusals on record."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from milkdelivery.core.actors import Actor, RequestFacts, Role
from milkdelivery.core.middleware import RefusalMiddleware, RequestFactsMiddleware
from milkdelivery.core.models import Event
from milkdelivery.core.web import DEVICE_COOKIE, actor_of, caller_of, client_ip, facts_of
from tests.factories.accounts import DriverUserFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.sample_api")]

rf = RequestFactory()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (1, "nonsense", None),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_address_is_what_trusted_proxies_say(
    settings: LazySettings, proxies: int, forwarded: str, expected: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_ip(rf.get("/", headers=headers, REMOTE_ADDR="192.0.2.1")) == expected


def test_request_id_is_never_the_client_s_choice(client: Client) -> None:
    forged = "00000000-0000-0000-0000-000000000000"
    answer = client.get("/api/v1/fail/missing/", headers={"X-Request-ID": forged}).json()
    assert answer["request_id"] != forged
    assert str(uuid.UUID(answer["request_id"])) == answer["request_id"]


def test_long_or_odd_browsers_fit() -> None:
    facts = facts_of(rf.get("/", headers={"User-Agent": "Fire\0fox" + "x" * 1_000}))
    assert len(facts.user_agent) == 400
    assert "\0" not in facts.user_agent


def answer_with(request: HttpRequest) -> tuple[RequestFacts, HttpResponse]:
    response = HttpResponse()
    RequestFactsMiddleware(lambda _: response)(request)
    return request.facts, response  # type: ignore[attr-defined]


def test_reading_leaves_no_cookie() -> None:
    facts, response = answer_with(rf.get("/"))
    assert facts.device_id is None
    assert not response.cookies


def test_first_change_gives_the_browser_an_id() -> None:
    facts, response = answer_with(rf.post("/"))
    cookie = response.cookies[DEVICE_COOKIE]
    assert cookie.value == facts.device_id
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_known_browser_keeps_its_id() -> None:
    device = str(uuid.uuid4())
    request = rf.post("/")
    request.COOKIES[DEVICE_COOKIE] = device
    facts, response = answer_with(request)
    assert facts.device_id == device
    assert not response.cookies


def test_made_up_device_is_replaced() -> None:
    request = rf.post("/")
    request.COOKIES[DEVICE_COOKIE] = "' OR 1=1 --"
    facts, _ = answer_with(request)
    assert facts.device_id == str(uuid.UUID(facts.device_id))


def test_app_brings_its_own_id_and_gets_no_cookie() -> None:
    device = str(uuid.uuid4())
    facts, response = answer_with(rf.post("/", headers={"X-Device-Id": device, "Authorization": "Bearer x"}))
    assert facts.device_id == device
    assert not response.cookies


def request_of(user: Any, **extra: Any) -> HttpRequest:
    request = rf.get("/", **extra)
    request.user = user
    return request


def test_actor_is_the_person_or_a_guest() -> None:
    driver = DriverUserFactory()
    request = request_of(driver)
    request.facts = RequestFacts("r-1")  # type: ignore[attr-defined]
    assert actor_of(request) == Actor.user(driver.pk, Role.DRIVER, RequestFacts("r-1"))
    assert actor_of(request_of(AnonymousUser())) == Actor.guest()


def test_caller_is_the_person_else_the_cart_else_the_session_else_the_address() -> None:
    user = UserFactory()
    assert caller_of(request_of(user, headers={"X-Cart-Token": "t"})) == f"user:{user.pk}"
    by_cart = caller_of(request_of(AnonymousUser(), headers={"X-Cart-Token": "t"}))
    assert by_cart.startswith("cart:")
    assert by_cart == caller_of(request_of(AnonymousUser(), headers={"X-Cart-Token": "t"}))
    assert caller_of(request_of(AnonymousUser(), REMOTE_ADDR="192.0.2.1")) == "ip:192.0.2.1"


def test_refusal_is_on_record_with_who_and_where(client: Client) -> None:
    driver = DriverUserFactory()
    client.force_login(driver)
    assert client.get("/page/fail/denied/").status_code == 403
    event = Event.objects.get(name="access.denied")
    assert event.subject == f"user:{driver.pk}"
    assert (event.actor_id, event.role) == (driver.pk, "DRIVER")
    assert event.data == {
        "user_id": driver.pk,
        "method": "GET",
        "route": "page/fail/<str:kind>/",
        "target": "kind=denied",
    }
    assert event.origin is not None
    assert event.origin.ip == "127.0.0.1"


def test_refusal_of_the_api_is_on_record_too(client: Client) -> None:
    client.get("/api/v1/fail/denied/")
    event = Event.objects.get(name="access.denied")
    assert (event.subject, event.actor_kind) == ("guest", "guest")


def test_other_answers_are_not_refusals(client: Client) -> None:
    client.get("/api/v1/fail/missing/")
    client.get("/api/v1/members/")
    client.get("/")
    assert not Event.objects.filter(name="access.denied").exists()


def test_answer_reaches_the_person_even_if_the_log_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("milkdelivery.core.middleware.emit", broken)
    request = request_of(AnonymousUser())
    response = RefusalMiddleware(lambda _: HttpResponse("no", status=403))(request)
    assert (response.status_code, Event.objects.count()) == (403, 0)
