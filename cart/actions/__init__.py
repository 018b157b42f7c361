"""Every write of a cart and of its checkout, one file per group of verbs."""

from cart.actions.again import Seen, order_again
from cart.actions.choices import choose_if_short, mark_told
from cart.actions.direct import order_lines
from cart.actions.items import add_item, fill_cart, merge_guest_cart, open_cart, set_quantity
from cart.actions.placing import Buyer, Destination, Purchase, place_order
from cart.actions.promo import apply_code, remove_code
from cart.actions.takeover import take_over
from cart.actions.workflow import claim_stalled, resume_checkout, run_checkout, stop_waiting

__all__ = [
    "Buyer",
    "Destination",
    "Purchase",
    "Seen",
    "add_item",
    "apply_code",
    "choose_if_short",
    "claim_stalled",
    "fill_cart",
    "mark_told",
    "merge_guest_cart",
    "open_cart",
    "order_again",
    "order_lines",
    "place_order",
    "remove_code",
    "resume_checkout",
    "run_checkout",
    "set_quantity",
    "stop_waiting",
    "take_over",
]
