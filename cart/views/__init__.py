"""Pages of the cart and its checkout."""

from cart.views.checkout_page import checkout
from cart.views.items import add, cart_page, set_pieces

__all__ = ["add", "cart_page", "checkout", "set_pieces"]
