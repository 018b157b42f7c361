"""Calling the API in a test."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from rest_framework.test import APIClient

from milkdelivery.core.queries import load_region_book
from tests.factories.world import World

DOOR = {"flat": "12", "floor": "1", "line1": "4, 80 Feet Road", "city": "Bengaluru", "pincode": "560034"}


@dataclass
class Caller:
    """An app: its client, and the headers that it sends with every request."""

    client: APIClient
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if key:
            sent["Idempotency-Key"] = key
        request = getattr(self.client, method.lower())
        return request(f"/api/v1/{path}", body, headers=sent, **({} if method == "GET" else {"format": "json"}))

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("POST", path, {} if body is None else body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("PUT", path, {} if body is None else body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("PATCH", path, {} if body is None else body, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.send("DELETE", path, **options)


def new_key() -> str:
    return str(uuid.uuid4())


def purchase(world: World, **changes: Any) -> dict[str, Any]:
    """A guest's order of two milks to a new door on the next morning that is open. None takes a field out."""
    day = load_region_book().open_days(world.morning)[0].date
    body = {
        "lines": [{"variant_id": world.milk.pk, "quantity": 2}],
        "name": "Asha Rao",
        "contact": "asha@example.com",
        "address": DOOR,
        "slot": "MORNING",
        "delivery_date": day.isoformat(),
        "payment_method": "COD",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document that the answer has to be."""
    assert response.status_code == status, (response.status_code, response.content)
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()  # type: ignore[attr-defined]
    assert document["code"] == code, document
    assert document["status"] == status
    return document
