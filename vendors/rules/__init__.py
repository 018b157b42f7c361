"""Pure rules of dairies: who serves a line, what is in time, numbers of the state."""

from datetime import date, timedelta

from vendors.rules.choice import Candidate, Verdict, Want, choose, choose_all, has_room, score, spread, verdict
from vendors.rules.papers import is_gstin

__all__ = [
    "MOST_STARS",
    "Candidate",
    "Verdict",
    "Want",
    "choose",
    "choose_all",
    "has_room",
    "is_gstin",
    "is_in_time",
    "score",
    "spread",
    "verdict",
]

MOST_STARS = 5


def is_in_time(lead_time_days: int, *, today: date, on: date) -> bool:
    """Whether a vendor that needs so many days can still bring it `on` that day: none means the same day."""
    return today + timedelta(days=lead_time_days) <= on
