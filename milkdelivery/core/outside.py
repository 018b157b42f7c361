"""Guards for the two sides of a transaction: what must be inside one, and what must never be."""

from django.conf import settings
from django.db import connection


def in_transaction() -> bool:
    """Whether code has opened a transaction. The one that a test case wraps around itself doesn't count."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def ensure_in_transaction(what: str) -> None:
    """`what` belongs to a change: it must commit or vanish together with it."""
    if not in_transaction():
        raise RuntimeError(f"{what} belongs inside transaction.atomic(), together with the change it tells")


def ensure_outside_transaction(what: str) -> None:
    """`what` is slow or reaches outside, so it must not hold locks and can't be rolled back.

    Raises in development and tests. In production a late mail is better than a failed order, so nothing is checked.
    """
    if settings.GUARD_TRANSACTIONS and in_transaction():
        raise RuntimeError(f"{what} must not happen inside a transaction: record the intent and let a worker do it")
