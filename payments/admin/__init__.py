"""Money in the back office: to read, never to write over; what changes it are actions."""

from payments.admin.invoice import InvoiceAdmin, SellerAdmin
from payments.admin.payment import PaymentAdmin
from payments.admin.refund import RefundAdmin
from payments.admin.wallet import LedgerAccountAdmin, LedgerRecountAdmin
from payments.admin.webhook import WebhookAdmin

__all__ = [
    "InvoiceAdmin",
    "LedgerAccountAdmin",
    "LedgerRecountAdmin",
    "PaymentAdmin",
    "RefundAdmin",
    "SellerAdmin",
    "WebhookAdmin",
]
