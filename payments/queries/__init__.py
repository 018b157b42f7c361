"""Reads of money that pages, API and reports share."""

from payments.queries.ledger import held_by_reference, held_for, is_posted, paid_ahead_for
from payments.queries.paying import (
    Paying,
    moved_back,
    overdue_orders,
    paying,
    paying_by,
    payment_seen_by,
    payments_of,
    payments_seen_by,
    refunds_of,
    saved_methods_of,
    standing_of,
)
from payments.queries.wallet import (
    Line,
    balance_of,
    held_of_person,
    lines_of,
    missing_for,
    spendable_of,
    statement,
    wallets_of,
)

__all__ = [
    "Line",
    "Paying",
    "balance_of",
    "held_by_reference",
    "held_for",
    "held_of_person",
    "is_posted",
    "lines_of",
    "missing_for",
    "moved_back",
    "overdue_orders",
    "paid_ahead_for",
    "paying",
    "paying_by",
    "payment_seen_by",
    "payments_of",
    "payments_seen_by",
    "refunds_of",
    "saved_methods_of",
    "spendable_of",
    "standing_of",
    "statement",
    "wallets_of",
]
