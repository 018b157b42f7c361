"""What happens to invoices."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class InvoiceIssued(DomainEvent):
    """The household can have the invoice of a delivered order."""

    name = "invoice.issued"
    invoice_id: int
    order_id: int
    number: str
    total: Money


@dataclass(frozen=True)
class CreditNoteIssued(DomainEvent):
    """Money of an invoiced order went back, and a note says what of the invoice it takes off."""

    name = "credit_note.issued"
    invoice_id: int
    order_id: int
    refund_id: int
    number: str
    total: Money


@dataclass(frozen=True)
class SellerUpdated(DomainEvent):
    """From now on invoices of a region name something else, or are numbered otherwise."""

    name = "seller.updated"
    seller_id: int
    region_id: int
