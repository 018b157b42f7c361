"""The signed link in a guest's order mail: whoever reads that mailbox may take the order into their own account."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from orders.models import Order

SALT = "milk.orders.claim"
VALID_FOR = timedelta(days=7)
"""Real time."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """What a link gives: everything the guest `customer_id` ordered, with `order_id` as the one it was mailed for."""

    order_id: int
    customer_id: int


def take_over_token(order: Order) -> str:
    return signing.dumps([order.pk, order.customer_id], salt=SALT, compress=True)


def read_take_over(token: str) -> TakeOver | None:
    """What the token gives, or None where it is not ours or too old."""
    try:
        order_id, customer_id = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return TakeOver(order_id=order_id, customer_id=customer_id)


def take_over_url(order: Order) -> str:
    """The whole address, for a mail."""
    return settings.SITE_URL + reverse("orders:take_over", args=[take_over_token(order)])
