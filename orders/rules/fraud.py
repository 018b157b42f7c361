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
NEW_DEVICE_FOR = timedelta(days=1)
SHARED_WITHIN = timedelta(days=90)
"""How far back the people are counted who used the same offer at one door or in one browser."""


class Rule(StrEnum):
    """What can speak against an order."""

    NEW_ACCOUNT = "NEW_ACCOUNT"
    FAILED_PAYMENTS = "FAILED_PAYMENTS"
    MANY_ORDERS = "MANY_ORDERS"
    BUSY_DEVICE = "BUSY_DEVICE"
    BUSY_NETWORK = "BUSY_NETWORK"
    BUSY_DOOR = "BUSY_DOOR"
    SHARED_OFFER = "SHARED_OFFER"
    FAR_DEVICE = "FAR_DEVICE"


SCORES: Mapping[str, int] = {
    Rule.NEW_ACCOUNT: 100,
    Rule.FAILED_PAYMENTS: 100,
    Rule.MANY_ORDERS: 50,
    Rule.BUSY_DEVICE: 50,
    Rule.BUSY_NETWORK: 30,
    Rule.BUSY_DOOR: 50,
    Rule.SHARED_OFFER: 100,
    Rule.FAR_DEVICE: 50,
}
"""How much each weighs. A threshold of 100 lets the first two and a shared offer stop an order alone and the others
only together: many people order from one network, and somebody abroad may order for their parents."""

WORDS: Mapping[str, str | Promise] = {
    Rule.NEW_ACCOUNT: _("New customer, and %(total)s is a lot (from %(limit)s)"),
    Rule.FAILED_PAYMENTS: _("%(count)s declined payments in a day"),
    Rule.MANY_ORDERS: _("%(count)s orders of the same person within an hour"),
    Rule.BUSY_DEVICE: _("%(count)s orders from the same device within an hour"),
    Rule.BUSY_NETWORK: _("%(count)s orders from the same internet address within an hour"),
    Rule.BUSY_DOOR: _("%(count)s orders of several people to the same door within an hour"),
    Rule.SHARED_OFFER: _("%(count)s people used this offer at the same door or in the same browser"),
    Rule.FAR_DEVICE: _("A new device, and it is in %(place)s, not in %(home)s"),
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
    orders_of_door: int = 0
    """Of other people, and this one."""
    people_of_offer: int = 0
    """Who used the promotion of this order from the same door or browser, where one person may use it once or a few
    times only; this order's person too."""
    is_new_device: bool = False
    place: str = ""
    """The country of the internet address, as the proxy says it; "" where nobody does."""
    home: str = ""
    """The country of the market."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the dairy takes for suspicious. A currency without an amount has no limit for new customers."""

    threshold: int
    new_for: timedelta
    amounts: Mapping[str, Money]
    declined_payments: int
    orders_per_hour: int
    people_per_offer: int = 3


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
        return str(text) % {"count": "?", "total": "?", "limit": "?", "place": "?", "home": "?", **seen}

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


def _door(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    return _count(facts.orders_of_door, limits.orders_per_hour)


def _offer(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    return _count(facts.people_of_offer, limits.people_per_offer)


def _far(facts: FraudFacts, limits: Limits) -> Mapping[str, Any] | None:
    """Says nothing where nobody tells the country of an address: there is no such table here."""
    if not (facts.is_new_device and facts.place and facts.home) or facts.place == facts.home:
        return None
    return {"place": facts.place, "home": facts.home}


def _count(count: int, limit: int) -> Mapping[str, Any] | None:
    return {"count": count} if count >= limit else None


_LOOKS: Mapping[Rule, Callable[[FraudFacts, Limits], Mapping[str, Any] | None]] = {
    Rule.NEW_ACCOUNT: _new_account,
    Rule.FAILED_PAYMENTS: _declined,
    Rule.MANY_ORDERS: _person,
    Rule.BUSY_DEVICE: _device,
    Rule.BUSY_NETWORK: _network,
    Rule.BUSY_DOOR: _door,
    Rule.SHARED_OFFER: _offer,
    Rule.FAR_DEVICE: _far,
}


def _kept(amount: Money) -> list[Any]:
    return [amount.minor, amount.currency]


def _read(value: Any) -> Any:
    return Money(*value).format() if isinstance(value, list) else value
