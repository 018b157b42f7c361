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
from orders.queries.work import (
    OpenDay,
    answers_of,
    given_back_on,
    open_days_of,
    open_lines_of,
    open_work_of,
    stranded_work,
)

__all__ = [
    "COMING",
    "Assignment",
    "DemandDay",
    "DemandItem",
    "OpenDay",
    "SlotDemand",
    "answers_of",
    "demand_days",
    "demand_on",
    "given_back_on",
    "guests_order",
    "has_ordered",
    "lines_for_vendor",
    "next_order_of",
    "older_orders_of",
    "open_days_of",
    "open_lines_of",
    "open_work_of",
    "order_of",
    "order_seen_by",
    "orders_of",
    "orders_seen_by",
    "stranded_work",
]
