"""Money in the back office: to read, never to write over."""

from payments.admin.payment import PaymentAdmin
from payments.admin.wallet import LedgerAccountAdmin, LedgerRecountAdmin

__all__ = ["LedgerAccountAdmin", "LedgerRecountAdmin", "PaymentAdmin"]
