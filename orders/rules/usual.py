"""What a household usually orders, as its last orders tell."""

from collections import Counter
from collections.abc import Mapping, Sequence

TWICE = 2
"""What came once is no habit."""


def usual_basket(baskets: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Pieces by variant of what is in at least half of the baskets, and in two, which come newest first.

    Where nothing is in so many, what is in most of them; where nothing came twice, the newest as it was. Of each as
    many pieces as most often, and as lately where that is no answer. Empty where there is no basket.
    """
    full = [basket for basket in baskets if basket]
    if not full:
        return {}
    seen = Counter(variant_id for basket in full for variant_id in basket)
    most = max(seen.values())
    if most < TWICE:
        return dict(full[0])
    needed = min(most, max(TWICE, (len(full) + 1) // 2))
    return {variant_id: _pieces(variant_id, full) for variant_id, count in seen.items() if count >= needed}


def _pieces(variant_id: int, baskets: Sequence[Mapping[int, int]]) -> int:
    """What stands first among the most frequent is the newest: a counter keeps the order it met things in."""
    return Counter(basket[variant_id] for basket in baskets if variant_id in basket).most_common(1)[0][0]
