"""Payments: money on its way in, and back; the ledger: where it is."""

from payments.models.ledger import LedgerAccount, LedgerEntry, LedgerTransfer
from payments.models.payment import Payment, PaymentQuerySet

__all__ = ["LedgerAccount", "LedgerEntry", "LedgerTransfer", "Payment", "PaymentQuerySet"]
