"""Random requests after the OpenAPI document, as all kinds of callers: no failure of ours, all as documented."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from milkdelivery.core.api.document import document
from milkdelivery.wsgi import application
from tests.security.people import Town
from tests.security.test_routes import SavePoint, town

__all__ = ["town"]  # the fixture

pytestmark = pytest.mark.django_db

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ["guest", "customer", "driver", "manager"]
CASES = 3
"""For each operation and way of making them up; `make prove` makes more."""

MANY = 60


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A request leaves the connection of the test open, as under Django's own client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def operations() -> list[Any]:
    """All but sign-in, whose document is its makers'."""
    found = schemathesis.openapi.from_dict(json.loads(document())).exclude(path_regex="/auth/")
    return [each.ok() for each in found.get_all_operations() if isinstance(each, Ok)]


@pytest.mark.parametrize("role", ROLES)
def test_some(town: Town, operations: list[Any], role: str) -> None:
    _fuzz(town, operations, role, CASES)


@pytest.mark.slow
@pytest.mark.parametrize("role", [*ROLES, "admin"])
def test_many(town: Town, operations: list[Any], role: str) -> None:
    _fuzz(town, operations, role, MANY)


def _fuzz(town: Town, operations: list[Any], role: str, count: int) -> None:
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _fuzz_one(town, operation, role, mode, count)


def _fuzz_one(town: Town, operation: Any, role: str, mode: GenerationMode, count: int) -> None:
    numbers = iter(range(1_000_000))

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        if next(numbers) % 2:
            _aim(town, case)
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if town.people[role].access:
            headers["Authorization"] = f"Bearer {town.people[role].access}"
        with SavePoint():
            answer = case.call(app=application, base_url="http://testserver", headers=headers)
            case.validate_response(answer, checks=CHECKS)

    one()


def _aim(town: Town, case: Any) -> None:
    """At something that is there, so that not every request ends at "no such thing"."""
    names = {"number": "order", "token": "tracking"}
    kinds = {"addresses": "address", "devices": "device", "users": "user", "products": "product"}
    kinds |= {"vendors": "vendor", "items": "line", "deliveries": "packed"}
    for name in case.path_parameters or {}:
        kind = names.get(name) or next((kind for word, kind in kinds.items() if word in case.path), None)
        if kind:
            case.path_parameters[name] = town.names[kind]
