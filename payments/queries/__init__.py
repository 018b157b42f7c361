"""Reads of money that pages, API and reports share."""

from payments.queries.ledger import held_by_reference, held_for, is_posted, paid_ahead_for

__all__ = ["held_by_reference", "held_for", "is_posted", "paid_ahead_for"]
