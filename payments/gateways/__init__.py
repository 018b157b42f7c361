"""Gateways: whoever takes the money, behind one small interface."""

from payments.gateways.base import Gateway, Outcome
from payments.gateways.cash import CashGateway

_GATEWAYS: dict[str, Gateway] = {gateway.name: gateway for gateway in (CashGateway(),)}

__all__ = ["Gateway", "Outcome", "gateway_for", "gateway_named", "usable_methods"]


def usable_methods() -> list[str]:
    """The methods that a household can pay with here and now."""
    return [method for gateway in _GATEWAYS.values() for method in gateway.methods]


def gateway_for(method: str) -> Gateway | None:
    """The gateway that takes this method, or None."""
    return next((gateway for gateway in _GATEWAYS.values() if method in gateway.methods), None)


def gateway_named(name: str) -> Gateway:
    return _GATEWAYS[name]
