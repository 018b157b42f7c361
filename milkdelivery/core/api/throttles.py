"""How often somebody may ask. Counted per person, or per address for guests, in the shared cache and in real time."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.throttling import SimpleRateThrottle

from milkdelivery.core.web import client_ip


class PerCaller(SimpleRateThrottle):
    """A subclass names its `scope` and `rate`."""

    rate: str | None

    def get_cache_key(self, request: Any, view: Any) -> str:
        user = request.user
        ident = f"user:{user.pk}" if user.is_authenticated else f"ip:{client_ip(request) or 'unknown'}"
        return self.cache_format % {"scope": self.scope, "ident": ident}


def is_too_often(throttle: type[PerCaller], request: Any) -> bool:
    """Count a request of a page too; whether it is one too many. Pages and API share the count."""
    rule: Any = throttle()
    return not rule.allow_request(request, None)


def count(throttle: type[PerCaller], request: Any) -> None:
    """Count something that only turned out in the course of the request."""
    is_too_often(throttle, request)


class Changes(PerCaller):
    """Filling carts, changing orders: more than any hand can tap."""

    scope, rate = "api-changes", "240/min"


class Orders(PerCaller):
    """New orders, and the checks before them."""

    scope, rate = "api-orders", settings.ORDERS_RATE


class Payments(PerCaller):
    """Attempts to pay: more than any household makes, fewer than whoever tries numbers out."""

    scope, rate = "api-payments", "20/min"


class PromoCodes(PerCaller):
    """Promo codes that are tried."""

    scope, rate = "promo-codes", settings.PROMO_CODES_RATE


class CodesSentAlong(PromoCodes):
    """A promo code in the body of an order. It comes again with each look, so what counts are wrong ones (`count`);
    whoever tried too many is refused with any code, or the answer would tell the right one."""

    def allow_request(self, request: Any, view: Any) -> bool:
        is_sent = isinstance(request.data, Mapping) and request.data.get("promo_code")
        return super().allow_request(request, view) if is_sent else True

    def throttle_success(self) -> bool:
        return True


class Clicks(PerCaller):
    """Taps that an app tells of: faster than anybody taps."""

    scope, rate = "api-clicks", "60/min"


class Secrets(PerCaller):
    """Reads by an unguessable token, so that nobody tries to guess."""

    scope, rate = "api-secrets", "120/min"
