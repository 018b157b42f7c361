"""Reads of orders that pages, API and reports share."""

from datetime import date

from django.db.models import Prefetch, QuerySet, Subquery
from django.utils.translation import gettext as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import NotFound
from orders.models import Hold, Order, OrderLine, OrderStatusChange
from orders.rules.status import UNDO_WITHIN, UNDONE

COMING = [
    Order.Status.CREATED,
    Order.Status.ON_HOLD,
    Order.Status.CONFIRMED,
    Order.Status.PACKED,
    Order.Status.OUT_FOR_DELIVERY,
]
"""Statuses of an order that is still on its way to the door."""


def has_ordered(customer_id: int) -> bool:
    """Whether the person ever placed an order that was not cancelled."""
    return Order.objects.of(customer_id).exclude(status=Order.Status.CANCELLED).exists()


def was_approved(order_id: int) -> bool:
    """Whether a manager looked at the order and let it go on. One query."""
    return Hold.objects.filter(order_id=order_id, outcome=Hold.Outcome.APPROVED).exists()


def was_just_delivered_again(order_id: int) -> bool:
    """Whether its driver took a delivery of it back, and delivered it again so lately that they may do it once more.
    Two queries."""
    changes = OrderStatusChange.objects.filter(order_id=order_id)
    last = changes.filter(to_status=Order.Status.DELIVERED).order_by("-pk").first()
    is_young = last is not None and last.occurred_at > clock.now() - UNDO_WITHIN
    return is_young and changes.filter(reason=UNDONE).exists()


def open_hold_of(order: Order) -> Hold | None:
    """Why an order is on hold; None where it is not. One query, and only where it is."""
    return order.holds.open().first() if order.status == Order.Status.ON_HOLD else None


def open_holds() -> QuerySet[Hold]:
    """What waits to be looked at, the most urgent first, with orders and customers."""
    return Hold.objects.open().select_related("order__customer", "order__region").order_by("keep_until", "pk")


def orders_of(customer_id: int) -> QuerySet[Order]:
    """A household's orders, newest first, with what a list shows."""
    return Order.objects.of(customer_id).select_related("slot", "region").order_by("-id")


def orders_seen_by(by: Actor) -> QuerySet[Order]:
    """Everybody's for staff, their own for anybody else, newest first, with lines and what else is shown."""
    lines = Prefetch("lines", OrderLine.objects.select_related("variant", "vendor"))
    orders = Order.objects if by.is_staff else Order.objects.of(by.user_id or 0)
    return orders.select_related("slot", "region", "customer").prefetch_related(lines).order_by("-id")


def order_seen_by(by: Actor, number: str) -> Order:
    """Raises NotFound where there is none of that number, or not for them. Two queries."""
    return _found(orders_seen_by(by).filter(number=number))


def guests_order(order_id: int, *, customer_id: int, number: str) -> Order:
    """The order behind a token that the caller has verified, while it belongs to the same person. Raises NotFound."""
    return _found(orders_seen_by(Actor.user(customer_id, Role.CUSTOMER)).filter(pk=order_id, number=number))


def _found(orders: QuerySet[Order]) -> Order:
    order = orders.first()
    if order is None:
        raise NotFound(_("There is no such order."))
    return order


def order_of(customer_id: int, number: str) -> Order | None:
    """A household's order with its lines, or None where it is not theirs. Two queries."""
    lines = Prefetch("lines", OrderLine.objects.select_related("variant__product__category", "vendor"))
    return orders_of(customer_id).prefetch_related(lines).filter(number=number).first()


def older_orders_of(customer_id: int, *, before: str | None = None) -> QuerySet[Order]:
    """The same with their lines, from the one after number `before` on. Two queries, whatever the number."""
    orders = _with_lines(orders_of(customer_id))
    if before:
        marker = Order.objects.of(customer_id).filter(number=before).values("pk")
        orders = orders.filter(pk__lt=Subquery(marker))
    return orders


def _with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.prefetch_related(Prefetch("lines", OrderLine.objects.named()))


def next_order_of(customer_id: int, *, since: date) -> Order | None:
    """The delivery that comes next, on `since` or later, with its lines. Two queries, one where nothing comes."""
    coming = orders_of(customer_id).filter(delivery_date__gte=since, status__in=COMING)
    return _with_lines(coming).order_by("delivery_date", "slot__starts_at", "pk").first()
