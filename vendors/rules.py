"""Which dairy serves a line: the score and the choice, over facts that the caller gathered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Candidate:
    """An active vendor that serves the pincode and offers the variant, as it stands for one delivery date."""

    vendor_id: int
    rating: Decimal
    orders_that_day: int
    daily_order_limit: int
    available: int
    """Pieces of the variant that can still be promised."""


def score(candidate: Candidate) -> Decimal:
    """Ten points for each star, less one for every order of the day: good dairies first, and the load spreads."""
    return candidate.rating * 10 - candidate.orders_that_day


def has_room(candidate: Candidate, *, chosen: Collection[int]) -> bool:
    """Whether the order fits: one that the vendor is already part of takes no further capacity."""
    return candidate.vendor_id in chosen or candidate.orders_that_day < candidate.daily_order_limit


def choose(candidates: Sequence[Candidate], *, quantity: int, chosen: Collection[int]) -> Candidate | None:
    """The vendor for a line of `quantity` pieces, or None.

    Highest score; then one that the order already uses, so that fewest vendors serve it; then the lowest id.
    """
    able = [c for c in candidates if c.available >= quantity and has_room(c, chosen=chosen)]
    return max(able, key=lambda c: (score(c), c.vendor_id in chosen, -c.vendor_id), default=None)
