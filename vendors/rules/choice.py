"""Which dairy serves a line: the score and the choice, over facts that the caller gathered."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from math import comb
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

MOST_COMBINATIONS = 20_000
"""Sets of equally good vendors that the exact search for the fewest may look at. Beyond, the widest go first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An active vendor that offers the variant, as it stands for one delivery date."""

    vendor_id: int
    rating: Decimal
    orders_that_day: int
    daily_order_limit: int
    """Of that date: the vendor's usual one, or the one set for the day."""
    available: int
    """Pieces of the variant that can still be promised."""
    name: str = ""
    serves: bool = True
    """Whether it delivers to the pincode."""
    is_in_time: bool = True
    """Whether its lead time leaves room before the date."""
    has_refused: bool = False
    """It gave this back already."""


class Verdict(StrEnum):
    """How a vendor was looked at for a line."""

    ABLE = "ABLE"
    NOT_SERVING = "NOT_SERVING"
    REFUSED = "REFUSED"
    TOO_LATE = "TOO_LATE"
    FULL = "FULL"
    NO_STOCK = "NO_STOCK"


def score(candidate: Candidate) -> Decimal:
    """Ten points for each star, less one for every order of the day: good dairies first, and the load spreads."""
    return candidate.rating * 10 - candidate.orders_that_day


def has_room(candidate: Candidate, *, chosen: Collection[int]) -> bool:
    """Whether the order fits: one that the vendor is already part of takes no further capacity."""
    return candidate.vendor_id in chosen or candidate.orders_that_day < candidate.daily_order_limit


def verdict(candidate: Candidate, *, quantity: int, chosen: Collection[int]) -> Verdict:
    """Whether the vendor can fill a line of `quantity` pieces whole, or the first thing that is against it."""
    if not candidate.serves:
        return Verdict.NOT_SERVING
    if candidate.has_refused:
        return Verdict.REFUSED
    if not candidate.is_in_time:
        return Verdict.TOO_LATE
    if not has_room(candidate, chosen=chosen):
        return Verdict.FULL
    if candidate.available < quantity:
        return Verdict.NO_STOCK
    return Verdict.ABLE


def is_able(candidate: Candidate, *, quantity: int, chosen: Collection[int]) -> bool:
    return verdict(candidate, quantity=quantity, chosen=chosen) == Verdict.ABLE


def choose(candidates: Sequence[Candidate], *, quantity: int, chosen: Collection[int]) -> Candidate | None:
    """The vendor for one line of `quantity` pieces, or None.

    Highest score; then one that the order already uses, so that fewest vendors serve it; then the lowest id.
    """
    able = [c for c in candidates if is_able(c, quantity=quantity, chosen=chosen)]
    return max(able, key=lambda c: (score(c), c.vendor_id in chosen, -c.vendor_id), default=None)


@dataclass(frozen=True, slots=True)
class Want:
    """Pieces of one variant that one vendor is to bring."""

    quantity: int
    candidates: Sequence[Candidate]


def choose_all(wants: Mapping[K, Want], *, chosen: Collection[int] = ()) -> dict[K, Candidate]:
    """A vendor for each want, by its key; wants that nobody can fill are missing. Each is of another variant.

    Line by line the best score wins. Where several vendors are equally good for a line, those are taken that make the
    fewest vendors for the whole order (`chosen` ones are in it already and cost nothing), and of these the lowest ids.
    Looking at one line after another would not find them: what is a toss-up for the first line may be settled by the
    second.
    """
    best = {key: _best(want, chosen) for key, want in wants.items()}
    ties = {key: frozenset(c.vendor_id for c in found) for key, found in best.items() if found}
    used = fewest([tied for tied in ties.values() if not tied & set(chosen)])
    choices: dict[K, Candidate] = {}
    for key, tied in ties.items():
        vendor_id = min(tied & set(chosen) or tied & used)
        choices[key] = next(c for c in best[key] if c.vendor_id == vendor_id)
    return choices


def _best(want: Want, chosen: Collection[int]) -> list[Candidate]:
    """Those that can fill it with the highest score."""
    able = [c for c in want.candidates if is_able(c, quantity=want.quantity, chosen=chosen)]
    highest = max(map(score, able), default=None)
    return [c for c in able if score(c) == highest]


def fewest(sets: Sequence[frozenset[int]]) -> frozenset[int]:
    """The fewest vendors of which each set has one; of equally few, the lowest ids.

    Exact as long as that takes no more than `MOST_COMBINATIONS` looks; else the vendor in most sets goes first.
    """
    if not sets:
        return frozenset()
    forced = frozenset(next(iter(tied)) for tied in sets if len(tied) == 1)
    open_sets = [tied for tied in sets if not tied & forced]
    vendors = sorted(frozenset[int]().union(*open_sets))
    looks = 0
    for size in range(len(open_sets) + 1):
        looks += comb(len(vendors), size)
        if looks > MOST_COMBINATIONS:
            return forced | _widest_first(open_sets)
        for some in combinations(vendors, size):
            if all(tied.intersection(some) for tied in open_sets):
                return forced | frozenset(some)
    raise AssertionError("one vendor of each set always covers them all")


def _widest_first(sets: Sequence[frozenset[int]]) -> frozenset[int]:
    left, used = list(sets), set[int]()
    while left:
        counts: dict[int, int] = {}
        for tied in left:
            for vendor_id in tied:
                counts[vendor_id] = counts.get(vendor_id, 0) + 1
        widest = min(counts, key=lambda vendor_id: (-counts[vendor_id], vendor_id))
        used.add(widest)
        left = [tied for tied in left if widest not in tied]
    return frozenset(used)


def spread(
    candidates: Iterable[Candidate], *, quantity: int, chosen: Collection[int]
) -> Iterator[tuple[Candidate, int]]:
    """Vendors for what another one can't bring, and how many pieces each: one for all of it where there is one.

    Else the vendor with most pieces goes first, so that few bring it; what is left over in the end nobody has.
    """
    left, open_to = quantity, list(candidates)
    used = set(chosen)
    while left > 0:
        whole = choose(open_to, quantity=left, chosen=used)
        if whole is not None:
            yield whole, left
            return
        some = [c for c in open_to if is_able(c, quantity=1, chosen=used)]
        if not some:
            return
        most = max(some, key=lambda c: (c.available, score(c), -c.vendor_id))
        yield most, most.available
        left -= most.available
        used.add(most.vendor_id)
        open_to.remove(most)
