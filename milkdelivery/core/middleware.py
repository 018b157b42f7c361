"""Middleware of the kernel: the facts of each request, and a record of refusals."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.http.request import HttpHeaders

from milkdelivery.core.eventlog import emit
from milkdelivery.core.events import AccessDenied
from milkdelivery.core.web import DEVICE_COOKIE, actor_of, facts_of

logger = structlog.get_logger(__name__)

DEVICE_COOKIE_AGE = 400 * 86_400  # seconds; browsers keep no cookie longer
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
NOT_ALLOWED = 403
TARGET_LENGTH = 100

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestFactsMiddleware:
    """`request.facts`: request id, address, device and browser, for actors and the event log.

    A browser gets its device cookie with the first thing it changes, so that plain reading stays free of cookies and
    its pages can be cached. Comes after django_structlog's, whose request id it takes and tells the caller, so that a
    complaint leads to its log lines and events.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        facts = facts_of(request)
        new_device = facts.device_id is None and request.method not in SAFE_METHODS
        if new_device:
            facts = replace(facts, device_id=str(uuid.uuid4()))
        request.facts = facts  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-ID"] = facts.request_id
        if new_device and facts.device_id and not _is_token_client(request.headers):
            _remember_device(response, facts.device_id)
        return response


class RefusalMiddleware:
    """Tells the event log of every 403, once the refused work has been rolled back.

    The log is a side matter here: when it can't be written the person still gets the answer.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == NOT_ALLOWED:
            _record_refusal(request)
        return response


def _is_token_client(headers: HttpHeaders) -> bool:
    """An app brings its own device id and has no use for cookies."""
    return "Authorization" in headers


def _remember_device(response: HttpResponseBase, device_id: str) -> None:
    response.set_cookie(
        DEVICE_COOKIE,
        device_id,
        max_age=DEVICE_COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _record_refusal(request: HttpRequest) -> None:
    actor = actor_of(request)
    match = request.resolver_match
    target = ",".join(f"{name}={value}" for name, value in match.kwargs.items() if name != "token") if match else ""
    refusal = AccessDenied(
        user_id=actor.user_id,
        method=request.method or "",
        route=match.route if match else "",
        target=target[:TARGET_LENGTH],
    )
    try:
        with transaction.atomic():
            emit(refusal, actor=actor)
    except DatabaseError:
        logger.exception("refusal_not_recorded")
