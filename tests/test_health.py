"""Health answers."""

from __future__ import annotations

import pytest
from django.test import Client

from milkdelivery.core import health

pytestmark = pytest.mark.django_db


def test_process_is_alive(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


def test_ready_tells_of_the_worker(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "worker": "away"}
    health.beat()
    assert client.get("/readyz").json() == {"status": "ok", "worker": "ok"}
