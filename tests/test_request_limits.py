"""What no honest client sends is refused before anything reads it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client


@pytest.mark.parametrize("path", ["/healthz?q=%00", "/healthz?%00=a", "/x%00y"])
def test_nul_byte_in_the_address(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")


def test_api_gets_a_problem_document(client: Client) -> None:
    response = client.get("/api/v1/products/?q=%00")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "nul_byte"


def test_oversized_body(client: Client) -> None:
    body = b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    response = client.post("/healthz", body, content_type="application/json")
    assert response.status_code == 413


@pytest.mark.django_db
def test_strict_content_policy_on_pages_and_a_looser_one_in_the_back_office(client: Client) -> None:
    strict = client.get("/healthz")["Content-Security-Policy"]
    assert "unsafe" not in strict
    assert "script-src 'self'" in strict
    assert "frame-ancestors 'none'" in strict
    admin = client.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in admin
    assert "frame-ancestors 'none'" in admin
