"""The demo in words: every fact, no id."""

from __future__ import annotations

from typing import Any

from accounts.models import Address, User
from deliveries.models import Delivery
from inventory.models import Stock, StockMovement
from orders.models import Order, OrderLine, OrderStatusChange
from payments.models import Payment
from vendors.models import CapacityUse

Dump = dict[str, list[tuple[Any, ...]]]

_ORDER = ("order__customer__name", "order__placed_at")


def dump() -> Dump:
    """Everything that the demo draws from its seed, in an order that depends on facts alone."""
    return {
        "people": _facts(
            User.objects.all(), "name", "email", "phone", "contact_email", "contact_phone", "created_at", "order_count",
            "last_active_at", "last_selected_address__line1",
        ),
        "addresses": _facts(
            Address.objects.all(), "user__name", "label", "society", "tower", "floor", "flat", "line1", "pincode",
            "latitude", "longitude", "instructions", "is_default",
        ),
        "orders": _facts(
            Order.objects.all(), "customer__name", "placed_at", "delivery_date", "slot__code", "status",
            "payment_status", "items_total", "tax_total", "deposit_total", "delivery_total", "grand_total", "currency",
            "pincode", "special_instructions", "updated_at",
        ),
        "lines": _facts(
            OrderLine.objects.all(), *_ORDER, "variant__sku", "quantity", "unit_price", "tax", "total", "vendor__name",
            "vendor_reason", "status", "delivered_quantity",
        ),
        "history": _facts(
            OrderStatusChange.objects.all(), *_ORDER, "from_status", "to_status", "reason", "occurred_at"
        ),
        "payments": _facts(
            Payment.objects.all(), *_ORDER, "attempt", "method", "amount", "refunded", "status", "failure_code",
            "created_at", "settled_at",
        ),
        "deliveries": _facts(
            Delivery.objects.all(), *_ORDER, "hub__name", "stop__route__driver__user__email", "status", "picked_up_at",
            "delivered_at", "cash_collected",
        ),
        "stock": _facts(Stock.objects.all(), "vendor__name", "variant__sku", "on_hand", "reserved"),
        "movements": _facts(
            StockMovement.objects.all(), "stock__vendor__name", "stock__variant__sku", "kind", "on_hand_change",
            "reserved_change", "reason", "occurred_at",
        ),
        "capacity": _facts(CapacityUse.objects.all(), "vendor__name", "date", "orders"),
    }  # fmt: skip


def _facts(rows: Any, *names: str) -> list[tuple[Any, ...]]:
    return sorted(rows.values_list(*names), key=repr)
