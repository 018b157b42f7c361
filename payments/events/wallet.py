"""What happens to wallets. The subject is the wallet's account, so that its events stay in order."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class WalletToppedUp(DomainEvent):
    name = "wallet.topped_up"
    wallet_id: int
    user_id: int
    amount: Money
    balance: Money


@dataclass(frozen=True)
class WalletHeld(DomainEvent):
    """Money was set aside for an order, until it is delivered or given up."""

    name = "wallet.held"
    wallet_id: int
    user_id: int
    amount: Money
    reference: str


@dataclass(frozen=True)
class WalletCaptured(DomainEvent):
    """What was set aside has paid for what was delivered."""

    name = "wallet.captured"
    wallet_id: int
    user_id: int
    amount: Money
    reference: str


@dataclass(frozen=True)
class WalletReleased(DomainEvent):
    """What was set aside, or a part of it, is free again."""

    name = "wallet.released"
    wallet_id: int
    user_id: int
    amount: Money
    reference: str


@dataclass(frozen=True)
class WalletRefunded(DomainEvent):
    """What an order had cost, or a part of it, came back into the wallet."""

    name = "wallet.refunded"
    wallet_id: int
    user_id: int
    amount: Money
    reference: str


@dataclass(frozen=True)
class WalletCorrected(DomainEvent):
    """Staff added to a wallet, or (below zero) took from it; the reason stands in the ledger."""

    name = "wallet.corrected"
    wallet_id: int
    user_id: int
    amount: Money


@dataclass(frozen=True)
class WalletPaidOut(DomainEvent):
    """Money left the wallet for its owner's bank account."""

    name = "wallet.paid_out"
    wallet_id: int
    user_id: int
    amount: Money
    reference: str


@dataclass(frozen=True)
class WalletTakenOver(DomainEvent):
    """What one person had in a wallet is another's, who proved that both are the same."""

    name = "wallet.taken_over"
    wallet_id: int
    user_id: int
    from_user_id: int
    amount: Money


@dataclass(frozen=True)
class WalletCreditLimitSet(DomainEvent):
    """How far below zero a wallet may go."""

    name = "wallet.credit_limit_set"
    wallet_id: int
    user_id: int
    limit: Money


@dataclass(frozen=True)
class WalletLowMarkSet(DomainEvent):
    """Below which balance the household wants to hear of it."""

    name = "wallet.low_mark_set"
    wallet_id: int
    user_id: int
    mark: Money


@dataclass(frozen=True)
class WalletLow(DomainEvent):
    """A debit took a wallet below the mark from which its owner wants to know."""

    name = "wallet.low"
    wallet_id: int
    user_id: int
    balance: Money


@dataclass(frozen=True)
class LedgerRecounted(DomainEvent):
    """A currency's books were recounted from their entries. `drift_count` above 0 wants people."""

    name = "ledger.recounted"
    recount_id: int
    currency: str
    date: date
    drift_count: int
