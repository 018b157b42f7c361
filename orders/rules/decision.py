"""How a vendor was chosen for a line, kept as plain JSON, and read back for staff."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vendors.rules import Candidate, Verdict, score, verdict

MOST_KEPT = 8
"""Vendors kept by name, the chosen and the best first; of the others their number."""

CHOSEN = "CHOSEN"
OUTSCORED = "OUTSCORED"
TIED = "TIED"

WORDS: Mapping[str, str | Promise] = {
    CHOSEN: _("Chosen"),
    OUTSCORED: _("Could, with a lower score"),
    TIED: _("As good, but one dairy more or a higher number"),
    Verdict.NOT_SERVING: _("Does not deliver there"),
    Verdict.REFUSED: _("Gave it back"),
    Verdict.TOO_LATE: _("Needs more days"),
    Verdict.FULL: _("Full that day"),
    Verdict.NO_STOCK: _("Not enough of it"),
}

_RANK = {CHOSEN: 0, TIED: 1, OUTSCORED: 2, Verdict.NO_STOCK: 3, Verdict.FULL: 4, Verdict.TOO_LATE: 5}


@dataclass(frozen=True, slots=True)
class Looked:
    """One vendor as it stood when the line was decided."""

    vendor_id: int
    name: str
    score: str
    rating: str
    orders: int
    limit: int
    available: int
    verdict: str

    @property
    def is_chosen(self) -> bool:
        return self.verdict == CHOSEN

    @property
    def words(self) -> str | Promise:
        return WORDS.get(self.verdict, self.verdict)


@dataclass(frozen=True, slots=True)
class Decision:
    """All vendors that were looked at for a line, the chosen one first. `more` of them are not kept by name."""

    quantity: int
    looked: Sequence[Looked]
    more: int

    @property
    def chosen(self) -> Looked | None:
        return next((found for found in self.looked if found.is_chosen), None)


def decision_of(
    candidates: Iterable[Candidate], *, chosen_id: int | None, quantity: int, used: Collection[int]
) -> dict[str, Any]:
    """The record of a choice. `used` are the vendors that the order had before."""
    looked = [_looked(candidate, chosen_id, quantity, used) for candidate in candidates]
    best = next((entry["score"] for entry in looked if entry["verdict"] == CHOSEN), None)
    for entry in looked:
        if entry["verdict"] == Verdict.ABLE:
            entry["verdict"] = TIED if entry["score"] == best else OUTSCORED
    looked.sort(key=lambda entry: (_RANK.get(entry["verdict"], len(_RANK)), entry["vendor"]))
    return {"quantity": quantity, "looked": looked[:MOST_KEPT], "more": max(0, len(looked) - MOST_KEPT)}


def _looked(candidate: Candidate, chosen_id: int | None, quantity: int, used: Collection[int]) -> dict[str, Any]:
    found = verdict(candidate, quantity=quantity, chosen=used)
    return {
        "vendor": candidate.vendor_id,
        "name": candidate.name,
        "score": f"{score(candidate):.1f}",
        "rating": str(candidate.rating),
        "orders": candidate.orders_that_day,
        "limit": candidate.daily_order_limit,
        "available": candidate.available,
        "verdict": CHOSEN if candidate.vendor_id == chosen_id else str(found),
    }


def read_decision(stored: Mapping[str, Any]) -> Decision | None:
    """What `decision_of` wrote; None where nothing was kept."""
    if not stored:
        return None
    looked = tuple(
        Looked(
            vendor_id=entry["vendor"],
            name=entry["name"],
            score=entry["score"],
            rating=entry["rating"],
            orders=entry["orders"],
            limit=entry["limit"],
            available=entry["available"],
            verdict=entry["verdict"],
        )
        for entry in stored["looked"]
    )
    return Decision(stored["quantity"], looked, stored["more"])


def reason_for(chosen: Candidate, number: int) -> str:
    """Why this vendor, in one line: written once, when it was decided."""
    return (
        f"score {score(chosen):.1f} (rating {chosen.rating}, {chosen.orders_that_day} orders that day), "
        f"{chosen.available} available, best of {number}"
    )
