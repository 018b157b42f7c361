"""Every write of an order, one file per group of verbs."""

from orders.actions.assignment import assign_vendors
from orders.actions.placing import OrderDraft, create_order
from orders.actions.progress import (
    cancel_order,
    confirm_order,
    mark_delivered,
    mark_out_for_delivery,
    pack_order,
    record_payment_status,
    release_stock,
    release_vendors,
    reserve_lines,
    take_over_orders,
)

__all__ = [
    "OrderDraft",
    "assign_vendors",
    "cancel_order",
    "confirm_order",
    "create_order",
    "mark_delivered",
    "mark_out_for_delivery",
    "pack_order",
    "record_payment_status",
    "release_stock",
    "release_vendors",
    "reserve_lines",
    "take_over_orders",
]
