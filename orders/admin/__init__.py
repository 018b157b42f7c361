"""Orders in the back office."""

from orders.admin.order import OrderAdmin, VendorAnswerAdmin

__all__ = ["OrderAdmin", "VendorAnswerAdmin"]
