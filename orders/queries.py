"""Reads of orders that pages, API and reports share."""

from django.db.models import QuerySet

from orders.models import Order, OrderLine


def has_ordered(customer_id: int) -> bool:
    """Whether the person ever placed an order that was not cancelled."""
    return Order.objects.of(customer_id).exclude(status=Order.Status.CANCELLED).exists()


def orders_of(customer_id: int) -> QuerySet[Order]:
    """A household's orders, newest first, with what a list shows."""
    return Order.objects.of(customer_id).select_related("slot", "region").order_by("-id")


def order_of(customer_id: int, number: str) -> Order | None:
    """A household's order with its lines, or None where it is not theirs. Two queries."""
    return orders_of(customer_id).prefetch_related("lines__variant__product__category").filter(number=number).first()


def lines_for_vendor(vendor_id: int) -> QuerySet[OrderLine]:
    """What a vendor was given to fill, of orders that are not cancelled."""
    return (
        OrderLine.objects.filter(vendor_id=vendor_id)
        .exclude(order__status__in=[Order.Status.CANCELLED, Order.Status.CREATED])
        .select_related("order__slot", "order__region", "variant__product")
        .order_by("order__delivery_date", "order__slot__starts_at", "order_id", "id")
    )
