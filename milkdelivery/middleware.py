"""Middleware of the whole site: limits on what may come in, and the content policy of what goes out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import get_template
from django.utils.translation import get_language_from_request, gettext_lazy, override

from milkdelivery.core.api.problems import Problem, problem_page
from milkdelivery.core.error_pages import onward_of
from milkdelivery.core.web import facts_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

API_PREFIX = "/api/"
TAKE_PICTURES = re.compile(
    r"/admin/catalog/product/|/api/v1/products/|(?:/api/v1)?/orders/[^/]+/claims/$|/orders/wrong/[^/]+/$"
    r"|/driver/stops/[0-9]+/deliver/$|/api/v1/deliveries/[0-9]+/proof/$"
)
"""Addresses of pictures, of products several at once, of doors as a camera wrote them; one that is too large is told at
its field, where what else was typed is kept. Beyond memory they go through a file."""

TOO_LARGE = gettext_lazy("That is too large to send at once.")
NO_SUCH_CHARACTER = gettext_lazy("The address holds a character that is not allowed.")


class RequestLimitsMiddleware:
    """Refuse what no honest client sends before anything reads it: oversized bodies and NUL bytes in the address.

    PostgreSQL text cannot hold NUL; forms and serializers refuse it in bodies themselves. The answer needs no session
    and no database: a problem document for the API, a page elsewhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        limit = self._limit(request)
        if _content_length(request) > limit:
            return _refusal(request, 413, "body_too_large", TOO_LARGE, most=limit // 1_000_000)
        if "\x00" in request.path_info or "\x00" in unquote_plus(request.META.get("QUERY_STRING", "")):
            return _refusal(request, 400, "nul_byte", NO_SUCH_CHARACTER)
        return self.get_response(request)

    @staticmethod
    def _limit(request: HttpRequest) -> int:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.content_type != "multipart/form-data":
            return limit
        takes_pictures = TAKE_PICTURES.match(request.path_info) is not None
        return settings.PICTURES_MAX_SIZE if takes_pictures else settings.UPLOAD_MAX_SIZE


PERMISSIONS = "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()"
"""What pages may ask a browser for: a driver's phone takes photos and says where it is, and nothing else is asked."""


class ContentPolicyMiddleware(CSPMiddleware):
    """The strict content policy of the site; the back office has a looser one for its theme. And what pages may ask a
    browser for."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer: HttpResponseBase = super().process_response(request, response)
        answer.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return answer

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        match = request.resolver_match
        if not report_only and match is not None and match.namespaces[:1] == ["admin"]:
            return replace(parts, replace=settings.CONTENT_SECURITY_POLICY_ADMIN)
        return parts


def _content_length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _refusal(request: HttpRequest, status: int, code: str, detail: StrPromise, **facts: int) -> HttpResponse:
    request.facts = facts_of(request)  # type: ignore[attr-defined]
    with override(get_language_from_request(request)):
        if request.path_info.startswith(API_PREFIX):
            response = problem_page(request, Problem(status, code, str(detail)))
        else:
            known = {"BRAND_NAME": settings.BRAND_NAME, "onward": onward_of(request.path_info)}
            words = {**known, "detail": str(detail), **facts}
            response = HttpResponse(get_template(f"{status}.html").render(words), status=status)
    response.headers["X-Request-ID"] = request.facts.request_id  # type: ignore[attr-defined]
    return response
