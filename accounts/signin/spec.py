"""allauth's OpenAPI document, made part of ours: its paths as they are mounted, its parts under names of their own."""

import re
from typing import Any

from allauth.headless.spec.internal.schema import get_schema

PREFIX = "Auth"
TAG = "auth"
SECTIONS = ("schemas", "parameters", "responses", "requestBodies", "examples", "headers", "links", "securitySchemes")
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})


def merge_sign_in(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook."""
    spec = _renamed(get_schema())
    for path, operations in spec["paths"].items():
        result["paths"][path] = {key: _operation(key, value, path) for key, value in operations.items()}
    components = result.setdefault("components", {})
    for section in SECTIONS:
        for name, part in spec["components"].get(section, {}).items():
            components.setdefault(section, {})[f"{PREFIX}{name}"] = _as_3_1(part)
    return result


def _operation(key: str, value: Any, path: str) -> Any:
    if key not in METHODS:
        return _as_3_1(value)
    words = re.findall(r"\w+", path.partition("/auth/")[2])
    operation_id = "_".join([TAG, *words[1:], key])
    security = [{f"{PREFIX}{name}": scopes for name, scopes in need.items()} for need in value.get("security", [])]
    changes: dict[str, Any] = {"operationId": operation_id, "tags": [TAG]}
    return _as_3_1({**value, **changes, **({"security": security} if security else {})})


def _renamed(spec: Any) -> Any:
    """With every reference pointing at the new names."""
    if isinstance(spec, dict):
        return {key: _reference(value) if key == "$ref" else _renamed(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [_renamed(item) for item in spec]
    return spec


def _reference(value: Any) -> Any:
    return re.sub(r"^#/components/(\w+)/", rf"#/components/\1/{PREFIX}", value) if isinstance(value, str) else value


def _as_3_1(part: Any) -> Any:
    """OpenAPI 3.0's `nullable` and a schema's `example`, as 3.1 writes them."""
    if isinstance(part, list):
        return [_as_3_1(item) for item in part]
    if not isinstance(part, dict):
        return part
    part = {key: _as_3_1(value) for key, value in part.items()}
    if part.pop("nullable", False) is True and isinstance(part.get("type"), str):
        part["type"] = [part["type"], "null"]
    return part
