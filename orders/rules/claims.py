"""What a household may claim of a delivered order, and whether a rule may grant it or somebody has to look. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.money import Money
from orders.rules.status import DELIVERED, RETURNED

COUNTED = timedelta(days=30)
"""How far back a household's claims are counted."""

ALL_CLAIMED = "all_claimed"
"""Reason of an order that is RETURNED because all of it was claimed and granted."""

OTHER = "OTHER"
NOT_TO_BE_SEEN = frozenset({"MISSING"})
"""Reasons of which nobody can take a photo."""
NO_BOTTLE_LEFT = frozenset({"MISSING", "DAMAGED"})
"""Reasons after which there is no bottle to hand back, so its deposit goes back with the claim. After any other the
bottle stands at the household, and its deposit comes back with it."""


class NotClaimable(DomainError):
    """The order was not delivered, or nothing was paid for it."""

    code = "order_not_claimable"


class ClaimTooLate(DomainError):
    code = "claim_too_late"


class ClaimedAlready(DomainError):
    """More pieces than were delivered and not claimed yet."""

    code = "claim_too_many_pieces"


class BadClaim(InvalidInput):
    """Lines of another order, no line at all, or a number that is none."""

    code = "claim_bad_lines"


class ClaimDecidedAlready(DomainError):
    """Somebody, or the rule, was faster."""

    code = "claim_decided_already"


class NotPaidBack(DomainError):
    """Nothing of the order went back but by claims, so the claim has to be decided."""

    code = "claim_not_paid_back"


class BadGrant(InvalidInput):
    """More than was claimed, or nothing of it."""

    code = "claim_bad_grant"


@dataclass(frozen=True, slots=True)
class Claimed:
    """So many pieces of a line (by its id), and what was wrong with them."""

    line_id: int
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class Left:
    """What can still be claimed of a line: its label, and how many pieces."""

    line_id: int
    label: str
    quantity: int


class Why(StrEnum):
    """Why somebody has to look at a claim."""

    NO_LIMIT = "NO_LIMIT"
    LARGE = "LARGE"
    MONTH = "MONTH"
    OFTEN = "OFTEN"
    GUEST = "GUEST"
    NO_PHOTO = "NO_PHOTO"
    UNCLEAR = "UNCLEAR"
    PAID_BACK = "PAID_BACK"


WORDS: Mapping[str, str | Promise] = {
    Why.NO_LIMIT: _("No claim is granted by rule"),
    Why.LARGE: _("%(amount)s is more than %(limit)s"),
    Why.MONTH: _("With it, %(amount)s in 30 days went back by rule; the limit is %(limit)s"),
    Why.OFTEN: _("%(count)s claims in 30 days"),
    Why.GUEST: _("Ordered without an account: nobody knows how often they claim"),
    Why.NO_PHOTO: _("No photo of what can be seen"),
    Why.UNCLEAR: _("Another reason than those we know"),
    Why.PAID_BACK: _("Something of the order went back already"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps a rule from granting a claim, and what it saw."""

    why: str
    seen: Mapping[str, str]

    @property
    def words(self) -> str:
        """For staff, in their language."""
        text = WORDS.get(self.why)
        if text is None:
            return self.why
        return str(text) % {"amount": "?", "limit": "?", "count": "?", **{k: _read(v) for k, v in self.seen.items()}}

    def to_json(self) -> dict[str, Any]:
        return {"why": str(self.why), "seen": dict(self.seen)}


def read_findings(stored: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """What was kept with a claim."""
    return [Finding(str(each.get("why", "")), dict(each.get("seen", {}))) for each in stored]


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What is known of a claim and of who makes it. The counts of 30 days are without this one."""

    amount: Money
    claims: int
    granted_by_rule: Money
    reasons: frozenset[str]
    has_photo: bool
    is_guest: bool
    was_paid_back: bool


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """Until when goods can be claimed, and what a rule grants: amounts by currency, and claims of one household in 30
    days. A currency without an amount has everything looked at."""

    window: timedelta
    amounts: Mapping[str, Money]
    amounts_of_month: Mapping[str, Money]
    claims_of_month: int


def why_somebody_looks(facts: ClaimFacts, limits: ClaimLimits) -> list[Finding]:
    """All that keeps a rule from granting the claim; nothing where it may."""
    found: list[Finding] = []

    def note(why: Why, **seen: str) -> None:
        found.append(Finding(why, seen))

    limit = limits.amounts.get(facts.amount.currency)
    of_month = limits.amounts_of_month.get(facts.amount.currency)
    in_month = facts.granted_by_rule + facts.amount
    if limit is None or of_month is None:
        note(Why.NO_LIMIT)
    elif facts.amount > limit:
        note(Why.LARGE, amount=_write(facts.amount), limit=_write(limit))
    elif in_month > of_month:
        note(Why.MONTH, amount=_write(in_month), limit=_write(of_month))
    if facts.claims >= limits.claims_of_month:
        note(Why.OFTEN, count=str(facts.claims + 1))
    if facts.is_guest:
        note(Why.GUEST)
    if not facts.has_photo and facts.reasons - NOT_TO_BE_SEEN:
        note(Why.NO_PHOTO)
    if OTHER in facts.reasons:
        note(Why.UNCLEAR)
    if facts.was_paid_back:
        note(Why.PAID_BACK)
    return found


def claim_until(delivered_at: datetime, limits: ClaimLimits) -> datetime:
    return delivered_at + limits.window


def ensure_claimable(status: str, *, delivered_at: datetime | None, limits: ClaimLimits, now: datetime) -> None:
    """The order was delivered, and not too long ago. Raises NotClaimable and ClaimTooLate."""
    if status not in (DELIVERED, RETURNED) or delivered_at is None:
        raise NotClaimable(_("Something can be claimed once the order was delivered."))
    until = claim_until(delivered_at, limits)
    if now > until:
        hours = int(limits.window.total_seconds() // 3600)
        text = ngettext(
            "Claims are made within %(count)d hour of the delivery. That has passed; please call us.",
            "Claims are made within %(count)d hours of the delivery. That has passed; please call us.",
            hours,
        )
        raise ClaimTooLate(text % {"count": hours}, until=until.isoformat())


def ensure_pieces(wanted: Sequence[Claimed], left: Mapping[int, Left], reasons: Iterable[str]) -> None:
    """Lines of the order, each once, with no more pieces than are left of it. Raises BadClaim and ClaimedAlready."""
    if not wanted:
        raise BadClaim(_("Say what was wrong: choose at least one piece."), field="lines")
    if len({each.line_id for each in wanted}) < len(wanted):
        raise BadClaim(_("Name each line once."), field="lines")
    known = frozenset(reasons)
    for each in wanted:
        line = left.get(each.line_id)
        if line is None or each.quantity < 1 or each.reason not in known:
            raise BadClaim(_("Choose lines of this order that were delivered."), field="lines")
        if each.quantity > line.quantity:
            raise ClaimedAlready(too_many_words(line), field="lines", line_id=each.line_id, left=line.quantity)


def too_many_words(line: Left) -> str:
    """What is said to whoever claims more pieces of a line than are left of it."""
    text = (
        ngettext(
            "Only %(left)d piece of %(name)s can still be claimed.",
            "Only %(left)d pieces of %(name)s can still be claimed.",
            line.quantity,
        )
        if line.quantity
        else _("All of %(name)s was claimed already. See below what was decided.")
    )
    return str(text) % {"left": line.quantity, "name": line.label}


def ensure_grant(granted: Mapping[int, int], claimed: Mapping[int, int], *, reason: str) -> None:
    """Some of what was claimed, by line; a reason where it is not all. Raises BadGrant."""
    if not granted.keys() <= claimed.keys() or any(not 0 <= granted[line] <= claimed[line] for line in granted):
        raise BadGrant(_("Grant no more pieces than were claimed."), field="lines")
    total = sum(granted.values())
    if not total:
        raise BadGrant(_("Nothing is granted. Refuse the claim instead."), field="lines")
    if total < sum(claimed.values()) and not reason:
        raise BadGrant(_("Say why it is not all: the household reads it."), field="reason")


def _write(amount: Money) -> str:
    return f"{amount.currency} {amount.minor}"


def _read(value: str) -> str:
    """An amount as people write it in their language; anything else as it is."""
    currency, _space, minor = str(value).partition(" ")
    return Money(int(minor), currency).format() if minor.isdecimal() else str(value)
