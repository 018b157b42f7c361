"""Reads of invoices and credit notes that pages, API and reports share."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from milkdelivery.core.errors import DomainError, NotFound
from orders.models import Order
from payments.models import Invoice, Refund, RefundMovement

GIVEN = (Refund.Kind.LINES, Refund.Kind.AMOUNT, Refund.Kind.CLAIM)
"""Refunds that take something off an invoice. The others give back what was never invoiced."""


class NoInvoiceYet(DomainError):
    """The order has not been delivered, or its invoice is being written."""

    code = "no_invoice_yet"


def documents_of(order_ids: Collection[int]) -> dict[int, list[Invoice]]:
    """Invoice and credit notes of each order, oldest first, without what they say. One query, none without orders."""
    found: dict[int, list[Invoice]] = {}
    if order_ids:
        for row in Invoice.objects.of_orders(order_ids).select_related("order").defer("document"):
            found.setdefault(row.order_id, []).append(row)
    return found


def invoice_of(order: Order) -> Invoice:
    """Raises NoInvoiceYet, in words that say what is waited for."""
    found = Invoice.objects.invoices().filter(order=order).first()
    if found is not None:
        return found
    if order.status == Order.Status.DELIVERED:
        raise NoInvoiceYet(_("The invoice is being written. Look again in a minute."))
    if order.status in (Order.Status.CANCELLED, Order.Status.RETURNED):
        raise NoInvoiceYet(_("This order was not delivered, so there is no invoice."))
    raise NoInvoiceYet(_("The invoice comes with the delivery."))


def credit_note_of(order: Order, pk: int) -> Invoice:
    """Raises NotFound where the order has no such note."""
    found = Invoice.objects.notes_of(order.pk).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such credit note."))
    return found


def uncredited_refunds() -> QuerySet[Refund]:
    """Money of invoiced orders that went back, and that no credit note tells of yet."""
    moved = RefundMovement.objects.filter(refund=OuterRef("pk"), status=RefundMovement.Status.DONE)
    invoice = Invoice.objects.invoices().filter(order=OuterRef("payment__order"))
    note = Invoice.objects.filter(refund=OuterRef("pk"))
    given = Refund.objects.filter(kind__in=GIVEN, payment__is_surplus=False)
    return given.filter(Exists(moved), Exists(invoice), ~Exists(note))
