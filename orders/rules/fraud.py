"""The screening of an order before its money is taken: what speaks against it, and how much. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.money import Money

FAILED_WITHIN = timedelta(days=1)
ORDERED_WITHIN = timedelta(hours=1)


class Rule(StrEnum):
    """What can speak against an order."""

    NEW_ACCOUNT = "NEW_ACCOUNT"
    FAILED_PAYMENTS = "FAILED_PAYMENTS"
    MANY_ORDERS = "MANY_ORDERS"
    BUSY_DEVICE = "BUSY_DEVICE"
    BUSY_NETWORK = "BUSY_NETWORK"


SCORES: Mapping[str, int] = {
    Rule.NEW_ACCOUNT: 100,
    Rule.FAILED_PAYMENTS: 100,
    Rule.MANY_ORDERS: 50,
    Rule.BUSY_DEVICE: 50,
    Rule.BUSY_NETWORK: 30,
}
"""How much each weighs. A threshold of 100 lets the first two stop an order alone and the others only together: many
people order from one network."""

WORDS: Mapping[str, str | Promise] = {
    Rule.NEW_ACCOUNT: _("New customer, and %(total)s is a lot (from %(limit)s)"),
    Rule.FAILED_PAYMENTS: _("%(count)s declined payments in a day"),
    Rule.MANY_ORDERS: _("%(count)s orders of the same person within an hour"),
    Rule.BUSY_DEVICE: _("%(count)s orders from the same device within an hour"),
    Rule.BUSY_NETWORK: _("%(count)s orders from the same internet address within an hour"),
}

NETWORK_FACTOR = 5
"""A network may order so many times what a person may: offices and phone networks share an address."""


@dataclass(frozen=True, slots=True)
class FraudFacts:
    """What is known of an order and of who placed it. Counts of orders have this one in them."""

    total: Money
    account_age: timedelta
    delivered_orders: int
    declined_payments: int
    orders_of_person: int
    orders_of_device: int
    orders_of_network: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the dairy takes for suspicious. A currency without an amount has no limit for new customers."""

    threshold: int
    new_for: timedelta
    amounts: Mapping[str, Money]
    declined_payments: int
    orders_per_hour: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that speaks against an order, and what it saw."""

    rule: str
    score: int
    seen: Mapping[str, Any]

    @property
    def words(self) -> str:
        """For staff, in their language."""
        text = WORDS.get(self.rule)
        if text is None:
            return self.rule
        seen = {name: _read(value) for name, value in self.seen.items()}
        return str(text) % {"count": "?", "total": "?", "limit": "?", **seen}

    def to_json(self) -> dict[str, Any]:
        return {"rule": str(self.rule), "score": self.score, "seen": dict(self.seen)}


@dataclass(frozen=True, slots=True)
class Screening:
    """All that speaks against an order."""

    findings: tuple[Finding, ...]
    threshold: int

    @property
    def score(self) -> int:
        return sum(finding.score for finding in self.findings)

    @property
    def is_suspect(self) -> bool:
        """Whether somebody should look at the order before it goes on."""
        return self.score >= self.threshold


def screen(facts: FraudFacts, limits: Limits) -> Screening:
    """What speaks against an order, by the dairy's limits."""
    seen = ((rule, look(facts, limits)) for rule, look in _LOOKS.items())
    findings = (Finding(rule, SCORES[rule], found) for rule, found in seen if found is not None)
    return Screening(tuple(findings), limits.threshold)


def read_findings(kept: Sequence[Any]) -> list[Finding]:
    """Findings as they were kept with a hold."""
    return [Finding(str(row["rule"]), int(row["score"]), row.get("seen", {})) for row in kept]


def _new_account(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    """Whoever had an order delivered is known to be there, however young the account is."""
    limit = limits.amounts.get(facts.total.currency)
    if limit is None or facts.delivered_orders or facts.account_age >= limits.new_for or facts.total < limit:
        return None
    return {"total": _kept(facts.total), "limit": _kept(limit)}


def _declined(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    return _count(facts.declined_payments, limits.declined_payments)


def _person(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    return _count(facts.orders_of_person, limits.orders_per_hour)


def _device(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    return _count(facts.orders_of_device, limits.orders_per_hour)


def _network(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    return _count(facts.orders_of_network, limits.orders_per_hour * NETWORK_FACTOR)


def _count(count: int, limit: int) -> Mapping[str, Any] | None:
    return {"count": count} if count >= limit else None


_LOOKS: Mapping[Rule, Callable[[FraudFacts, Limits], Mapping[str, Any] | None]] = {
    Rule.NEW_ACCOUNT: _new_account,
    Rule.FAILED_PAYMENTS: _declined,
    Rule.MANY_ORDERS: _person,
    Rule.BUSY_DEVICE: _device,
    Rule.BUSY_NETWORK: _network,
}


def _kept(amount: Money) -> list[Any]:
    return [amount.minor, amount.currency]


def _read(value: Any) -> Any:
    return Money(*value).format() if isinstance(value, list) else value
