"""What a log line must not hold: whoever reads logs could otherwise act as the person whose link they found there."""

import re
from collections.abc import MutableMapping
from typing import Any

HIDDEN = "-"

_LINKS = re.compile(
    r"(/(?:accounts/confirm-email|accounts/password/reset/key|orders/(?:claim|pay|wrong|claim-photos)|track|door-photos|demo-bank)/)"
    r"[^/?\s]+"
)
"""Addresses whose next part opens something by itself."""

_SIGN_IN = re.compile(r"(/accounts/[^?\s]*\?)\S*")
"""What sign-in is asked with: names contacts, and where to go on to."""


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: take links that open something, and contacts, out of the request that a line is about."""
    request = event.get("request")
    if isinstance(request, str):
        event["request"] = _LINKS.sub(rf"\1{HIDDEN}", _SIGN_IN.sub(rf"\1{HIDDEN}", request))
    return event
