"""Do the books agree? Each statement answers with what does not."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from milkdelivery.core import clock

LONGEST_REPORT = 500
"""Differences that are kept word by word; more of them are a matter for programmers."""

# What the claims count with. PostgreSQL works out only those that a claim names.
_SIDES = """
WITH side AS (
    SELECT credit_account_id AS account_id, transfer_id, amount FROM payments_ledgerentry WHERE currency = %(currency)s
    UNION ALL
    SELECT debit_account_id, transfer_id, -amount FROM payments_ledgerentry WHERE currency = %(currency)s
), sale AS (
    SELECT transfer.reference, sum(side.amount) AS amount, max(transfer.occurred_at) AS occurred_at,
        coalesce(sum(side.amount) FILTER (WHERE account.kind = 'TAX'), 0) AS tax
    FROM side
    JOIN payments_ledgeraccount account ON account.id = side.account_id
        AND account.kind IN ('SALES', 'TAX', 'DELIVERY', 'DEPOSITS', 'PROMOTIONS')
    JOIN payments_ledgertransfer transfer ON transfer.id = side.transfer_id
        AND (transfer.key LIKE '%%-sale' OR transfer.kind = 'UNSALE')
    GROUP BY 1
    HAVING count(DISTINCT transfer.id) FILTER (WHERE transfer.kind <> 'UNSALE')
        > count(DISTINCT transfer.id) FILTER (WHERE transfer.kind = 'UNSALE') OR sum(side.amount) <> 0
), given AS (
    SELECT transfer.reference, -sum(side.amount) AS amount, max(transfer.occurred_at) AS occurred_at
    FROM side JOIN payments_ledgeraccount account ON account.id = side.account_id AND account.kind = 'REFUNDS'
    JOIN payments_ledgertransfer transfer ON transfer.id = side.transfer_id
    GROUP BY 1
), invoice AS (
    SELECT issued.order_id, ordered.number AS reference, issued.number, issued.total, issued.tax
    FROM payments_invoice issued JOIN orders_order ordered ON ordered.id = issued.order_id
    WHERE issued.kind = 'INVOICE' AND issued.currency = %(currency)s
), noted AS (
    SELECT order_id, sum(total) AS amount FROM payments_invoice
    WHERE kind = 'CREDIT_NOTE' AND currency = %(currency)s GROUP BY 1
)
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that does not agree: what its row says against what the entries come to, in minor units."""

    claim: str
    account_id: int
    subject: str
    row: int
    counted: int

    def to_data(self) -> dict[str, Any]:
        return asdict(self)


CLAIMS = {
    "balance": """
        SELECT account.id, '', account.balance, coalesce(sum(side.amount), 0)
        FROM payments_ledgeraccount account LEFT JOIN side ON side.account_id = account.id
        WHERE account.owner_id IS NOT NULL AND account.currency = %(currency)s
        GROUP BY account.id HAVING account.balance <> coalesce(sum(side.amount), 0)""",
    # Money is set aside exactly as long as the payment it is for is open. One that a checkout has opened and not begun
    # yet holds nothing so far.
    "held": """
        SELECT account.id, reference, coalesce(wanted.amount, 0), coalesce(held.amount, 0)
        FROM (
            SELECT account.owner_id, transfer.reference, sum(side.amount) AS amount
            FROM side
            JOIN payments_ledgeraccount account ON account.id = side.account_id AND account.kind = 'HELD'
            JOIN payments_ledgertransfer transfer ON transfer.id = side.transfer_id
            GROUP BY 1, 2 HAVING sum(side.amount) <> 0
        ) AS held FULL JOIN (
            SELECT payment.user_id AS owner_id, ordered.number AS reference, payment.amount, ordered.status
            FROM payments_payment payment JOIN orders_order ordered ON ordered.id = payment.order_id
            WHERE payment.method = 'WALLET' AND payment.status = 'PENDING' AND payment.currency = %(currency)s
                AND payment.amount > 0
        ) AS wanted USING (owner_id, reference)
        JOIN payments_ledgeraccount account
            ON account.owner_id = coalesce(held.owner_id, wanted.owner_id)
            AND account.kind = 'HELD' AND account.currency = %(currency)s
        WHERE coalesce(wanted.amount, 0) <> coalesce(held.amount, 0)
            AND NOT (held.amount IS NULL AND wanted.status = 'CREATED')""",
    "transfer_without_entries": """
        SELECT 0, transfer.key, 1, 0 FROM payments_ledgertransfer transfer
        WHERE NOT EXISTS (SELECT FROM payments_ledgerentry WHERE transfer_id = transfer.id)""",
    # What an invoice says is what the sale of its order put into the books, and every sale has one. A document is
    # written within seconds of its sale or refund; it is given a while before it counts as missing.
    "invoice": """
        SELECT 0, coalesce(reference, invoice.number), coalesce(invoice.total, 0), coalesce(sale.amount, 0)
        FROM sale FULL JOIN invoice USING (reference)
        WHERE (coalesce(invoice.total, 0) <> coalesce(sale.amount, 0) OR invoice.number IS NULL)
            AND (invoice.number IS NOT NULL OR sale.occurred_at < %(now)s - interval '15 minutes' AND EXISTS (
                SELECT FROM orders_order ordered JOIN payments_seller seller USING (region_id)
                WHERE ordered.number = reference AND seller.invoices_from <= ordered.delivery_date))""",
    "invoice_tax": """
        SELECT 0, invoice.number, invoice.tax, coalesce(sale.tax, 0)
        FROM invoice LEFT JOIN sale USING (reference)
        WHERE invoice.tax <> coalesce(sale.tax, 0)""",
    "credit_notes": """
        SELECT 0, invoice.number, coalesce(noted.amount, 0), least(coalesce(given.amount, 0), invoice.total)
        FROM invoice LEFT JOIN given USING (reference) LEFT JOIN noted USING (order_id)
        WHERE coalesce(noted.amount, 0) <> least(coalesce(given.amount, 0), invoice.total)
            AND (given.occurred_at IS NULL OR given.occurred_at < %(now)s - interval '15 minutes')""",
    "invoice_numbers": """
        SELECT 0, counter.series || ' ' || counter.year, counter.last, count(invoice.id)
        FROM payments_invoicecounter counter
        LEFT JOIN payments_invoice invoice ON invoice.series = counter.series AND invoice.year = counter.year
        GROUP BY counter.id
        HAVING (counter.last <> count(invoice.id) OR counter.last <> coalesce(max(invoice.serial), 0))
            AND coalesce(max(invoice.currency), %(currency)s) = %(currency)s""",
}


def recount(currency: str) -> Iterator[Drift]:
    """Everything in the books of a currency that does not agree, claim by claim."""
    now = clock.now()
    with connection.cursor() as cursor:
        for claim, statement in CLAIMS.items():
            cursor.execute(_SIDES + statement, {"currency": currency, "now": now})
            for account_id, subject, row, counted in cursor.fetchall():
                yield Drift(claim, account_id, subject, int(row), int(counted))
