"""Problem details (RFC 9457): what the API answers when it refuses or fails. Never HTML, never a stack trace."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signals import got_request_exception
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from psycopg import errors as pg
from rest_framework import exceptions
from rest_framework.response import Response

from milkdelivery.core.api.fields import money_json
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money

CONTENT_TYPE = "application/problem+json"
BUSY_RETRY_SECONDS = 1
AWAY_RETRY_SECONDS = 5
NON_FIELD = "non_field_errors"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Problem:
    """What is wrong. `code` is for programs and stable; `detail` is for people; `errors` says which input."""

    status: int
    code: str
    detail: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, request: HttpRequest | None) -> dict[str, Any]:
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": dict(self.errors),
            "request_id": request_id_of(request),
        }
        return {**document, "facts": dict(self.facts)} if self.facts else document


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return money_json(o) if isinstance(o, Money) else super().default(o)


class ProblemResponse(Response):
    """Rendered as a problem document whatever else the view would speak (CSV, PDF)."""

    def __init__(self, problem: Problem, request: HttpRequest | None) -> None:
        super().__init__(
            json.loads(_dump(problem.document(request))),
            status=problem.status,
            headers=dict(problem.headers),
            content_type=CONTENT_TYPE,
        )

    @property
    def rendered_content(self) -> Any:
        self["Content-Type"] = CONTENT_TYPE
        return _dump(self.data)


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The same document outside REST framework's views (unknown addresses, middleware)."""
    response = HttpResponse(_dump(problem.document(request)), status=problem.status, content_type=CONTENT_TYPE)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def problem_handler(exc: Exception, context: Mapping[str, Any]) -> ProblemResponse:
    """REST framework's exception handler."""
    request = context.get("request")
    plain_request = getattr(request, "_request", request)
    problem = problem_of(exc)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _tell(exc, problem, plain_request)
    return ProblemResponse(problem, plain_request)


def problem_of(exc: BaseException) -> Problem:
    """The problem that an exception means to a client."""
    if isinstance(exc, DomainError):
        return Problem(exc.status, exc.code, str(exc.message), exc.errors, exc.facts, _retry_after(exc.facts))
    if isinstance(exc, exceptions.APIException):
        return _from_api_exception(exc)
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        return Problem(404, "not_found", _("That does not exist, or is not yours."))
    if isinstance(exc, PermissionDenied):
        return Problem(403, "permission_denied", _("You may not do this."))
    if isinstance(exc, ValidationError):
        return _from_validation_error(exc)
    return _from_database_error(exc) or _from_bad_request(exc) or internal_error()


def internal_error() -> Problem:
    return Problem(500, "internal_error", _("Something went wrong on our side. We have been told."))


def not_found() -> Problem:
    return problem_of(Http404())


def is_busy(exc: BaseException) -> bool:
    """The database gave up waiting (lock timeout, deadlock, statement timeout): the same request may succeed soon."""
    cause = exc.__cause__
    return isinstance(cause, pg.LockNotAvailable | pg.DeadlockDetected | pg.SerializationFailure | pg.QueryCanceled)


def request_id_of(request: HttpRequest | None) -> str:
    """The id that log lines and the answer's X-Request-ID carry; "" outside a request."""
    facts = getattr(request, "facts", None)
    return facts.request_id if facts else str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _from_api_exception(exc: exceptions.APIException) -> Problem:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(exc, exceptions.ValidationError):
        return Problem(exc.status_code, "invalid", _("Please check what you sent."), flat_errors(exc.detail))
    code = exc.get_codes()
    detail = str(exc.detail) if isinstance(exc.detail, str) else HTTPStatus(exc.status_code).phrase
    return Problem(exc.status_code, code if isinstance(code, str) else str(exc.default_code), detail, headers=headers)


def _from_validation_error(exc: ValidationError) -> Problem:
    named = exc.message_dict if hasattr(exc, "error_dict") else {NON_FIELD: exc.messages}
    errors = {name.replace("__all__", NON_FIELD): list(messages) for name, messages in named.items()}
    return Problem(400, "invalid", _("Please check what you sent."), errors)


def _from_database_error(exc: BaseException) -> Problem | None:
    if isinstance(exc, OperationalError) and is_busy(exc):
        detail = _("Many people are ordering right now. Please try again in a moment.")
        return Problem(503, "busy", detail, headers={"Retry-After": str(BUSY_RETRY_SECONDS)})
    if isinstance(exc, OperationalError | InterfaceError):
        detail = _("We can't reach our records right now. Please try again in a moment.")
        return Problem(503, "unavailable", detail, headers={"Retry-After": str(AWAY_RETRY_SECONDS)})
    if isinstance(exc, DataError):
        return Problem(400, "invalid", _("A value is out of range or holds a character that is not allowed."))
    return None


def _from_bad_request(exc: BaseException) -> Problem | None:
    if isinstance(exc, RequestDataTooBig):
        return Problem(413, "body_too_large", _("That is too large to send at once."))
    if isinstance(exc, SuspiciousOperation | UnreadablePostError):
        return Problem(400, "bad_request", _("The request could not be read."))
    return None


def flat_errors(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested validation errors by the path of their field: `lines.0.quantity`."""
    if isinstance(detail, Mapping):
        items: Any = detail.items()
    elif isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        items = enumerate(detail)
    else:
        messages = detail if isinstance(detail, list) else [detail]
        return {prefix or NON_FIELD: [str(message) for message in messages]} if messages else {}
    errors: dict[str, list[str]] = {}
    for name, inner in items:
        errors.update(flat_errors(inner, f"{prefix}.{name}" if prefix else str(name)))
    return errors


def _retry_after(facts: Mapping[str, Any]) -> dict[str, str]:
    return {"Retry-After": str(facts["retry_after"])} if "retry_after" in facts else {}


def _tell(exc: Exception, problem: Problem, request: HttpRequest | None) -> None:
    """Log it. An unknown error also takes Django's way of telling, so that tests and monitors see the exception."""
    if problem.code == "internal_error":
        got_request_exception.send(sender=None, request=request)
        logger.error("api_failed", exc_info=exc)
    else:
        logger.warning("api_unavailable", code=problem.code, error=str(exc))


def _dump(document: Any) -> bytes:
    return json.dumps(document, cls=_Encoder, ensure_ascii=False, separators=(",", ":")).encode()
