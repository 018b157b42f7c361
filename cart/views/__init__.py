"""Pages of the cart and its checkout."""

from cart.views.again import usual
from cart.views.cart_page import cart_page, choice, drawer, promo
from cart.views.checkout_page import checkout
from cart.views.items import add, set_pieces

__all__ = ["add", "cart_page", "checkout", "choice", "drawer", "promo", "set_pieces", "usual"]
