"""What a household has in its wallet."""

from milkdelivery.core.money import Money
from payments.models import LedgerAccount


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
