"""Orders and claims in the back office."""

from orders.admin.claim import ClaimAdmin
from orders.admin.order import OrderAdmin, VendorAnswerAdmin

__all__ = ["ClaimAdmin", "OrderAdmin", "VendorAnswerAdmin"]
