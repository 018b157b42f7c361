"""What the API says of an input that can't be right: the product's words, not the library's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from rest_framework import exceptions, fields

from milkdelivery.core.api.words import TAKEN
from tests.api.calls import Caller, problem
from tests.factories.world import World

OF_DEVELOPERS = re.compile(
    r"\b(pk|object does not|Object with|null|boolean|string|dictionary|slug|hyperlink|biginteger|float|Expected"
    r"|credentials|data type|must make a unique|already exists|Accept header|throttled)\b"
)


def every(kind: type) -> Iterator[type]:
    yield kind
    for heir in kind.__subclasses__():
        yield from every(heir)


def test_no_field_speaks_as_a_developer() -> None:
    said = {
        (kind.__name__, code): str(words)
        for kind in every(fields.Field)
        if kind.__module__.split(".")[0] in ("rest_framework", "milkdelivery", "catalog", "accounts", "orders")
        for code, words in vars(kind).get("default_error_messages", {}).items()
    }
    assert len(said) > 60
    assert {key: words for key, words in said.items() if OF_DEVELOPERS.search(words)} == {}


def test_no_refusal_speaks_as_a_developer() -> None:
    said = {kind.__name__: str(vars(kind).get("default_detail", "")) for kind in every(exceptions.APIException)}
    assert {name: words for name, words in said.items() if OF_DEVELOPERS.search(words)} == {}


@pytest.mark.parametrize(
    ("method", "path", "change", "field", "words"),
    [
        ("POST", "products/", {"name": "X", "category": "none"}, "category", "There is none called “none”."),
        ("POST", "products/", {"name": "X"}, "category", "This is missing."),
        ("POST", "products/", {"name": None, "category": "milk"}, "name", "This can't be empty."),
        ("POST", "prices/", {"variant": 999999, "region": "XX"}, "variant", "There is none with the id 999999."),
        ("POST", "prices/", {"variant": 999999, "region": "XX"}, "region", "There is none called “XX”."),
        ("POST", "prices/", {"variant": "two"}, "variant", "Send a whole number."),
        ("PUT", "vendors/{vendor}/areas/", {"pincodes": "560034"}, "pincodes", "Send a list."),
        (
            "PUT",
            "vendors/{vendor}/areas/",
            {"pincodes": ["56003"]},
            "pincodes",
            "56003 is no pincode. A pincode has six digits, such as 560034.",
        ),
        ("PUT", "vendors/{vendor}/capacity/2026-01-20/", {"order_limit": -1}, "order_limit", "At least 0."),
    ],
)
def test_words_of_refusals(
    world: World, admin: Caller, method: str, path: str, change: Any, field: str, words: str
) -> None:
    answer = admin.send(method, path.format(vendor=world.vendor.pk), change)
    assert problem(answer, 400, "invalid")["errors"][field] == [words]


def test_a_name_that_is_taken(world: World, admin: Caller) -> None:
    told = problem(admin.post("vendors/", {"name": world.vendor.name}), 400, "invalid")
    assert told["errors"]["name"] == [TAKEN]


def test_a_nul_byte_has_a_request_id(client: Client) -> None:
    told = client.get("/api/v1/products/?q=milk%00x")
    assert told.json()["request_id"]
    assert told["X-Request-ID"] == told.json()["request_id"]
