"""Reads of orders: one by one, and what they ask of a vendor."""

from orders.queries.demand import (
    Assignment,
    DemandDay,
    DemandItem,
    SlotDemand,
    demand_days,
    demand_on,
    lines_for_vendor,
)
from orders.queries.lookup import (
    COMING,
    guests_order,
    has_ordered,
    next_order_of,
    older_orders_of,
    order_of,
    order_seen_by,
    orders_of,
    orders_seen_by,
)

__all__ = [
    "COMING",
    "Assignment",
    "DemandDay",
    "DemandItem",
    "SlotDemand",
    "demand_days",
    "demand_on",
    "guests_order",
    "has_ordered",
    "lines_for_vendor",
    "next_order_of",
    "older_orders_of",
    "order_of",
    "order_seen_by",
    "orders_of",
    "orders_seen_by",
]
