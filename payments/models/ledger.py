"""The ledger: accounts, transfers between them, and the entries that a transfer is made of.

`payments.actions.ledger.post` is the only writer. Transfers and entries are append-only: a trigger refuses to change or
delete them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.models import Case, F, Q, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.money import Money
from payments.rules.ledger import OWNED, AccountKind, Place, TransferKind

_ENSURE = """
INSERT INTO payments_ledgeraccount (kind, owner_id, currency, balance, credit_limit, low_below)
SELECT kind, owner_id, %s, 0, 0, 0 FROM unnest(%s::text[], %s::bigint[]) AS wanted (kind, owner_id)
ON CONFLICT DO NOTHING
"""

# One statement: a killed process leaves all of a transfer or nothing, and a balance never moves without its entry.
_WRITE = """
WITH transfer AS (
    INSERT INTO payments_ledgertransfer (key, kind, reference, reason, actor, occurred_at)
    VALUES (%(key)s, %(kind)s, %(reference)s, %(reason)s, %(actor)s, %(occurred_at)s)
    ON CONFLICT (key) DO NOTHING
    RETURNING id
), leg AS (
    SELECT * FROM unnest(%(debits)s::bigint[], %(credits)s::bigint[], %(amounts)s::bigint[])
        WITH ORDINALITY AS leg (debit_id, credit_id, amount, position)
), entry AS (
    INSERT INTO payments_ledgerentry (transfer_id, debit_account_id, credit_account_id, amount, currency)
    SELECT transfer.id, leg.debit_id, leg.credit_id, leg.amount, %(currency)s
    FROM transfer CROSS JOIN leg ORDER BY leg.position
), change AS (
    SELECT account_id, sum(amount) AS amount
    FROM (SELECT credit_id AS account_id, amount FROM leg UNION ALL SELECT debit_id, -amount FROM leg) AS side
    GROUP BY account_id
), moved AS (
    UPDATE payments_ledgeraccount AS account SET balance = account.balance + change.amount
    FROM change, transfer
    WHERE account.id = change.account_id AND account.owner_id IS NOT NULL
)
SELECT id FROM transfer
"""


class LedgerAccountQuerySet(models.QuerySet["LedgerAccount"]):
    def of(self, owner_id: int) -> "LedgerAccountQuerySet":
        return self.filter(owner_id=owner_id)

    def wallets(self) -> "LedgerAccountQuerySet":
        return self.filter(kind=AccountKind.WALLET)

    def locked_of(self, owner_ids: Collection[int], currency: str) -> list["LedgerAccount"]:
        """The wallets of these people and what is set aside of them, locked in primary key order, made where there
        are none yet. Both accounts of a person are always locked together.

        The weaker lock: entries of other transactions may point at them, but not change them.
        """
        found = self._locked_of(owner_ids, currency)
        if len(found) < len(OWNED) * len(set(owner_ids)):
            self.ensure([Place(kind, owner_id) for owner_id in sorted(set(owner_ids)) for kind in OWNED], currency)
            found = self._locked_of(owner_ids, currency)
        return found

    def locked_all_of(self, owner_id: int) -> list["LedgerAccount"]:
        """What a person has in every currency, locked in primary key order."""
        rows = self.filter(owner_id=owner_id).select_for_update(no_key=True, of=("self",))
        return list(rows.order_by("pk"))

    def _locked_of(self, owner_ids: Collection[int], currency: str) -> list["LedgerAccount"]:
        rows = self.filter(owner_id__in=set(owner_ids), currency=currency, kind__in=OWNED)
        return list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))

    def system(self, kinds: Collection[str], currency: str) -> list["LedgerAccount"]:
        """Our own accounts of these kinds, made where there are none yet. Never locked: everybody posts to them."""
        wanted = set(kinds)
        rows = self.filter(owner=None, currency=currency, kind__in=wanted)
        found: list[LedgerAccount] = list(rows)
        if len(found) < len(wanted):
            self.ensure([Place(kind) for kind in sorted(wanted)], currency)
            found = list(rows.all())
        return found

    def ensure(self, places: Iterable[Place], currency: str) -> None:
        """Make those that are missing. Another transaction that makes them at the same moment is waited for."""
        kinds, owners = zip(*((place.kind, place.owner_id) for place in places), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_ENSURE, [currency, list(kinds), list(owners)])


class LedgerAccount(models.Model):
    """Where money is. A person has a wallet and what is set aside of it, one of each per currency.

    `balance` of an owned account equals its entries at all times and changes only with them, under the row's lock. Our
    own accounts keep none: their row would be one lock for the whole dairy.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=AccountKind.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    currency = models.CharField(_("currency"), max_length=3)
    balance = MoneyField(_("balance"), default=0)
    credit_limit = MoneyField(_("credit limit"), default=0, help_text=_("How far below zero the wallet may go"))
    low_below = MoneyField(
        _("low below"), default=0, help_text=_("The household hears of it when a debit takes the wallet below this")
    )

    objects = LedgerAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account of the books")
        verbose_name_plural = _("accounts of the books")
        ordering = ["id"]
        permissions = [
            ("correct_ledgeraccount", "Can correct wallets"),
            ("pay_out_ledgeraccount", "Can pay out wallets"),
            ("credit_ledgeraccount", "Can set credit limits"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind", "currency"], name="ledger_account_once", nulls_distinct=False
            ),
            models.UniqueConstraint(fields=["id", "currency"], name="ledger_account_in_currency"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, kind__in=OWNED) | (Q(owner__isnull=True) & ~Q(kind__in=OWNED)),
                name="ledger_account_owned_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(credit_limit=0) | Q(kind=AccountKind.WALLET, credit_limit__gt=0),
                name="ledger_credit_for_wallets",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, balance=0) | Q(owner__isnull=False, balance__gte=-F("credit_limit")),
                name="ledger_balance_within_limit",
            ),
            models.CheckConstraint(condition=Q(low_below__gte=0), name="ledger_low_mark_not_negative"),
        ]

    def __str__(self) -> str:
        name = f"{self.get_kind_display()} {self.currency}"
        return name if self.owner_id is None else f"{self.owner}: {name}"

    @property
    def place(self) -> Place:
        return Place(self.kind, self.owner_id)

    @property
    def spendable(self) -> Money:
        """What can be spent: the balance and the credit."""
        return self.balance + self.credit_limit


class LedgerTransferQuerySet(models.QuerySet["LedgerTransfer"]):
    def write(
        self,
        legs: Iterable[tuple[int, int, int]],
        *,
        key: str,
        kind: str,
        reference: str,
        reason: str,
        actor: str,
        occurred_at: datetime,
        currency: str,
    ) -> int | None:
        """Write a transfer with its entries (debit id, credit id, minor units) and move the owned balances with them.

        One statement. The caller has locked the owned accounts. None where the key was used already; then nothing is
        written, and what used it can be read.
        """
        debits, credits, amounts = zip(*legs, strict=True)
        parameters: dict[str, Any] = {
            "key": key,
            "kind": kind,
            "reference": reference,
            "reason": reason,
            "actor": actor,
            "occurred_at": occurred_at,
            "currency": currency,
            "debits": list(debits),
            "credits": list(credits),
            "amounts": list(amounts),
        }
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, parameters)
            row = cursor.fetchone()
        return row[0] if row else None


class LedgerTransfer(models.Model):
    """Why money moved, once: the key makes a repeated call the same transfer. Append-only."""

    key = models.CharField(_("key"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=TransferKind.choices)
    reference = models.CharField(_("reference"), max_length=80, blank=True, help_text=_("Such as an order’s number"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("who"), max_length=40)
    occurred_at = models.DateTimeField(_("when"))

    objects = LedgerTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reference"], condition=~Q(reference=""), name="ledger_transfer_by_reference"),
        ]

    def __str__(self) -> str:
        return self.key


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def touching(self, account_id: int) -> "LedgerEntryQuerySet":
        """What came into an account or went out of it, each with `change`: minor units, below zero for what went."""
        rows = self.filter(Q(debit_account_id=account_id) | Q(credit_account_id=account_id))
        return rows.annotate(
            change=Case(
                When(credit_account_id=account_id, then=F("amount")),
                default=-F("amount"),
                output_field=models.BigIntegerField(),
            )
        )

    def sum_of(self, account_id: int) -> int:
        """What these come to for an account, in minor units: what was credited less what was debited."""
        total = self.touching(account_id).aggregate(total=Coalesce(Sum("change"), 0))["total"]
        return int(total)


class LedgerEntry(models.Model):
    """One amount out of one account into another, so that it balances by itself. Append-only.

    The database holds its currency to that of both accounts (a foreign key over account and currency).
    """

    transfer = models.ForeignKey(LedgerTransfer, models.PROTECT, related_name="entries", verbose_name=_("transfer"))
    debit_account = models.ForeignKey(
        LedgerAccount,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("out of"),
    )
    credit_account = models.ForeignKey(
        LedgerAccount,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("into"),
    )
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_entry_above_zero"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="ledger_entry_between_two_accounts"
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "id"], name="ledger_entry_by_debit"),
            models.Index(fields=["credit_account", "id"], name="ledger_entry_by_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.debit_account_id} → {self.credit_account_id}: {self.amount}"
