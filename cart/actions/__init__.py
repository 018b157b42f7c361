"""Every write of a cart and of its checkout, one file per group of verbs."""

from cart.actions.direct import order_lines
from cart.actions.items import add_item, merge_guest_cart, open_cart, set_quantity
from cart.actions.placing import Buyer, Destination, Purchase, place_order
from cart.actions.takeover import take_over
from cart.actions.workflow import claim_stalled, resume_checkout, run_checkout, stop_waiting

__all__ = [
    "Buyer",
    "Destination",
    "Purchase",
    "add_item",
    "claim_stalled",
    "merge_guest_cart",
    "open_cart",
    "order_lines",
    "place_order",
    "resume_checkout",
    "run_checkout",
    "set_quantity",
    "stop_waiting",
    "take_over",
]
