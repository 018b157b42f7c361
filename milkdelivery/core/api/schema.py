"""What the OpenAPI document says of every operation: problems, money and the idempotency key."""

from typing import Any

from drf_spectacular import openapi
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

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


class ProblemSerializer(serializers.Serializer):
    """A problem document (RFC 9457). `code` is stable and for programs, `detail` is for people."""

    type = serializers.CharField(default="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="Messages by the path of their field."
    )
    request_id = serializers.CharField(allow_blank=True)
    facts = serializers.DictField(required=False, help_text="Plain facts of the refusal, where there are any.")


class AutoSchema(openapi.AutoSchema):
    """Adds to what a view documents itself; never replaces it."""

    view: Any
    path: str
    method: str

    def get_override_parameters(self) -> list[Any]:
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
        for status, description in self._problems().items():
            if status not in responses:
                responses[status] = self._problem(status, description, direction)
        return responses

    def _problem(self, status: str, description: str, direction: Any) -> dict[str, Any]:
        response: dict[str, Any] = self._get_response_for_code(ProblemSerializer, status, [CONTENT_TYPE], direction)
        schema = self.resolve_serializer(ProblemSerializer, "response").ref
        return {**response, "content": {CONTENT_TYPE: {"schema": schema}}, "description": description}

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


class MoneyFieldSchema(OpenApiSerializerFieldExtension):
    target_class = "milkdelivery.core.api.fields.MoneyField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        component = ResolvedComponent(
            name="Money",
            type=ResolvedComponent.SCHEMA,
            schema={
                "type": "object",
                "description": "An amount in major units, as text, in an ISO 4217 currency.",
                "properties": {
                    "amount": {
                        "type": "string",
                        "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$",
                        "examples": ["52.00"],
                    },
                    "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["INR"]},
                },
                "required": ["amount", "currency"],
                "additionalProperties": False,
            },
            object="Money",
        )
        auto_schema.registry.register_on_missing(component)
        return component.ref
