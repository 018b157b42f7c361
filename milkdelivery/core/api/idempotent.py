"""`@idempotent`: a view of the API that has one effect however often a request is sent."""

import json
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar

from django.http import HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from milkdelivery.core.api.problems import ProblemResponse
from milkdelivery.core.idempotency import Answer, Claim, KeyRequired, claim
from milkdelivery.core.web import caller_of

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
NOT_KEPT = frozenset({401, 403, 408, 429})
"""Answers that a repeat may change without anything having been done: sign in, wait."""

V = TypeVar("V", bound=Callable[..., Any])


def idempotent(*, required: bool = True) -> Callable[[V], V]:
    """Decorate a method of an API view (`post`, `put`, a viewset's action) that moves stock or money.

    The caller, the method and the path are part of the key's identity. `request.idempotency` is the `Claim` inside
    the method (None without a key, where it is not required). Answers of 5xx are not kept.
    """

    def decorate(method: V) -> V:
        @wraps(method)
        def answer_once(view: Any, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            key = request.headers.get(HEADER, "").strip()
            request.idempotency = None
            if not key:
                if required:
                    raise KeyRequired(_("Send an Idempotency-Key header: a new random value for each new request."))
                return method(view, request, *args, **kwargs)
            outcome = claim(
                caller=caller_of(request),
                operation=f"{request.method} {request.path}",
                key=key,
                request_hash=request_hash(request),
            )
            if isinstance(outcome, Answer):
                return outcome.to_response()
            request.idempotency = outcome
            return _work(outcome, view, lambda: method(view, request, *args, **kwargs))

        answer_once.idempotency_required = required  # type: ignore[attr-defined]
        return answer_once  # type: ignore[return-value]

    return decorate


def _work(claimed: Claim, view: Any, method: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do it, with refusals turned into answers here: a repeat is refused with the same words."""
    try:
        try:
            response = method()
        except Exception as refusal:
            response = view.handle_exception(refusal)
    except BaseException:
        claimed.release()
        raise
    if response.status_code >= 500 or response.status_code in NOT_KEPT:
        claimed.release()
    else:
        claimed.keep(_answer_of(response))
    return response


def _answer_of(response: Any) -> Answer:
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    if not isinstance(response, Response):
        return Answer(response.status_code, response.content, headers)
    if response.data is None:
        return Answer(response.status_code, b"", headers)
    headers["Content-Type"] = response.content_type or "application/json"
    problem = isinstance(response, ProblemResponse)
    body = response.rendered_content if problem else JSONRenderer().render(response.data)
    return Answer(response.status_code, body, headers)


def request_hash(request: Any) -> str:
    """SHA-256 of what was sent, however it was spelled: order of keys and spaces don't matter."""
    body = request.data
    if isinstance(body, QueryDict):
        plain = {name: [_canonical(value) for value in values] for name, values in sorted(body.lists())}
    else:
        plain = body
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    query = request.META.get("QUERY_STRING", "")
    return sha256(f"{query}\n{text}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    """A form's text as it is, a file by its content."""
    if not hasattr(value, "chunks"):
        return str(value)
    digest = sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.hexdigest()
