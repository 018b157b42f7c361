"""What the entries say."""

from django.db.models import Case, F, Q, Sum, When
from django.db.models.functions import Coalesce

from milkdelivery.core.money import Money
from payments.models import LedgerEntry, LedgerTransfer
from payments.rules.ledger import AccountKind, Leg


def held_for(reference: str, *, owner_id: int, currency: str) -> Money:
    """What of a person's wallet is set aside under a reference. Exact while their accounts are locked."""
    return _moved(reference, currency, kind=AccountKind.HELD, owner_id=owner_id)


def paid_ahead_for(reference: str, *, currency: str) -> Money:
    """What was paid under a reference and neither delivered nor given back yet."""
    return _moved(reference, currency, kind=AccountKind.PAID_AHEAD, owner_id=None)


def held_by_reference(owner_id: int, currency: str) -> dict[str, Money]:
    """What of a person's wallet is set aside, by what for. Nothing that is settled."""
    into = Q(credit_account__kind=AccountKind.HELD, credit_account__owner=owner_id)
    out = Q(debit_account__kind=AccountKind.HELD, debit_account__owner=owner_id)
    rows = LedgerEntry.objects.filter(into | out, currency=currency).order_by().values("transfer__reference")
    sums = rows.annotate(left=Sum(Case(When(into, then=F("amount")), default=-F("amount"))))
    found = sums.exclude(left=0).values_list("transfer__reference", "left")
    return {reference: Money(int(left), currency) for reference, left in found}


def is_posted(key: str) -> bool:
    """Whether a transfer with this key stands in the books."""
    return LedgerTransfer.objects.filter(key=key).exists()


def transfers_named(prefix: str) -> int:
    """How many transfers have keys that begin so."""
    return LedgerTransfer.objects.filter(key__startswith=prefix).count()


def legs_of(key: str) -> list[Leg]:
    """What a transfer moved; nothing where there is none. Two queries."""
    entries = LedgerEntry.objects.filter(transfer__key=key).select_related("debit_account", "credit_account")
    return [Leg(each.debit_account.place, each.credit_account.place, each.amount) for each in entries.order_by("pk")]


def _moved(reference: str, currency: str, *, kind: str, owner_id: int | None) -> Money:
    """What came into an account under a reference, less what went out of it."""
    credited = Q(credit_account__kind=kind, credit_account__owner=owner_id)
    debited = Q(debit_account__kind=kind, debit_account__owner=owner_id)
    rows = LedgerEntry.objects.filter(credited | debited, transfer__reference=reference, currency=currency)
    signed = Case(When(credited, then=F("amount")), default=-F("amount"))
    total = rows.aggregate(total=Coalesce(Sum(signed), 0))["total"]
    return Money(int(total), currency)
