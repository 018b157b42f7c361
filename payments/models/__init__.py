"""Payments: money on its way in, and back; the ledger: where it is."""

from payments.models.demo import DemoCharge
from payments.models.invoice import Invoice, InvoiceCounter, InvoiceQuerySet, Seller, uninvoiced_orders
from payments.models.ledger import LedgerAccount, LedgerEntry, LedgerTransfer
from payments.models.payment import CAPTURED, Payment, PaymentQuerySet
from payments.models.recount import LedgerRecount
from payments.models.refund import Refund, RefundMovement
from payments.models.saved import SavedMethod
from payments.models.webhook import Webhook

__all__ = [
    "CAPTURED",
    "DemoCharge",
    "Invoice",
    "InvoiceCounter",
    "InvoiceQuerySet",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerRecount",
    "LedgerTransfer",
    "Payment",
    "PaymentQuerySet",
    "Refund",
    "RefundMovement",
    "SavedMethod",
    "Seller",
    "Webhook",
    "uninvoiced_orders",
]
