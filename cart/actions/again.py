"""Ordering once more, in one tap."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cart.actions.direct import order_lines
from cart.actions.placing import Buyer, Destination, Purchase
from cart.models import Checkout
from cart.queries import Plan
from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Seen:
    """An order as its household saw it before the tap."""

    pieces: Mapping[int, int]
    if_short: Mapping[int, str]
    address_id: int | None
    slot_id: int | None
    delivery_date: date | None
    payment_method: str
    expected_total: Money


def order_again(seen: Seen, *, user_id: int, token: UUID, by: Actor) -> Checkout:
    """Place what was seen, as it was seen, and leave the open cart alone; `run_checkout` then carries it on.

    Safe to repeat: the same token is the same order. Raises CheckoutRefused where anything of it does not hold any more
    (price, cut-off, stock, place), NotFound for an address that is gone, BadQuantity and CartFull; nothing is changed
    then. Emits OrderPlaced, CheckoutStarted and PromotionRedeemed.
    """
    purchase = Purchase(
        buyer=Buyer(user_id=user_id),
        destination=Destination(address_id=seen.address_id or 0),
        plan=Plan(
            pincode="",
            slot=region_book().slots.get(seen.slot_id or 0),
            delivery_date=seen.delivery_date,
            payment_method=seen.payment_method,
            expected_total=seen.expected_total,
        ),
        source=Order.Source.QUICK_REORDER,
    )
    return order_lines(seen.pieces, purchase, token=token, by=by, if_short=seen.if_short)
