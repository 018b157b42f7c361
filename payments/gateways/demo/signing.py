"""Signatures of the pretend bank's words, in the way of the trade: time and HMAC in one header."""

import hmac
from collections.abc import Mapping

from django.conf import settings
from django.utils.crypto import salted_hmac

from milkdelivery.core import clock
from payments.gateways.base import TOLERANCE, WebhookRefused

HEADER = "demo-signature"
LONGEST = 64_000
"""Bytes of a word; a longer one is none of the bank's."""


def sign(body: bytes, *, at: int) -> str:
    """The header's value for a body, signed at that (real) second."""
    return f"t={at},v1={_mac(body, at, settings.SECRET_KEY)}"


def ensure_signed(headers: Mapping[str, str], body: bytes) -> None:
    """The word is as the bank wrote it, a moment ago. Raises WebhookRefused where it is forged or stale."""
    parts = dict(part.split("=", 1) for part in headers.get(HEADER, "").split(",") if "=" in part)
    at, given = parts.get("t", ""), parts.get("v1", "")
    if not (at.isascii() and at.isdecimal() and len(at) < 12) or len(body) > LONGEST:
        raise WebhookRefused("The signature is missing.")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    known = [_mac(body, int(at), key) for key in keys]
    if not any(hmac.compare_digest(given.encode("utf-8", "replace"), mac.encode()) for mac in known):
        raise WebhookRefused("The signature is not the bank's.")
    if abs(clock.real_now().timestamp() - int(at)) > TOLERANCE.total_seconds():
        raise WebhookRefused("The word is too old.")


def _mac(body: bytes, at: int, key: str) -> str:
    signed = f"{at}.".encode() + body
    return salted_hmac("payments.demo.webhook", signed, secret=key, algorithm="sha256").hexdigest()
