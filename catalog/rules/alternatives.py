"""Which product stands in best for another."""

from collections.abc import Iterable

MOST_STORED = 12
"""Others that are kept for one product, of one kind and source."""

_NO_LIKENESS = 10**9


def unlikeness(packs: Iterable[tuple[str, int]], others: Iterable[tuple[str, int]]) -> int:
    """How far apart the sizes of two products are; their packs as (unit, size).

    1,000 is the same size, 2,000 twice or half of it. Where no pack has a unit in common they are nothing alike.
    """
    found = [
        max(size, other) * 1000 // max(1, min(size, other))
        for unit, size in packs
        for other_unit, other in others
        if unit == other_unit
    ]
    return min(found, default=_NO_LIKENESS)
