"""Forms that survive an old page.

A long form whose token expired should come back with what was typed, not end on an error page. Its view is exempt from
the middleware's check and asks here instead, before it changes anything.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import get_callable


class _Check(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason  # instead of an answer


def _no_view(request: HttpRequest) -> HttpResponse:
    """The check wants a view to protect; ours is running already."""
    return HttpResponse()


def token_problem(request: HttpRequest) -> str | None:
    """Why the form's token does not hold, or None if it does."""
    reason: Any = _Check(_no_view).process_view(request, _no_view, (), {})
    return reason


def came_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the form. Another site can't make it say so."""
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def refuse(request: HttpRequest, reason: str) -> HttpResponse:
    """The answer that the middleware would have given."""
    answer: HttpResponse = get_callable(settings.CSRF_FAILURE_VIEW)(request, reason=reason)
    return answer
