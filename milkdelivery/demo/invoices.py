"""Who sells in the demo, and an invoice for everything that was delivered, dated when it was."""

from datetime import date, datetime

from django.db import connection

from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event, Region
from milkdelivery.demo.copying import copy_rows
from milkdelivery.demo.past_events import past_event
from payments.actions import issue_credit_note, save_seller, told_of, write_invoices
from payments.models import Seller
from payments.queries.invoices import uncredited_refunds

SELLERS = {
    "BLR": {
        "name": "Bhor Dairy Foods Private Limited",
        "address": "14 Richmond Road, Bengaluru 560025",
        "tax_number": "29ZZZBD0101D1ZS",
        "food_licence": "11225999000101",
        "invoice_series": "BLR",
        "credit_series": "BLC",
        "year_starts_in": 4,
    },
    "BTV": {
        "name": "Bhor Dairy Vermont LLC",
        "address": "120 Pine Street, Burlington, VT 05401",
        "invoice_series": "BTV",
        "credit_series": "BTC",
        "year_starts_in": 1,
    },
}
LONG_AGO = date(2000, 1, 1)
OFFICE = Actor.system("invoices")
CHUNK = 1000

_SOLD = """
SELECT ordered.id, sale.occurred_at FROM orders_order ordered
JOIN payments_ledgertransfer sale ON sale.key = ordered.number || '-sale'
LEFT JOIN payments_invoice invoice ON invoice.order_id = ordered.id AND invoice.kind = 'INVOICE'
WHERE ordered.status = 'DELIVERED' AND invoice.id IS NULL
ORDER BY sale.occurred_at, ordered.id
"""


def name_seller(region: Region, *, by: Actor) -> None:
    save_seller(Seller(region=region, invoices_from=LONG_AGO, **SELLERS[region.code]), by=by)


def invoice_the_past() -> None:
    """Every sale in the books has its invoice, numbered in the order of the deliveries. Safe to repeat; part of the
    caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_SOLD)
        sold: list[tuple[int, datetime]] = cursor.fetchall()
    for start in range(0, len(sold), CHUNK):
        at = dict(sold[start : start + CHUNK])
        issued = write_invoices(at, at=at)
        copy_rows(Event, [past_event(told_of(row), actor=OFFICE, at=row.issued_at) for row in issued])
    for refund_id in uncredited_refunds().values_list("pk", flat=True):  # of what was given before the delivery
        issue_credit_note(refund_id, by=OFFICE)
