"""Around sign-in: bodies that could not be stored are refused, and a device in use is seen."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from accounts import actions
from accounts.signin.adapter import DEVICE_IN_SESSION
from milkdelivery.core import clock
from milkdelivery.core.api import JSONParser

SEEN_IN_SESSION = "device_seen_at"
SEEN_EVERY = 3600
"""Seconds: a device's time of last use is that exact."""
SIGN_IN = ("api/v1/auth/", "api/v1/users/")
SAFE = ("GET", "HEAD", "OPTIONS")
TOO_MANY = 429
RETRY_AFTER = "60"
"""Seconds, for what counts its tries without saying when it counts anew."""


class SignInMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == TOO_MANY and not response.has_header("Retry-After"):
            response["Retry-After"] = RETRY_AFTER
        _see_device(request)
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        """allauth reads its JSON itself, and would choke on what a database can't hold."""
        match = request.resolver_match
        if match is None or not match.route.startswith(SIGN_IN):
            return None
        # allauth exchanges the session for that of the token and has the user read anew. The request log has put a user
        # there that can't be: this one can.
        request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]
        if request.method in SAFE or not match.route.startswith(SIGN_IN[0]) or not request.body:
            return None
        try:
            JSONParser().parse(_Body(request.body))
        except APIException as refusal:
            return _refusal(str(refusal.detail), refusal.status_code)
        return None


class _Body:
    """A body that is read already, as a parser wants it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def read(self, size: int) -> bytes:
        return self.raw[:size]


def _refusal(message: str, status: int) -> JsonResponse:
    """In allauth's shape."""
    errors = [{"message": message or _("The request could not be read."), "code": "malformed"}]
    return JsonResponse({"status": status, "errors": errors}, status=status)


def _see_device(request: HttpRequest) -> None:
    """A browser that stays signed in for weeks is seen now and then. Anonymous pages don't even load their session."""
    session = getattr(request, "session", None)
    if session is None or not session.accessed or DEVICE_IN_SESSION not in session:
        return
    now = clock.real_now().timestamp()
    if now - session.get(SEEN_IN_SESSION, 0) < SEEN_EVERY:
        return
    if SEEN_IN_SESSION in session:
        actions.touch_device(session[DEVICE_IN_SESSION])
    session[SEEN_IN_SESSION] = now
