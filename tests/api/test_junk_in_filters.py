"""What can't be meant by a parameter of an address is refused at its name: nothing is passed over or half heard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.api.calls import Caller
from tests.factories.world import World

HUGE = "9" * 25
IMPOSSIBLE = {
    "boolean": ["zzz", "2"],
    "integer": ["zzz", "1.5"],
    "number": ["zzz"],
    "date": ["zzz", "2026-02-30"],
    "date-time": ["zzz", "2026-13-01T00:00Z"],
    "decimal": ["zzz", "NaN"],
    "enum": ["zzz"],
}
"""By type or format, as the document names them."""
OF_PAGES = ("format", "cursor", "page_size")
"""What asks for a page and filters nothing: see tests/core/test_problems.py."""
ODD = ["", "zzz", "%00", HUGE, "-1", "🥛", "x" * 3_000, "' OR 1=1 --"]
"""For any parameter: perhaps refused, never an error page."""


def kind_of(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return kind_of(schema["items"])
    if "enum" in schema or "$ref" in schema:
        return "enum"
    return str(schema["format"] if schema.get("format") in IMPOSSIBLE else schema.get("type"))


def questions() -> Iterator[tuple[str, str, str]]:
    """Each parameter of each address to look at: path, name, kind."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    for path, methods in document["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter.get("in") == "query" and parameter["name"] not in OF_PAGES:
                yield path.removeprefix("/api/v1/"), parameter["name"], kind_of(parameter["schema"])


@pytest.fixture
def everybody(admin: Caller, customer: Caller, vendor: Caller, driver: Caller) -> list[Caller]:
    return [admin, customer, vendor, driver]


def asking(everybody: list[Caller], path: str) -> Caller:
    """Somebody who may ask there."""
    return next(caller for caller in everybody if caller.get(path).status_code not in (401, 403))


def test_what_is_impossible_is_refused_at_its_name(world: World, everybody: list[Caller]) -> None:
    heard: list[str] = []
    asked = 0
    for path, name, kind in questions():
        address = path.format(id=world.products[0].pk, number="M000000")
        caller = asking(everybody, address)
        for value in IMPOSSIBLE.get(kind, ()):
            answer = caller.get(f"{address}?{name}={value}")
            asked += 1
            errors = answer.json().get("errors", {}) if answer.status_code == 400 else {}
            if name not in {field.partition(".")[0] for field in errors}:
                heard.append(f"{path}?{name}={value}: {answer.status_code}")
    assert heard == []
    assert asked > 60, "the document names them"


def test_nothing_odd_breaks_a_list(world: World, everybody: list[Caller]) -> None:
    broken: list[str] = []
    for path, name, _kind in questions():
        address = path.format(id=world.products[0].pk, number="M000000")
        caller = asking(everybody, address)
        for value in ODD:
            answer = caller.get(f"{address}?{name}={value}")
            is_told = answer.status_code < 400 or answer["Content-Type"] == "application/problem+json"
            if answer.status_code >= 500 or not is_told:
                broken.append(f"{path}?{name}={value[:20]}: {answer.status_code}")
    assert broken == []
