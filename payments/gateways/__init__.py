"""Gateways: whoever takes the money, behind one small interface. PAYMENT_GATEWAYS says which are in use."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from payments.gateways.base import Gateway, Outcome

# Read when first asked for: the wallet's money moves by our own actions, which stand above.
_KNOWN = {
    "cash": "payments.gateways.cash.CashGateway",
    "wallet": "payments.gateways.wallet.WalletGateway",
    "demo": "payments.gateways.demo.DemoGateway",
}

__all__ = [
    "Gateway",
    "Outcome",
    "gateway_for",
    "gateway_named",
    "is_demo",
    "is_in_use",
    "top_up_methods",
    "usable_methods",
]


def usable_methods(*, has_account: bool = False) -> list[str]:
    """The methods that somebody can pay with here and now: a guest, or a person with an account of their own."""
    usable = [gateway for gateway in _in_use() if has_account or not gateway.needs_account]
    return [method for gateway in usable for method in gateway.methods]


def top_up_methods() -> list[str]:
    """The methods that a wallet can be filled with: those whose money comes at once."""
    return [method for gateway in _in_use() if not gateway.is_immediate for method in gateway.methods]


def gateway_for(method: str) -> Gateway | None:
    """The gateway in use that takes this method, or None."""
    return next((gateway for gateway in _in_use() if method in gateway.methods), None)


@cache
def gateway_named(name: str) -> Gateway:
    """One that we know, in use or not: what it once took can still go back."""
    gateway: Gateway = import_string(_KNOWN[name])()
    return gateway


def is_in_use(name: str) -> bool:
    return name in settings.PAYMENT_GATEWAYS


def is_demo() -> bool:
    """Whether the pretend bank is in use."""
    return is_in_use("demo")


def _in_use() -> list[Gateway]:
    return [gateway_named(name) for name in settings.PAYMENT_GATEWAYS]
