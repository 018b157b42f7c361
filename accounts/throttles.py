"""How often somebody may ask about accounts. Counted in the shared cache, in real time."""

from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.throttling import SimpleRateThrottle

from accounts.forms.fields import contact_of
from milkdelivery.core.api.throttles import PerCaller
from milkdelivery.core.web import client_ip


class PerAddress(SimpleRateThrottle):
    """Per IP address, so that nobody walks through a list."""

    rate = "20/min"
    scope = "account-check-ip"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": client_ip(request) or "unknown"}


class SignupPerAddress(PerAddress):
    scope = "signup-ip"


class PerContact(SimpleRateThrottle):
    """Per contact, so that nobody's mailbox or phone is flooded. However it is spelled."""

    rate = "5/hour"
    scope = "account-check-contact"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        typed = next((request.data.get(name) for name in ("contact", "email", "phone") if request.data.get(name)), "")
        if not isinstance(typed, str) or not typed:
            return None
        try:
            contact = str(contact_of(typed))
        except ValidationError:
            contact = typed
        return self.cache_format % {"scope": self.scope, "ident": sha256(contact.encode()).hexdigest()}


class Copies(PerCaller):
    """Copies of everything about a person: the heaviest question there is. Pages and API share the count."""

    scope, rate = "personal-copies", "10/hour"
