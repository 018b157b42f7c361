"""The signed link to where an order is paid: whoever holds it may pay that one order, and learns nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse

from orders.models import Order
from orders.queries import order_of

SALT = "milk.payments.link"
VALID_FOR = timedelta(days=7)
"""Real time. Longer than an order waits to be paid: later the page tells what became of it."""

IN_SESSION = "pay_links"
MOST_KEPT = 5


@dataclass(frozen=True, slots=True)
class Payable:
    """What a link lets pay: an order, as long as it belongs to the person whom the link was written to."""

    order_id: int
    customer_id: int


def pay_token(order: Order) -> str:
    return signing.dumps([order.pk, order.customer_id], salt=SALT, compress=True)


def read_pay_token(token: str) -> Payable | None:
    """What the token lets pay, or None where it is not ours or too old."""
    try:
        order_id, customer_id = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return Payable(order_id, customer_id)


def pay_url(order: Order) -> str:
    """The whole address, for a message."""
    return settings.SITE_URL + reverse("payments:link", args=[pay_token(order)])


def payable_order(token: str) -> Order | None:
    """The order that a link lets pay; None for a bad link, and where the order is somebody else's by now."""
    given = read_pay_token(token)
    number = Order.objects.filter(pk=given.order_id).values_list("number", flat=True).first() if given else None
    return order_of(given.customer_id, number) if given and number else None


def keep_link(session: Any, order: Order, token: str) -> None:
    """This browser came by the link: it may pay the order without signing in."""
    kept = {number: known for number, known in session.get(IN_SESSION, {}).items() if number != order.number}
    session[IN_SESSION] = {**dict(list(kept.items())[1 - MOST_KEPT :]), str(order.number): token}


def kept_link(session: Any, number: str) -> str:
    """The link that this browser came by to pay an order; "" where it came by none."""
    return str(session.get(IN_SESSION, {}).get(number, ""))
