"""The press of the button: from a wish to an order."""

import uuid
from datetime import timedelta
from typing import Any

from cart.actions import add_item, order_lines, place_order, run_checkout
from cart.api.basket import AppShopping
from cart.api.wish import Wish, look_over
from cart.models import Checkout
from cart.queries import checkout_of_cart, last_checkout_of, ordered_cart
from cart.rules import CheckoutRefused, NotOnSale
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of, caller_of
from orders.models import Order

BACK_IN = timedelta(minutes=30)
"""How long after placing whoever holds a guest's cart gets back to its order: the answer may have been lost."""

TAKEN_OVER_WITHIN = timedelta(minutes=10)
"""How long after placing a repeat of the same request looks for the order that a crashed server had placed for it."""

KEYS = uuid.UUID("6c1d5a2e-97a4-4c0b-8f0e-2b7c3e51d9aa")
"""The namespace in which an idempotency key names the cart of lines that are ordered at once."""


def place(request: Any, wish: Wish) -> Checkout:
    """Place the order and carry it as far as it goes now. Raises CheckoutRefused with everything to be mended."""
    by = actor_of(request)
    done = _placed_before(request, wish)
    if done is not None:
        return done
    if wish.gaps or (wish.pieces is None and wish.cart is None):
        raise CheckoutRefused(look_over(wish)[1])
    if wish.pieces is not None:
        token = uuid.uuid5(KEYS, f"{caller_of(request)} {request.idempotency.key}")
        code = wish.code.code if wish.code else ""
        placed = order_lines(wish.pieces, wish.purchase, token=token, by=by, if_short=wish.if_short, code=code)
    else:
        assert wish.cart is not None  # noqa: S101 - for the type checker
        placed = place_order(wish.cart.pk, wish.purchase, by=by)
    return run_checkout(placed.pk, by=by, seen=placed)


def _placed_before(request: Any, wish: Wish) -> Checkout | None:
    """The order that this very cart became already: a second tap, or a server that crashed before it could answer."""
    if wish.pieces is not None or wish.cart is not None:
        return None
    if wish.person is not None:
        is_taken_over = request.idempotency.attempt > 1
        return last_checkout_of(wish.person.pk, since=clock.now() - TAKEN_OVER_WITHIN) if is_taken_over else None
    token = wish.shopping.token
    cart = ordered_cart(token) if token else None
    run = checkout_of_cart(cart.pk) if cart else None
    return run if run and clock.now() - run.started_at <= BACK_IN else None


def give_cart_back(shopping: AppShopping, order: Order, *, by: Actor) -> str | None:
    """A guest's order came to nothing: a new cart holds what was in it. Its token, None where nothing is left."""
    shopping.forget_cart()
    for line in order.lines.all():
        try:
            add_item(
                shopping.cart_to_fill(),
                variant_id=line.variant_id,
                quantity=line.quantity,
                region=order.region,
                on=order.delivery_date,
                by=by,
            )
        except NotOnSale:
            continue
    return shopping.signed_token
