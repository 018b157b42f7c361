"""Gateways: whoever takes the money, behind one small interface."""

from functools import cache

from django.utils.module_loading import import_string

from payments.gateways.base import Gateway, Outcome

# Read when first asked for: the wallet's money moves by our own actions, which stand above.
_KNOWN = {
    "cash": "payments.gateways.cash.CashGateway",
    "wallet": "payments.gateways.wallet.WalletGateway",
}

__all__ = ["Gateway", "Outcome", "gateway_for", "gateway_named", "usable_methods"]


def usable_methods(*, has_account: bool = False) -> list[str]:
    """The methods that somebody can pay with here and now: a guest, or a person with an account of their own."""
    usable = [gateway for gateway in _all() if has_account or not gateway.needs_account]
    return [method for gateway in usable for method in gateway.methods]


def gateway_for(method: str) -> Gateway | None:
    """The gateway that takes this method, or None."""
    return next((gateway for gateway in _all() if method in gateway.methods), None)


@cache
def gateway_named(name: str) -> Gateway:
    gateway: Gateway = import_string(_KNOWN[name])()
    return gateway


def _all() -> list[Gateway]:
    return [gateway_named(name) for name in _KNOWN]
