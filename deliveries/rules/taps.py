"""What a driver's taps at one stop come to, in whatever order they arrive.

Every tap carries a key and the time at which it was tapped. What stands is read off all taps that are known, in the
order in which they were tapped: so it depends on which taps have come, and not on when, how often, or by which phone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orders.rules.status import UNDO_WITHIN

PICKED_UP = "PICKED_UP"
DELIVERED = "DELIVERED"
FAILED = "FAILED"
UNDO = "UNDO"
START = "START"
CLOSE = "CLOSE"

AT_STOPS = (PICKED_UP, DELIVERED, FAILED, UNDO)
WORDS = (DELIVERED, FAILED)
"""Taps that end a stop."""

DONE = "DONE"
ALREADY = "ALREADY"
TAKEN_BACK = "TAKEN_BACK"
REFUSED = "REFUSED"
WAITING = "WAITING"

NOT_PICKED_UP = "delivery_not_picked_up"
ALREADY_DELIVERED = "delivery_already_delivered"
ALREADY_FAILED = "delivery_already_failed"
NOTHING_TO_UNDO = "nothing_to_undo"
UNDO_TOO_LATE = "undo_too_late"

LONGEST_AGO = timedelta(days=366)
"""No round is older; a phone that says otherwise has lost its clock."""

BY_STAFF = "by_staff"
"""Why a word no longer stands that staff took back."""

BY_ORDER = frozenset({NOT_PICKED_UP, ALREADY_DELIVERED, ALREADY_FAILED, NOTHING_TO_UNDO, UNDO_TOO_LATE})
"""Refusals that an earlier tap, still on its way, may turn into a yes. Any other stays."""


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap at a stop. `at` is our time of it, `device_at` the phone's own, `received_at` when it came."""

    pk: int
    kind: str
    at: datetime
    device_at: datetime
    received_at: datetime

    @property
    def place(self) -> tuple[datetime, datetime, bool, int]:
        """Where it stands among the others. Those of the very same instant stand as they came."""
        return self.at, self.device_at, self.kind != PICKED_UP, self.pk


@dataclass(slots=True)
class Reading:
    """What taps come to: whether it left the hub and by which tap, the word that stands, and what became of each tap.

    `taken_back_by` says of a word that was taken back which tap did it.
    """

    pick_up: Tap | None = None
    is_out: bool = False
    word: Tap | None = None
    results: dict[int, tuple[str, str]] = field(default_factory=dict)
    taken_back_by: dict[int, Tap] = field(default_factory=dict)


def read(taps: Iterable[Tap], *, out_since: datetime | None) -> Reading:
    """What the taps at one stop come to. `out_since` is when somebody else said that it left the hub,
    if they did: that counts for what comes after they said so, whenever it was tapped. A tap that would be earlier was
    made right then, as nothing happens at a door before it left the hub.

    The first word by the time of its tap stands until it is taken back; taking back must be tapped within
    `UNDO_WITHIN` of it.
    """
    found = Reading()
    for told in sorted(taps, key=lambda each: each.place):
        was_out = out_since is not None and out_since <= told.received_at
        tap = replace(told, at=max(told.at, out_since)) if out_since is not None and was_out else told
        found.results[tap.pk] = _next(found, tap, is_out=found.is_out or was_out)
    found.is_out = found.is_out or out_since is not None
    return found


def _next(found: Reading, tap: Tap, *, is_out: bool) -> tuple[str, str]:
    """Take one tap more into account; its result and, for a refusal, its code."""
    if tap.kind == PICKED_UP:
        if is_out:
            return ALREADY, ""
        found.is_out, found.pick_up = True, tap
        return DONE, ""
    if tap.kind == UNDO:
        return _undo(found, tap)
    if found.word is not None:
        if found.word.kind == tap.kind:
            return ALREADY, ""
        return REFUSED, ALREADY_DELIVERED if found.word.kind == DELIVERED else ALREADY_FAILED
    if not is_out:
        return REFUSED, NOT_PICKED_UP
    found.word = tap
    return DONE, ""


def _undo(found: Reading, tap: Tap) -> tuple[str, str]:
    if found.word is None:
        return REFUSED, NOTHING_TO_UNDO
    if tap.at - found.word.at > UNDO_WITHIN:
        return REFUSED, UNDO_TOO_LATE
    found.results[found.word.pk] = (TAKEN_BACK, "")
    found.taken_back_by[found.word.pk] = tap
    found.word = None
    return DONE, ""


def happened_at(
    device_at: datetime | None, *, sent_at: datetime | None, received_at: datetime, not_before: datetime | None
) -> datetime:
    """Our time of a tap. The phone's clock may be a day off: what it showed when it sent says by how much.

    Never in the future, and not before the round was there.
    """
    if device_at is None:
        return received_at
    ago = (sent_at or received_at) - device_at
    at = received_at - min(max(ago, timedelta(0)), LONGEST_AGO)
    return max(at, not_before) if not_before is not None and not_before <= received_at else at
