"""The books: which accounts there are, what may move between them, and what an order's money is made of.

An entry moves an amount out of its debit account into its credit account, as bookkeepers mean it: what we owe
(wallets, tax) grows by credit, what we have (at the gateway, with drivers) by debit. An account's balance is what was
credited less what was debited, so all balances sum to zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.money import Money, exponent

LEAST_TOP_UP = 10
MOST_TOP_UP = 50_000
"""Of whole units of the currency, in one go."""

MOST_AT_ONCE = 1_000_000
"""Of whole units: what staff may correct or set as a limit. More is a slip of the finger."""

GIVEN_UP = "given_up"
"""Why a correction took what was left in a wallet: its person closed the account and said so. See `payments.words`."""

LEAST_REASON = 5
LONGEST_REASON = 200


class AccountKind(models.TextChoices):
    WALLET = "WALLET", _("Wallet")
    HELD = "HELD", _("Set aside for orders")
    GATEWAY = "GATEWAY", _("At the payment gateway")
    CASH = "CASH", _("Cash with drivers")
    PAID_AHEAD = "PAID_AHEAD", _("Paid, not delivered yet")
    SALES = "SALES", _("Sales")
    TAX = "TAX", _("Tax")
    DELIVERY = "DELIVERY", _("Delivery fees")
    DEPOSITS = "DEPOSITS", _("Bottle deposits")
    PROMOTIONS = "PROMOTIONS", _("Promotions")
    REFUNDS = "REFUNDS", _("Refunds")
    VENDOR_PAYABLE = "VENDOR_PAYABLE", _("Owed to dairies")
    CORRECTIONS = "CORRECTIONS", _("Corrections")
    OPENING = "OPENING", _("Opening balances")


class TransferKind(models.TextChoices):
    TOP_UP = "TOP_UP", _("Top-up")
    HOLD = "HOLD", _("Set aside")
    CAPTURE = "CAPTURE", _("Paid from the wallet")
    RELEASE = "RELEASE", _("Given free")
    PAYMENT = "PAYMENT", _("Paid ahead")
    SALE = "SALE", _("Delivered")
    UNSALE = "UNSALE", _("Delivery taken back")
    REFUND = "REFUND", _("Refund")
    CORRECTION = "CORRECTION", _("Correction")
    PAY_OUT = "PAY_OUT", _("Paid out")
    TAKE_OVER = "TAKE_OVER", _("Taken over")
    OPENING = "OPENING", _("Opening balance")


OWNED = (AccountKind.WALLET, AccountKind.HELD)
"""Accounts that belong to a person. They keep a balance; the others are summed when somebody asks."""


class InsufficientFunds(DomainError):
    """The wallet, with its credit limit, does not reach. `facts["missing"]` is what is missing in minor units."""

    code = "insufficient_funds"


class KeyOfAnotherTransfer(DomainError):
    """The key was used before, for other amounts or accounts."""

    code = "ledger_key_reused"
    status = 422


class NotHeld(DomainError):
    """Less is set aside for the order than was to be taken or given free."""

    code = "not_held"


class AmountNotPossible(InvalidInput):
    code = "amount_not_possible"


class ReasonMissing(InvalidInput):
    code = "reason_missing"


class CreditInUse(DomainError):
    """The household owes more than the new limit allows."""

    code = "credit_in_use"


@dataclass(frozen=True, slots=True)
class Place:
    """Where money is: an account by its kind and, for owned ones, its person."""

    kind: str
    owner_id: int | None = None

    def __post_init__(self) -> None:
        if (self.kind in OWNED) != (self.owner_id is not None):
            raise ValueError(f"{self.kind} and its owner {self.owner_id} don't belong together")


@dataclass(frozen=True, slots=True)
class Leg:
    """One amount, above zero, out of `debit` into `credit`."""

    debit: Place
    credit: Place
    amount: Money


@dataclass(frozen=True, slots=True)
class Figures:
    """What an order's total is made of. `total` is what the household pays."""

    total: Money
    discount: Money
    tax: Money
    deposit: Money
    delivery: Money


def wallet_of(owner_id: int) -> Place:
    return Place(AccountKind.WALLET, owner_id)


def held_of(owner_id: int) -> Place:
    return Place(AccountKind.HELD, owner_id)


def sale_legs(payer: Place, figures: Figures) -> list[Leg]:
    """What `payer` pays for a delivered order, taken apart.

    Sales are net of tax whether prices contain it or not, at the price before the discount: what the discount took off
    is booked as the cost of the promotion.
    """
    goods = figures.total - figures.tax - figures.deposit - figures.delivery
    return moving(
        Leg(payer, Place(AccountKind.SALES), goods),
        Leg(payer, Place(AccountKind.TAX), figures.tax),
        Leg(payer, Place(AccountKind.DELIVERY), figures.delivery),
        Leg(payer, Place(AccountKind.DEPOSITS), figures.deposit),
        Leg(Place(AccountKind.PROMOTIONS), Place(AccountKind.SALES), figures.discount),
    )


def undoing(legs: Iterable[Leg]) -> list[Leg]:
    """What takes these back."""
    return [Leg(leg.credit, leg.debit, leg.amount) for leg in legs]


def moving(*legs: Leg) -> list[Leg]:
    """Those that move something."""
    return [leg for leg in legs if leg.amount]


def changes_of(legs: Iterable[Leg]) -> dict[Place, int]:
    """What the legs do to each account, in minor units. They sum to zero."""
    changes: dict[Place, int] = defaultdict(int)
    for leg in legs:
        changes[leg.debit] -= leg.amount.minor
        changes[leg.credit] += leg.amount.minor
    return dict(changes)


def ensure_postable(legs: Sequence[Leg]) -> str:
    """The one currency of legs that can be posted. Raises ValueError: wrong ones are a mistake of ours."""
    currencies = {leg.amount.currency for leg in legs}
    if len(currencies) != 1:
        raise ValueError(f"a transfer moves money of one currency, not {sorted(currencies)}")
    if any(leg.amount.minor <= 0 or leg.debit == leg.credit for leg in legs):
        raise ValueError("a leg moves more than nothing, from one account to another")
    return currencies.pop()


def ensure_funds(balances: Mapping[Place, Money], limits: Mapping[Place, Money], legs: Sequence[Leg]) -> None:
    """No debited wallet falls below its credit limit, and nothing that is set aside below zero.

    Raises InsufficientFunds with what is missing, and NotHeld.
    """
    for place, change in changes_of(legs).items():
        if place not in balances or change >= 0:
            continue
        left = balances[place] + Money(change, balances[place].currency)
        missing = -(left + limits[place])
        if missing.minor <= 0:
            continue
        if place.kind == AccountKind.HELD:
            raise NotHeld(_("Less than that is set aside."))
        raise InsufficientFunds(
            _("%(missing)s is missing in the wallet.") % {"missing": missing.format()},
            missing=missing.minor,
            currency=missing.currency,
        )


def ensure_top_up(amount: Money) -> None:
    """Raises AmountNotPossible for too little or too much at once."""
    least, most = _whole(LEAST_TOP_UP, amount.currency), _whole(MOST_TOP_UP, amount.currency)
    if not least <= amount <= most:
        words = {"least": least.format(), "most": most.format()}
        raise AmountNotPossible(_("Top up with %(least)s to %(most)s at once.") % words, field="amount")


def ensure_amount(amount: Money, *, field: str = "amount") -> None:
    """Raises AmountNotPossible for nothing, less than nothing, or a slip of the finger."""
    most = _whole(MOST_AT_ONCE, amount.currency)
    if not Money.zero(amount.currency) < amount <= most:
        raise AmountNotPossible(
            _("Enter an amount above zero, at most %(most)s.") % {"most": most.format()}, field=field
        )


def ensure_reason(reason: str) -> str:
    """The reason as it is kept. Raises ReasonMissing for one that says nothing."""
    told = " ".join(reason.split())
    if len(told) < LEAST_REASON:
        raise ReasonMissing(_("Say why, in a few words: the household reads it too."), field="reason")
    return told[:LONGEST_REASON]


def has_become_low(before: Money, after: Money, mark: Money) -> bool:
    """Whether a debit took a wallet below the mark: told once, not at every debit below it."""
    return after < mark <= before


def _whole(units: int, currency: str) -> Money:
    return Money(units * 10 ** exponent(currency), currency)
