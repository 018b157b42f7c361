"""What the worker does for payments. Each is safe to run twice."""

from milkdelivery.core.actors import Actor
from payments import actions

_SELF = Actor.system("payments")


def void_payments(order_id: int) -> None:
    """Call off what a cancelled order still owes."""
    actions.void_payments(order_id, by=_SELF)
