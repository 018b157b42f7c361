"""Payments: money on its way in, and back."""

from payments.models.payment import Payment, PaymentQuerySet

__all__ = ["Payment", "PaymentQuerySet"]
