"""The OpenAPI document says what the API does, and the readable pages keep to the content policy."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.validation import validate_schema

from milkdelivery.core.api.document import document

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(document())
    return made


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, entry in spec["paths"].items()
        for method, operation in entry.items()
        if method in METHODS and "/auth/" not in path
    ]


def header(operation: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((each for each in operation.get("parameters", []) if each["name"] == name), None)


def test_it_is_valid(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    validate_schema(spec)


def test_every_address_is_in_it(spec: dict[str, Any]) -> None:
    served = {
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"api/v1/{pattern}")
        for prefix in get_resolver().url_patterns
        if str(prefix.pattern) == "api/v1/"
        for pattern in addresses(prefix)
    }
    told = {re.sub(r"\{pk\}", "{id}", path) for path in spec["paths"]}
    served = {path.replace("{pk}", "{id}") for path in served if "/auth/" not in path}
    assert served - told == {"/api/v1/schema/", "/api/v1/docs/"}


def addresses(resolver: Any, prefix: str = "") -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        found += addresses(entry, address) if hasattr(entry, "url_patterns") else [address]
    return found


def test_the_guide_lists_every_call_that_takes_a_key(spec: dict[str, Any]) -> None:
    keys = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}": header(operation, "Idempotency-Key")
        for path, method, operation in operations(spec)
    }
    guide = (settings.BASE_DIR / "docs/api.md").read_text()
    section = guide.split("## Once, however often")[1].split("\n## ")[0]
    row = re.compile(r"^\| `(\w+ [^`]+)` \| (needs|takes) it \|", re.MULTILINE)
    assert dict(row.findall(section)) == {
        call: "needs" if told.get("required") else "takes" for call, told in keys.items() if told
    }


def test_every_operation_says_what_may_come_back(spec: dict[str, Any]) -> None:
    for path, method, operation in operations(spec):
        answers = operation["responses"]
        assert {"400", "401", "403", "406", "503"} <= answers.keys(), path
        assert any(status.startswith("2") for status in answers), path
        if "{" in path:
            assert "404" in answers, path
        if method != "get":
            assert {"409", "422", "429"} & answers.keys(), (path, method)
        for status, answer in answers.items():
            if status >= "4":
                assert "application/problem+json" in answer["content"], (path, status)
        assert operation["description"], path
        assert operation["summary"], path


def test_keys_and_tokens_are_named(spec: dict[str, Any]) -> None:
    for path, method in (
        ("orders/", "post"),
        ("orders/{number}/pack/", "post"),
        ("deliveries/{id}/picked-up/", "post"),
        ("deliveries/{id}/delivered/", "post"),
    ):
        key = header(spec["paths"][f"/api/v1/{path}"][method], "Idempotency-Key")
        assert key is not None
        assert key["required"] is True
    for path, method in (("cart/", "get"), ("cart/items/", "post"), ("orders/", "post"), ("orders/precheck/", "post")):
        assert header(spec["paths"][f"/api/v1/{path}"][method], "X-Cart-Token") is not None
    assert header(spec["paths"]["/api/v1/orders/{number}/"]["get"], "X-Order-Token") is not None


def test_who_may_call_is_said(spec: dict[str, Any]) -> None:
    assert "Managers and admins." in spec["paths"]["/api/v1/orders/{number}/pack/"]["post"]["description"]
    assert "Vendors." in spec["paths"]["/api/v1/vendors/me/assignments/"]["get"]["description"]


def test_it_is_served(db: None, client: Client) -> None:
    answer = client.get("/api/v1/schema/")
    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    assert answer.content == document()
    assert client.get("/api/v1/schema/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.post("/api/v1/schema/").status_code == 405


def test_the_pages_hold_no_inline_code(db: None, client: Client) -> None:
    page = client.get("/api/v1/docs/")
    html = page.content.decode()
    assert "'unsafe" not in page["Content-Security-Policy"]
    assert "<style" not in html
    assert " style=" not in html
    assert re.findall(r"<script(?![^>]* src=)", html) == []
    assert not re.findall(r'(?:src|href)="(?!/)', html)
    script = client.get("/api/v1/docs/?script")
    assert script["Content-Type"].startswith("application/javascript")
