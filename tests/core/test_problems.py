"""Problem documents, money, lists and bodies of the API, and what a browser gets instead."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

from milkdelivery.core.eventlog import emit_many
from milkdelivery.core.models import Event
from tests.core import sample_api
from tests.core.samples import ACTOR, BottleFilled

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.sample_api")]


@pytest.fixture
def quiet_client() -> Client:
    """A client that gets the answer to an unknown error, as a visitor does."""
    return Client(raise_request_exception=False)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    assert len(body["request_id"]) == 36
    assert body["title"]
    assert body["detail"]
    return body


def test_domain_error_is_told_with_its_field_and_facts(client: Client) -> None:
    body = problem(client.get("/api/v1/fail/domain/"), 409, "sold_out")
    assert body["detail"] == "No milk left"
    assert body["errors"] == {"lines.0.quantity": ["No milk left"]}
    assert body["facts"] == {"left": 2, "price": {"amount": "52.00", "currency": "INR"}}


def test_what_does_not_exist(client: Client) -> None:
    problem(client.get("/api/v1/fail/missing/"), 404, "not_found")


def test_what_is_not_permitted(client: Client) -> None:
    problem(client.get("/api/v1/fail/denied/"), 403, "permission_denied")


def test_a_model_s_validation(client: Client) -> None:
    body = problem(client.get("/api/v1/fail/invalid/"), 400, "invalid")
    assert body["errors"] == {"name": ["Too long."], "non_field_errors": ["Not on Sundays."]}


@pytest.mark.parametrize("kind", ["locked", "deadlock", "slow"])
def test_busy_database_asks_to_come_back(client: Client, kind: str) -> None:
    response = client.get(f"/api/v1/fail/{kind}/")
    problem(response, 503, "busy")
    assert response["Retry-After"] == "1"


@pytest.mark.parametrize("kind", ["away", "closed"])
def test_database_that_is_away_asks_to_come_back_later(client: Client, kind: str) -> None:
    response = client.get(f"/api/v1/fail/{kind}/")
    problem(response, 503, "unavailable")
    assert response["Retry-After"] == "5"


def test_value_the_database_can_not_hold_is_the_client_s_mistake(client: Client) -> None:
    problem(client.get("/api/v1/fail/range/"), 400, "invalid")


def test_row_that_does_not_exist(client: Client) -> None:
    problem(client.get("/api/v1/fail/row/"), 404, "not_found")


def test_request_that_is_odd_or_too_big(client: Client) -> None:
    assert "secret" not in problem(client.get("/api/v1/fail/odd/"), 400, "bad_request")["detail"]
    problem(client.get("/api/v1/fail/big/"), 413, "body_too_large")


def test_throttled_client_is_told_how_long_to_wait(client: Client) -> None:
    response = client.get("/api/v1/fail/throttled/")
    problem(response, 429, "throttled")
    assert response["Retry-After"] == "7"


def test_form_without_its_token_gets_a_page() -> None:
    response = Client(enforce_csrf_checks=True).post("/form/")
    assert response.status_code == 403
    assert response["Content-Type"].startswith("text/html")


def test_unknown_error_tells_nothing_of_itself(quiet_client: Client) -> None:
    response = quiet_client.get("/api/v1/fail/bug/")
    problem(response, 500, "internal_error")
    assert b"secret" not in response.content
    assert b"ZeroDivision" not in response.content


def test_unknown_error_is_seen_by_tests_and_monitors(client: Client) -> None:
    with pytest.raises(ZeroDivisionError):
        client.get("/api/v1/fail/bug/")


def test_guest_is_asked_to_sign_in(client: Client) -> None:
    response = client.get("/api/v1/members/")
    problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"]


def test_wrong_method(client: Client) -> None:
    problem(client.delete("/api/v1/echo/"), 405, "method_not_allowed")


def test_unknown_address_is_a_problem_in_the_api_and_a_page_elsewhere(client: Client) -> None:
    problem(client.get("/api/v1/nowhere/"), 404, "not_found")
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("kind", "status", "retry"),
    [
        ("odd", 400, None),
        ("big", 413, None),
        ("bug", 500, None),
        ("locked", 503, "1"),
        ("away", 503, "5"),
        ("denied", 403, None),
        ("missing", 404, None),
    ],
)
def test_broken_page_answers_a_page(quiet_client: Client, kind: str, status: int, retry: str | None) -> None:
    response = quiet_client.get(f"/page/fail/{kind}/")
    assert response.status_code == status
    assert response.get("Retry-After") == retry
    assert response["Content-Type"].startswith("text/html")
    assert b"secret" not in response.content


# -- bodies ----------------------------------------------------------------------------------------------------------


def post(client: Client, body: bytes | str, content_type: str = "application/json") -> Any:
    return client.generic("POST", "/api/v1/echo/", body, content_type=content_type)


@pytest.mark.parametrize("body", ["{", "{'a': 1}", '{"a": NaN}', "[" * 100_000, b"\xff\xfe", b'{"note": "\xff"}'])
def test_malformed_json(client: Client, body: bytes | str) -> None:
    problem(post(client, body), 400, "malformed_json")


@pytest.mark.parametrize("body", ["[]", "null", '"milk"', "5"])
def test_body_must_be_an_object(client: Client, body: str) -> None:
    problem(post(client, body), 400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        r'{"note": "a\u0000b"}',
        r'{"note\u0000": "a"}',
        r'{"lines": [{"quantity": ["\u0000"]}]}',
        r'{"note": "half \ud83d"}',
    ],
)
def test_characters_no_database_holds(client: Client, body: str) -> None:
    problem(post(client, body), 400, "character_not_allowed")


def test_emoji_and_other_scripts_pass(client: Client) -> None:
    assert post(client, r'{"note": "\ud83e\udd5b दूध حليب"}').json() == {"note": "🥛 दूध حليب"}


def test_oversized_body_that_hides_its_length(settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "RequestLimits" not in name]
    problem(post(Client(), json.dumps({"note": "x" * 2_000})), 413, "body_too_large")


def test_other_content_types(client: Client) -> None:
    problem(post(client, "<note/>", content_type="text/xml"), 415, "unsupported_media_type")


def test_errors_are_named_by_path(client: Client) -> None:
    body = {"note": "x" * 21, "lines": [{"quantity": 1}, {"quantity": 0}, {}]}
    answer = problem(post(client, json.dumps(body)), 400, "invalid")
    assert set(answer["errors"]) == {"note", "lines.1.quantity", "lines.2.quantity"}


# -- money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "answered"),
    [("52.00", "INR", "52.00"), ("52", "INR", "52.00"), ("0.5", "USD", "0.50"), ("300", "JPY", "300")],
)
def test_money_is_text_with_its_currency(client: Client, amount: str, currency: str, answered: str) -> None:
    response = post(client, json.dumps({"price": {"amount": amount, "currency": currency}}))
    assert response.json() == {"price": {"amount": answered, "currency": currency}}


@pytest.mark.parametrize(
    "price",
    [
        52.0,
        "52.00",
        {"amount": "52.00"},
        {"amount": 52.0, "currency": "INR"},
        {"amount": "52.005", "currency": "INR"},
        {"amount": "52.5", "currency": "JPY"},
        {"amount": "-1.00", "currency": "INR"},
        {"amount": "1e3", "currency": "INR"},
        {"amount": "५२", "currency": "INR"},
        {"amount": "9" * 20, "currency": "INR"},
        {"amount": "NaN", "currency": "INR"},
        {"amount": "52.00", "currency": "XXZ"},
        {"amount": "52.00", "currency": ["INR"]},
    ],
)
def test_money_that_is_not_money(client: Client, price: Any) -> None:
    body = problem(post(client, json.dumps({"price": price})), 400, "invalid")
    assert list(body["errors"]) == ["price"]


# -- lists -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def events() -> list[int]:
    with transaction.atomic():
        emit_many((BottleFilled(number) for number in range(250)), actor=ACTOR)
    return list(Event.objects.order_by("-id").values_list("id", flat=True))


def test_pages_follow_each_other_without_gap(client: Client, events: list[int]) -> None:
    seen: list[int] = []
    address: str | None = "/api/v1/events/?page_size=100"
    while address:
        page = client.get(address).json()
        seen += page["results"]
        address = page["next"]
    assert seen == events


def test_new_rows_do_not_shift_the_next_page(client: Client, events: list[int]) -> None:
    first = client.get("/api/v1/events/").json()
    with transaction.atomic():
        emit_many([BottleFilled(999)], actor=ACTOR)
    assert client.get(first["next"]).json()["results"] == events[20:40]


def test_page_size_is_bounded(client: Client, events: list[int]) -> None:
    assert len(client.get("/api/v1/events/?page_size=5000").json()["results"]) == 100
    assert len(client.get("/api/v1/events/?page_size=many").json()["results"]) == 20


@pytest.mark.parametrize("cursor", ["nonsense", "p=abc", "p=99999999999999999999999", "o=-1", "p=\0"])
def test_made_up_cursor(client: Client, events: list[int], cursor: str) -> None:
    made_up = base64.b64encode(cursor.encode()).decode()
    response = client.get("/api/v1/events/", {"cursor": made_up})
    assert response.status_code in (200, 400, 404)
    if response.status_code != 200:
        problem(response, response.status_code, response.json()["code"])


# -- the document ----------------------------------------------------------------------------------------------------


def test_document_names_problems_money_and_the_key() -> None:
    with patched_settings({"PREPROCESSING_HOOKS": [], "POSTPROCESSING_HOOKS": []}):
        document = SchemaGenerator(patterns=sample_api.urlpatterns).get_schema(request=None, public=True)
    pay = document["paths"]["/api/v1/payments/"]["post"]
    problems = pay["responses"]["409"]["content"]["application/problem+json"]["schema"]
    assert problems == {"$ref": "#/components/schemas/Problem"}
    assert {"400", "409", "413", "415", "422", "503"} <= set(pay["responses"])
    [header] = [parameter for parameter in pay["parameters"] if parameter["in"] == "header"]
    assert (header["name"], header["required"]) == ("Idempotency-Key", True)
    schemas = document["components"]["schemas"]
    assert set(schemas["Problem"]["properties"]) > {"code", "detail", "errors"}
    assert schemas["Order"]["properties"]["price"] == {"$ref": "#/components/schemas/Money"}
    assert schemas["Money"]["required"] == ["amount", "currency"]
