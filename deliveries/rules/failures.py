"""What becomes of an order that was not handed over."""

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from milkdelivery.core.rules import Slot, is_open_on

S = TypeVar("S", bound=Slot)

LOOK_AHEAD = 14
"""Days after which nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """What this dairy tries again, by its settings: `tries` in all."""

    tries: int
    reasons: Collection[str]
    next_day: bool


def is_tried_again(reason: str, *, tries: int, policy: Retrying) -> bool:
    """Whether an order that failed for this reason, the `tries`-th time, is brought again."""
    return reason in policy.reasons and tries < policy.tries


def next_round(
    slot: S, day: date, slots: Iterable[S], *, holidays: Container[date], policy: Retrying
) -> tuple[S, date] | None:
    """The slot and day on which it is brought again: the next slot, or the same one of the next open day."""
    if policy.next_day:
        days = (day + timedelta(days=ahead) for ahead in range(1, LOOK_AHEAD + 1))
        return next(((slot, each) for each in days if is_open_on(slot, each, holidays)), None)
    later = sorted(slots, key=lambda each: each.starts_at)
    for ahead in range(LOOK_AHEAD + 1):
        each_day = day + timedelta(days=ahead)
        for each in later:
            is_after = ahead > 0 or each.starts_at >= slot.ends_at
            if is_after and is_open_on(each, each_day, holidays):
                return each, each_day
    return None
