"""Money in the back office: to read, never to write over."""

from payments.admin.payment import PaymentAdmin

__all__ = ["PaymentAdmin"]
