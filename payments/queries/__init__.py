"""Reads of money that pages, API and reports share."""

from payments.queries.ledger import held_by_reference, held_for, is_posted, paid_ahead_for
from payments.queries.wallet import missing_for, spendable_of, wallets_of

__all__ = ["held_by_reference", "held_for", "is_posted", "missing_for", "paid_ahead_for", "spendable_of", "wallets_of"]
