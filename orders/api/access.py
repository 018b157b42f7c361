"""How a guest's app sees the order it placed: by a signed token that opens this one order and nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _
from rest_framework import permissions
from rest_framework.exceptions import NotAuthenticated

from accounts.rules import is_contact_only
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of
from orders.models import Order
from orders.queries import guests_order, order_seen_by

HEADER = "X-Order-Token"
HEADERS_READ = {HEADER: "A guest's order, as `order_token` of the answer to POST orders/ named it."}
SALT = "milk.orders.app"
VALID_FOR = timedelta(days=60)
"""Real time."""

LONGEST_NUMBER = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token opens: the order, as long as it belongs to the person that was made for it."""

    order_id: int
    customer_id: int


def order_token(order: Order) -> str:
    return signing.dumps([order.pk, order.customer_id], salt=SALT, compress=True)


def opened_by(request: Any) -> Opened | None:
    """What the caller's token opens, if it is ours and not too old."""
    try:
        order_id, customer_id = signing.loads(request.headers.get(HEADER, ""), salt=SALT, max_age=VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return Opened(order_id, customer_id)


class OrderSeers(permissions.BasePermission):
    """Whoever is signed in, and a guest who brings the token of an order."""

    who = "Whoever is signed in, for their own; staff, for all; a guest, for the order whose token they bring."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated) or opened_by(request) is not None


def order_for(request: Any, number: str) -> Order:
    """The order, if the caller may see it. Raises NotFound for another's, and NotAuthenticated."""
    if len(number) > LONGEST_NUMBER:
        raise NotFound(_("There is no such order."))
    if request.user.is_authenticated:
        return order_seen_by(actor_of(request), number)
    opened = opened_by(request)
    if opened is None:
        raise NotAuthenticated
    order = guests_order(opened.order_id, customer_id=opened.customer_id, number=number)
    if not is_contact_only(order.customer):
        raise NotFound(_("There is no such order."))
    return order
