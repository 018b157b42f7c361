"""Answers that are the same for everybody: made once in a while, and not sent to whoever has them already."""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import caches
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from django.utils.translation import get_language
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from milkdelivery.core.edition import edition

FRESH_FOR = 10
"""Seconds that this process gives the same bytes again, within an edition of the shop. What is ordered is checked anew,
to the piece and the coin."""

V = TypeVar("V", bound=Callable[..., Any])


def same_for_all(method: V) -> V:
    """Decorate the `get` of a view whose answer depends on its address and the language alone."""

    @wraps(method)
    def get(view: Any, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        where = f"{edition()} {get_language()} {request.build_absolute_uri()}"
        key = f"api.{sha256(where.encode('utf-8', 'replace')).hexdigest()}"
        body: bytes | None = caches["local"].get(key)
        if body is None:
            answer: Response = method(view, request, *args, **kwargs)
            if answer.status_code != 200:
                return answer
            body = JSONRenderer().render(answer.data)
            caches["local"].set(key, body, FRESH_FOR)
        return tagged(request, body)

    return get  # type: ignore[return-value]


def tagged(request: Any, body: bytes, *, private: bool = False) -> HttpResponse:
    """JSON with an ETag; 304 without it where the caller has the same already."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    known = [each.removeprefix("W/") for each in parse_etags(request.headers.get("If-None-Match", ""))]
    is_known = tag in known or "*" in known
    answer = HttpResponseNotModified() if is_known else HttpResponse(body, content_type="application/json")
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache" if private else "no-cache"
    return answer
