"""What the OpenAPI document says of every operation: problems, money and the idempotency key."""

from typing import Any

from drf_spectacular import openapi
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from milkdelivery.core.api.idempotent import HEADER
from milkdelivery.core.api.problems import CONTENT_TYPE

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

EVERY_CALL = {
    "400": "The request is malformed, or an input is invalid.",
    "406": "Only JSON is spoken here.",
    "503": "Busy or being restarted; Retry-After says when to try again.",
}
SIGNED_IN = {"401": "Sign in first.", "403": "The role does not permit this."}
WITH_ID = {"404": "It does not exist, or is not the caller's."}
CHANGING = {"409": "The state of things does not permit this.", "422": "A rule of the business is not met."}
BODY = {"413": "The body is too large.", "415": "Send JSON."}
THROTTLED = {"429": "Too many requests; Retry-After says when to try again."}


def _text(description: str) -> dict[str, str]:
    return {"type": "string", "description": description}


PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": _text("Always about:blank: the code says more."),
        "title": _text("The words of the HTTP status."),
        "status": {"type": "integer"},
        "detail": _text("What is wrong, for people, in their language."),
        "code": _text("What is wrong, for programs. Stable."),
        "errors": {
            "type": "object",
            "description": "Messages by the path of their field, such as lines.0.quantity.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": _text("To quote to support."),
        "facts": {"type": "object", "description": "Plain facts of the refusal, where there are any."},
    },
    "required": ["type", "title", "status", "detail", "code"],
}

MONEY: dict[str, Any] = {
    "type": "object",
    "description": "An amount in major units, as text, in an ISO 4217 currency.",
    "properties": {
        "amount": {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$", "examples": ["52.00"]},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["INR"]},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}


def component(auto_schema: Any, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A reference to a schema that the whole document shares."""
    shared = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, object=name)  # type: ignore[no-untyped-call]
    auto_schema.registry.register_on_missing(shared)
    return shared.ref


class AutoSchema(openapi.AutoSchema):
    """Adds to what a view documents itself; never replaces it."""

    view: Any
    path: str
    method: str

    def get_summary(self) -> str:
        """The first sentence of what the method says of itself."""
        words: str = super().get_description()
        return " ".join(words.split("\n\n", maxsplit=1)[0].split()).partition(". ")[0].partition(": ")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """What the operation does, and who may call it."""
        who = [getattr(permission, "who", "") for permission in self.view.get_permissions()]
        return "\n\n".join([super().get_description(), *(f"For: {words}" for words in who if words)]).strip()

    def get_override_parameters(self) -> list[Any]:
        headers = [
            OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)
            for name, description in getattr(self.view, "headers_read", {}).items()
        ]
        return headers + self._idempotency_header()

    def _idempotency_header(self) -> list[Any]:
        required = getattr(self._handler(), "idempotency_required", None)
        if required is None:
            return []
        return [
            OpenApiParameter(
                HEADER,
                str,
                OpenApiParameter.HEADER,
                required=required,
                description="A new random value for each new request. A repeat with the same value and body has no "
                "further effect and gets the first answer again, for 24 hours.",
            )
        ]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        problems = self._problems()
        for status, description in problems.items():
            responses.setdefault(status, {"description": description})
        for status, answer in responses.items():
            if status in problems or (status >= "400" and not answer.get("content")):
                answer["content"] = self._problem() | answer.get("content", {})
        return responses

    def _problem(self) -> dict[str, Any]:
        return {CONTENT_TYPE: {"schema": component(self, "Problem", PROBLEM)}}

    def _problems(self) -> dict[str, str]:
        problems = dict(EVERY_CALL)
        if self.get_auth():
            problems |= SIGNED_IN
        if "{" in self.path:
            problems |= WITH_ID
        if self.method in UNSAFE:
            problems |= CHANGING
        if self.method in WITH_BODY:
            problems |= BODY
        if self.view.get_throttles():
            problems |= THROTTLED
        return dict(sorted(problems.items()))

    def _handler(self) -> Any:
        action = getattr(self.view, "action", None)
        return getattr(self.view, action or self.method.lower(), None)


class MoneyFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "milkdelivery.core.api.fields.MoneyField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return component(auto_schema, "Money", MONEY)


class TimeFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A time of the day where it is lived, so without an offset, which the format `time` would ask for."""

    target_class = "rest_framework.serializers.TimeField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", "examples": ["05:00:00"]}
