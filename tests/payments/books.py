"""The books as tests look at them: everything is counted from the entries, whatever the rows say."""

from __future__ import annotations

from django.db import connection

from accounts.models import User
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from payments.actions import top_up
from payments.models import LedgerAccount

STAFF = Actor.user(902, Role.MANAGER)
BANK = Actor(kind="gateway", name="tests")


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


def filled_wallet(user: User, amount: int, *, currency: str = "INR") -> LedgerAccount:
    """A wallet with so many whole units in it, topped up."""
    key = f"test-top-up-{LedgerAccount.objects.count()}-{user.pk}-{currency}-{amount}"
    return top_up(user.pk, Money(amount * 100, currency), key=key, reference="test", by=BANK)


def balance_of(user: User, *, currency: str = "INR", kind: str = "WALLET") -> int:
    """In whole units, from the row."""
    account = LedgerAccount.objects.filter(owner=user, kind=kind, currency=currency).first()
    return account.balance.minor // 100 if account else 0


def counted(currency: str = "INR") -> dict[str, int]:
    """What each kind of account holds in minor units, by the entries alone; nothing that is zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account.kind, sum(side.amount) FROM (
                SELECT credit_account_id AS account_id, amount FROM payments_ledgerentry
                UNION ALL SELECT debit_account_id, -amount FROM payments_ledgerentry
            ) AS side JOIN payments_ledgeraccount account ON account.id = side.account_id
            WHERE account.currency = %s GROUP BY account.kind HAVING sum(side.amount) <> 0
            """,
            [currency],
        )
        return {kind: int(amount) for kind, amount in cursor.fetchall()}


def assert_books_add_up() -> None:
    """All entries of a currency sum to zero, and every balance of a person is the sum of its entries."""
    for currency in LedgerAccount.objects.values_list("currency", flat=True).distinct():
        assert sum(counted(currency).values()) == 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account.id, account.balance, coalesce(sum(side.amount), 0) FROM payments_ledgeraccount account
            LEFT JOIN (
                SELECT credit_account_id AS account_id, amount FROM payments_ledgerentry
                UNION ALL SELECT debit_account_id, -amount FROM payments_ledgerentry
            ) AS side ON side.account_id = account.id
            WHERE account.owner_id IS NOT NULL GROUP BY account.id
            HAVING account.balance <> coalesce(sum(side.amount), 0)
            """
        )
        assert cursor.fetchall() == []


def told(name: str) -> int:
    return Event.objects.named(name).count()
