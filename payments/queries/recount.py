"""Do the books agree? Each statement answers with what does not."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

LONGEST_REPORT = 500
"""Differences that are kept word by word; more of them are a matter for programmers."""

_SIDES = """
WITH side AS (
    SELECT credit_account_id AS account_id, transfer_id, amount FROM payments_ledgerentry WHERE currency = %(currency)s
    UNION ALL
    SELECT debit_account_id, transfer_id, -amount FROM payments_ledgerentry WHERE currency = %(currency)s
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
}


def recount(currency: str) -> Iterator[Drift]:
    """Everything in the books of a currency that does not agree, claim by claim."""
    with connection.cursor() as cursor:
        for claim, statement in CLAIMS.items():
            cursor.execute(_SIDES + statement, {"currency": currency})
            for account_id, subject, row, counted in cursor.fetchall():
                yield Drift(claim, account_id, subject, int(row), int(counted))
