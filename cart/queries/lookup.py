"""Which cart is whose, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db.models import Exists, OuterRef

from cart.models import Cart, CartLine, CartQuerySet, Checkout
from catalog.promotions import uses_by
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Contents:
    """The little that every page needs of a cart: pieces by variant. An empty cart has no id here."""

    cart_id: int | None
    quantities: Mapping[int, int]


EMPTY = Contents(None, {})


def with_facts() -> CartQuerySet:
    """Carts with their promo code and what decides about promotions: `has_ordered` and `code_uses` of the customer.

    It rides along with the cart, so that a code on it costs no query of its own.
    """
    return _with_facts().all()


@cache
def _with_facts() -> CartQuerySet:
    """Put together once, which takes longer than to run it."""
    ordered = Order.objects.filter(customer_id=OuterRef("customer_id")).exclude(status=Order.Status.CANCELLED)
    uses = uses_by(OuterRef("customer_id"), "promo_code__promotion_id")
    return Cart.objects.select_related("promo_code__promotion").annotate(has_ordered=Exists(ordered), code_uses=uses)


def open_cart_of(customer_id: int) -> Cart | None:
    return with_facts().open().filter(customer_id=customer_id).first()


def guest_cart(token: UUID) -> Cart | None:
    """A guest's open cart by the token that the caller has verified."""
    return with_facts().open().filter(token=token, customer=None).first()


def ordered_cart(token: UUID) -> Cart | None:
    """The cart behind a token that has become an order."""
    return Cart.objects.filter(token=token, status=Cart.Status.ORDERED).first()


def contents_of(*, customer_id: int | None = None, token: UUID | None = None) -> Contents:
    """What is in the open cart of a customer, or of a guest by token. One query, none without either."""
    lines = CartLine.objects.filter(cart__status=Cart.Status.OPEN, told_gone=False)
    if customer_id is not None:
        lines = lines.filter(cart__customer_id=customer_id)
    elif token is not None:
        lines = lines.filter(cart__token=token, cart__customer=None)
    else:
        return EMPTY
    rows = list(lines.values_list("cart_id", "variant_id", "quantity"))
    return Contents(rows[0][0], {variant_id: count for _cart, variant_id, count in rows}) if rows else EMPTY


def last_checkout_of(customer_id: int, *, since: datetime) -> Checkout | None:
    """The last checkout of a customer that was started after that instant."""
    found = Checkout.objects.select_related("order").filter(order__customer_id=customer_id, started_at__gte=since)
    return found.order_by("-pk").first()


def checkout_of_cart(cart_id: int) -> Checkout | None:
    return Checkout.objects.select_related("order").filter(cart_id=cart_id).first()


def checkout_of_order(order_id: int) -> Checkout | None:
    return Checkout.objects.filter(order_id=order_id).first()


def unpaid_checkouts() -> dict[int, int]:
    """The checkouts that wait for their payment, by order. While an order is on hold its time to pay stands still."""
    waiting = Checkout.objects.filter(state=Checkout.State.WAITING, waiting_for="payment")
    waiting = waiting.exclude(order__status=Order.Status.ON_HOLD)
    return dict(waiting.values_list("order_id", "pk"))
