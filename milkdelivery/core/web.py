"""What faces know of a request: who acts, from where, and on whose behalf a guest's key counts."""

import ipaddress
import re
import uuid
from hashlib import sha256
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest

from milkdelivery.core.actors import Actor, RequestFacts

DEVICE_COOKIE = "milk_device"
DEVICE_HEADER = "X-Device-Id"
CART_TOKEN_HEADER = "X-Cart-Token"  # noqa: S105 - the name of a header
USER_AGENT_LENGTH = 400
_COUNTRY = re.compile(r"[A-Z][A-Z0-9]")


def actor_of(request: Any) -> Actor:
    """Who acts in this request, of a page or of the API."""
    user = getattr(request, "user", None)
    facts = getattr(request, "facts", None)
    if user is not None and user.is_authenticated:
        return Actor.user(user.pk, user.role, facts)
    return Actor.guest(facts)


def caller_of(request: Any) -> str:
    """A stable name of whoever calls, for keys that are unique per caller. Tokens are hashed, never stored."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    if token := request.headers.get(CART_TOKEN_HEADER):
        return f"cart:{_digest(token)}"
    if session_key := getattr(getattr(request, "session", None), "session_key", None):
        return f"session:{_digest(session_key)}"
    return f"ip:{client_ip(request) or 'unknown'}"


def facts_of(request: HttpRequest) -> RequestFacts:
    """Where the request came from. The id is the one its log lines carry, and never the client's choice."""
    return RequestFacts(
        request_id=structlog.contextvars.get_contextvars().get("request_id") or str(uuid.uuid4()),
        ip=client_ip(request),
        device_id=device_of(request),
        user_agent=request.headers.get("User-Agent", "").replace("\0", "")[:USER_AGENT_LENGTH],
        place=country_of(request),
    )


def client_ip(request: Any) -> str | None:
    """The caller's address. Behind N trusted proxies it is the Nth from the right; anybody can write what is before."""
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        address = hops[-settings.TRUSTED_PROXIES]
    return _normal_ip(address)


def country_of(request: HttpRequest) -> str:
    """The country of the caller's address with two letters, as a trusted proxy names it; "" where nobody does. Anybody
    can write a header, so without a proxy none is believed. XX is what proxies say where they don't know."""
    if not (settings.COUNTRY_HEADER and settings.TRUSTED_PROXIES):
        return ""
    named = request.headers.get(settings.COUNTRY_HEADER, "").strip().upper()
    return named if _COUNTRY.fullmatch(named) and named != "XX" else ""


def device_of(request: HttpRequest) -> str | None:
    """The id of this browser (a cookie) or app install (a header): a random UUID, None where there is none yet."""
    claimed = request.headers.get(DEVICE_HEADER) or request.COOKIES.get(DEVICE_COOKIE, "")
    try:
        return str(uuid.UUID(claimed))
    except ValueError:
        return None


def _normal_ip(address: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.IPv6Address(parsed.packed))  # without a zone
    return str(parsed)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()[:40]
