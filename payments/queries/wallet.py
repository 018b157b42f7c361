"""What a household has in its wallet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from milkdelivery.core.money import Money
from payments.models import LedgerAccount, LedgerEntry
from payments.queries.ledger import held_by_reference
from payments.rules.ledger import AccountKind, TransferKind


def wallets_of(user_id: int) -> list[LedgerAccount]:
    """The wallets of a person, one per currency in which there ever was something."""
    return list(LedgerAccount.objects.of(user_id).wallets().order_by("currency"))


def spendable_of(user_id: int, currency: str) -> Money:
    """What a person can spend from the wallet: what is free in it, and the credit."""
    wallet = LedgerAccount.objects.of(user_id).wallets().filter(currency=currency).first()
    return wallet.spendable if wallet else Money.zero(currency)


def missing_for(user_id: int, total: Money) -> Money:
    """What a person's wallet lacks for a total; zero where it reaches."""
    return max(total - spendable_of(user_id, total.currency), Money.zero(total.currency))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a wallet's statement. `change` is below zero for what went out; `balance` what was there after it.

    `is_held` says of money that was set aside that it still is: it is taken at the door, or comes back.
    """

    entry_id: int
    kind: str
    reference: str
    reason: str
    occurred_at: datetime
    change: Money
    balance: Money
    is_held: bool
    actor: str


def statement(account: LedgerAccount, *, before: int | None = None, limit: int | None = None) -> list[Line]:
    """What came into an account and went out of it, newest first: `limit` rows below the entry `before`, or all.

    Two queries, whatever the number of rows. Balances are counted from the entries, so that the page proves itself.
    """
    rows = LedgerEntry.objects.touching(account.pk).select_related("transfer").order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return lines_of(account, list(rows[:limit]))


def lines_of(account: LedgerAccount, entries: Sequence[LedgerEntry]) -> list[Line]:
    """Consecutive entries of an account, newest first, as rows of its statement. Two queries."""
    if not entries:
        return []
    left = LedgerEntry.objects.filter(pk__lte=entries[0].pk).sum_of(account.pk)
    held = held_by_reference(account.owner_id, account.currency) if account.owner_id is not None else {}
    lines = []
    for entry in entries:
        change: int = entry.change  # type: ignore[attr-defined]
        transfer = entry.transfer
        lines.append(
            Line(
                entry_id=entry.pk,
                kind=transfer.kind,
                reference=transfer.reference,
                reason=transfer.reason,
                occurred_at=transfer.occurred_at,
                change=Money(change, account.currency),
                balance=Money(left, account.currency),
                is_held=transfer.kind == TransferKind.HOLD and transfer.reference in held,
                actor=transfer.actor,
            )
        )
        left -= change
    return lines


def held_of_person(user_id: int, currency: str) -> Money:
    """What is set aside of a person's wallet."""
    held = LedgerAccount.objects.of(user_id).filter(kind=AccountKind.HELD, currency=currency).first()
    return held.balance if held else Money.zero(currency)


def balance_of(user_id: int, currency: str) -> Money:
    """What is free in a person's wallet."""
    wallet = LedgerAccount.objects.of(user_id).wallets().filter(currency=currency).first()
    return wallet.balance if wallet else Money.zero(currency)
