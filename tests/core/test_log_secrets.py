"""Log lines hold nothing that opens an order or an account."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client
from structlog.testing import LogCapture

from milkdelivery.core.log_secrets import hide_secrets


@pytest.mark.parametrize(
    ("request_line", "logged"),
    [
        ("GET /orders/claim/Wzk:1xUQ:M0e-_5/", "GET /orders/claim/-/"),
        ("GET /orders/wrong/Wzk:1xUQ:M0e-_5/", "GET /orders/wrong/-/"),
        ("GET /orders/claim-photos/Imfo:1xUQ:M0e/", "GET /orders/claim-photos/-/"),
        ("GET /door-photos/Imfo:1xUQ:M0e/", "GET /door-photos/-/"),
        ("GET /accounts/confirm-email/MTYw:1x:KzL/", "GET /accounts/confirm-email/-/"),
        ("GET /accounts/password/reset/key/6e-diclpx-8c31/", "GET /accounts/password/reset/key/-/"),
        ("GET /track/cBFOYt7sWQA6/live/", "GET /track/-/live/"),
        ("GET /api/v1/track/cBFOYt7sWQA6/", "GET /api/v1/track/-/"),
        ("GET /accounts/login/?next=/orders/claim/Wzk:1x/", "GET /accounts/login/?-"),
        ("GET /accounts/login/?login=asha@example.com", "GET /accounts/login/?-"),
        ("GET /api/v1/orders/MJGYPXN/track/", "GET /api/v1/orders/MJGYPXN/track/"),
        ("GET /shop/?q=curd", "GET /shop/?q=curd"),
    ],
)
def test_what_opens_something_is_hidden(request_line: str, logged: str) -> None:
    assert hide_secrets(None, "info", {"request": request_line})["request"] == logged


def test_every_line_goes_through_it() -> None:
    formatter: Any = settings.LOGGING["formatters"]["json"]  # type: ignore[index]
    assert hide_secrets in formatter["foreign_pre_chain"]
    assert hide_secrets in structlog.get_config()["processors"]


@pytest.mark.django_db
def test_the_line_of_a_request_to_a_take_over_link(client: Client) -> None:
    capture = LogCapture()
    processors = structlog.get_config()["processors"]
    index = processors.index(hide_secrets)
    kept = list(processors)
    processors[:] = [*kept[: index + 1], capture]
    try:
        client.get("/orders/claim/Wzk:1xUQ:M0e/")
    finally:
        processors[:] = kept
    lines = [entry["request"] for entry in capture.entries if "request" in entry]
    assert lines
    assert set(lines) == {"GET /orders/claim/-/"}
