"""Writing invoices and credit notes. A number is taken in the transaction that writes its row, and last of all."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch

from accounts.models import Preferences
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.taken import unless_taken
from orders.models import Order, OrderLine
from payments.actions.documents import invoice_document, note_document
from payments.events import CreditNoteIssued, InvoiceIssued, SellerUpdated
from payments.models import (
    CAPTURED,
    Invoice,
    InvoiceCounter,
    Payment,
    Refund,
    RefundMovement,
    Seller,
    uninvoiced_orders,
)
from payments.queries.invoices import uncredited_refunds
from payments.rules.invoices import Data, credit_of, number_of, year_of

logger = logging.getLogger(__name__)

SYSTEM = Actor.system("invoices")
TAKEN = {
    "payments_seller_region_id_key": "region",
    "payments_seller_invoice_series_key": "invoice_series",
    "payments_seller_credit_series_key": "credit_series",
}


@dataclass(frozen=True, slots=True)
class _Draft:
    """A document that only lacks its number."""

    kind: str
    order: Order
    seller: Seller
    document: Data
    issued_at: datetime
    refund: Refund | None = None

    @property
    def series(self) -> str:
        is_note = self.kind == Invoice.Kind.CREDIT_NOTE
        return self.seller.credit_series if is_note else self.seller.invoice_series


def issue_invoices(order_ids: Collection[int], *, by: Actor = SYSTEM) -> list[Invoice]:
    """Invoice those of the orders that were delivered, whose sale stands in the books, and that have no invoice yet.

    Safe to repeat. Locks the orders, then, last, the counter of the series, which everybody who invoices in the region
    waits for until this commits. Emits InvoiceIssued. Raises ValueError for an order whose figures do not add up; then
    none is written.
    """
    with transaction.atomic():
        issued = write_invoices(order_ids)
        emit_many([told_of(row) for row in issued], actor=by)
    return issued


def write_invoices(order_ids: Collection[int], *, at: Mapping[int, datetime] | None = None) -> list[Invoice]:
    """The same as part of the caller's transaction, which tells of it. `at` says of orders when they were invoiced;
    now, where it does not."""
    ensure_in_transaction("write_invoices()")
    locked = Order.objects.locked_many(order_ids)
    due = set(uninvoiced_orders().filter(pk__in=[order.pk for order in locked]).values_list("pk", flat=True))
    drafts = _drafts_of([order for order in locked if order.pk in due], at or {})
    return _number(sorted(drafts, key=lambda draft: draft.issued_at))


def told_of(invoice: Invoice) -> InvoiceIssued:
    return InvoiceIssued(invoice.pk, invoice.order_id, invoice.number, invoice.total)


def issue_credit_note(refund_id: int, *, by: Actor = SYSTEM) -> Invoice | None:
    """Write the note for money of an invoiced order that went back. Safe to repeat.

    None where none is due: the money has not gone yet, the order has no invoice, the refund was of something that was
    never invoiced, or nothing of the invoice is left. Locks the order, then, last, the counter of the series. Emits
    CreditNoteIssued.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    order_id = refund.payment.order_id
    if order_id is None:
        return None
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        known = Invoice.objects.filter(refund=refund).first()
        if known is not None or not uncredited_refunds().filter(pk=refund_id).exists():
            return known
        draft = _note_of(order, refund)
        if draft is None:
            return None
        (note,) = _number([draft])
        emit(CreditNoteIssued(note.pk, order_id, refund_id, note.number, note.total), actor=by)
    return note


def issue_what_is_missing(*, by: Actor = SYSTEM, at_once: int = 500) -> int:
    """Write every invoice and credit note that is due and that nobody wrote; how many. Safe to repeat.

    Emits InvoiceIssued and CreditNoteIssued.
    """
    written, after = 0, 0
    while ids := list(uninvoiced_orders().filter(pk__gt=after).values_list("pk", flat=True)[:at_once]):
        written += _issue_each(ids, by)
        after = ids[-1]
    for refund_id in list(uncredited_refunds().order_by("pk").values_list("pk", flat=True)):
        written += issue_credit_note(refund_id, by=by) is not None
    return written


def _issue_each(order_ids: Sequence[int], by: Actor) -> int:
    """All at once; where one of them does not add up, the others without it. The recount names what lacks."""
    try:
        return len(issue_invoices(order_ids, by=by))
    except ValueError as wrong:
        if len(order_ids) == 1:
            logger.error("an invoice can't be written: %s", wrong)
            return 0
    return sum(_issue_each([order_id], by) for order_id in order_ids)


def save_seller(seller: Seller, *, by: Actor) -> Seller:
    """Say who sells in a region and how its invoices are numbered, from the next one on. Raises TakenMeanwhile.
    Emits SellerUpdated."""
    with unless_taken(TAKEN), transaction.atomic():
        seller.save()
        emit(SellerUpdated(seller.pk, seller.region_id), actor=by)
    return seller


def _drafts_of(orders: Sequence[Order], at: Mapping[int, datetime]) -> list[_Draft]:
    """The documents of locked orders. Five queries."""
    if not orders:
        return []
    lines: Prefetch[str] = Prefetch("lines", OrderLine.objects.order_by("pk"))
    whole = Order.objects.select_related("region").prefetch_related(lines).in_bulk([order.pk for order in orders])
    sellers = {
        seller.region_id: seller for seller in Seller.objects.filter(region__in={order.region_id for order in orders})
    }
    wishes = Preferences.objects.filter(user__in={order.customer_id for order in orders})
    languages = dict(wishes.values_list("user", "language"))
    paid = Payment.objects.of_orders(whole).filter(status__in=CAPTURED, is_surplus=False)
    methods: dict[int | None, list[str]] = {}
    for order_id, method in paid.values_list("order_id", "method"):
        methods.setdefault(order_id, []).append(method)
    return [
        _Draft(
            Invoice.Kind.INVOICE,
            whole[order.pk],
            sellers[order.region_id],
            invoice_document(
                whole[order.pk],
                seller=sellers[order.region_id],
                methods=methods.get(order.pk, []),
                language=languages.get(order.customer_id, settings.LANGUAGE_CODE),
            ),
            at.get(order.pk) or clock.now(),
        )
        for order in orders
    ]


def _note_of(order: Order, refund: Refund) -> _Draft | None:
    invoice = Invoice.objects.invoices().get(order=order)
    earlier = list(Invoice.objects.notes_of(order.pk).values_list("document", flat=True))
    credited = credit_of(invoice.document, earlier, amount=refund.amount.minor, shares=refund.lines)
    if credited is None:
        return None
    seller = Seller.objects.get(region=order.region)
    document = note_document(
        refund,
        credited,
        destination=refund.movements.get(status=RefundMovement.Status.DONE).destination,
        invoice=invoice.document,
        number=invoice.number,
        issued_on=invoice.issued_on,
    )
    return _Draft(Invoice.Kind.CREDIT_NOTE, order, seller, document, clock.now(), refund)


def _number(drafts: Sequence[_Draft]) -> list[Invoice]:
    """Write documents under the next numbers of their series, in the order given."""
    rows: list[Invoice] = []
    wanted: dict[tuple[str, str], list[tuple[_Draft, Invoice]]] = {}
    for draft in drafts:
        day = draft.issued_at.astimezone(ZoneInfo(draft.order.region.time_zone)).date()
        row = Invoice(
            kind=draft.kind,
            order=draft.order,
            region_id=draft.order.region_id,
            refund=draft.refund,
            series=draft.series,
            year=year_of(day, starts_in=draft.seller.year_starts_in),
            currency=draft.document["currency"],
            tax=draft.document["sums"]["tax"],
            total=draft.document["sums"]["total"],
            document=draft.document,
            issued_on=day,
            issued_at=draft.issued_at,
        )
        rows.append(row)
        wanted.setdefault((row.series, row.year), []).append((draft, row))
    for (series, year), pairs in sorted(wanted.items()):
        first = InvoiceCounter.objects.take(series, year, len(pairs))
        for serial, (_draft, row) in enumerate(pairs, start=first):
            row.serial, row.number = serial, number_of(series, year, serial)
    return Invoice.objects.bulk_create(rows)
