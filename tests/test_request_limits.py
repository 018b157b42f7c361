"""What no honest client sends is refused before anything reads it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestLine
from gunicorn.http.parser import RequestParser

from milkdelivery import gunicorn
from tests.factories.world import World, small_world


@pytest.fixture
def world(db: Any) -> World:
    return small_world()


@pytest.mark.parametrize("path", ["/healthz?q=%00", "/healthz?%00=a", "/x%00y"])
def test_nul_byte_in_the_address(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 400
    page = response.content.decode()
    assert "The address holds a character that is not allowed." in page
    assert 'href="/"' in page  # a way back
    assert "Content-Security-Policy" in response.headers
    assert response["X-Request-ID"]
    hindi = client.get(path, headers={"Accept-Language": "hi"}).content.decode()
    assert 'lang="hi"' in hindi


def test_api_gets_a_problem_document(client: Client) -> None:
    response = client.get("/api/v1/products/?q=%00")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "nul_byte"


@pytest.mark.parametrize("letter", ["a", "\N{DEVANAGARI LETTER DA}"])
def test_a_search_of_ten_thousand_letters_reaches_the_application(letter: str) -> None:
    typed = quote(letter * 10_000)
    assert _read(f"/shop/?q={typed}").query == f"q={typed}"


def test_what_is_longer_than_any_question_is_refused_by_the_server() -> None:
    with pytest.raises(LimitRequestLine):
        _read(f"/shop/?q={'a' * 101_000}")


def _read(address: str) -> Any:
    """A request as the web server reads it, with its own configuration."""
    config = Config()
    config.set("limit_request_line", gunicorn.limit_request_line)
    return next(RequestParser(config, [f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode()], ("127.0.0.1", 1)))


@pytest.mark.django_db
def test_a_long_search_gets_a_page_and_the_api_a_problem_document(world: World, client: Client) -> None:
    page = client.get("/shop/", {"q": "milk " * 2_000})
    assert page.status_code == 200
    assert "We read the first 80 letters" in page.content.decode()
    assert "We read the first" not in client.get("/shop/", {"q": "milk"}).content.decode()
    problem = client.get("/api/v1/products/", {"q": "milk " * 2_000})
    assert (problem.status_code, list(problem.json()["errors"])) == (400, ["q"])


def test_oversized_body(client: Client) -> None:
    body = b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    response = client.post("/healthz", body, content_type="application/json")
    assert response.status_code == 413
    assert "At most 1 MB are taken at once" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/vendor/nowhere/", "To your dairy’s page"), ("/driver/x%00/", "To your round"), ("/nowhere/", "To the shop")],
)
@pytest.mark.django_db
def test_a_page_that_refuses_leads_back_to_where_one_works(world: World, client: Client, path: str, words: str) -> None:
    response = client.get(path)
    assert response.status_code in (400, 404)
    assert words in response.content.decode()


@pytest.mark.django_db
def test_strict_content_policy_on_pages_and_a_looser_one_in_the_back_office(client: Client) -> None:
    strict = client.get("/healthz")["Content-Security-Policy"]
    assert "unsafe" not in strict
    assert "script-src 'self'" in strict
    assert "frame-ancestors 'none'" in strict
    assert "camera=(self), geolocation=(self), microphone=()" in client.get("/healthz")["Permissions-Policy"]
    admin = client.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in admin
    assert "frame-ancestors 'none'" in admin
