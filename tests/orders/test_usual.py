"""What a household usually orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.rules.usual import usual_basket

MILK, CURD, PANEER, GHEE = 1, 2, 3, 4


@pytest.mark.parametrize(
    ("baskets", "usual"),
    [
        ([], {}),
        ([{}, {}], {}),
        ([{MILK: 2, CURD: 1}], {MILK: 2, CURD: 1}),
        # in at least half of them
        ([{MILK: 2}, {MILK: 2, CURD: 1}, {MILK: 2, PANEER: 1}], {MILK: 2}),
        ([{MILK: 2, CURD: 1}, {MILK: 2}], {MILK: 2}),
        ([{MILK: 2, CURD: 1}, {MILK: 2}, {MILK: 2, CURD: 1}, {MILK: 1}], {MILK: 2, CURD: 1}),
        # nothing in half of them: what is in most
        ([{MILK: 1}, {CURD: 1}, {PANEER: 1}, {GHEE: 1}, {MILK: 3}], {MILK: 1}),
        # nothing twice: the newest as it was
        ([{PANEER: 1, GHEE: 2}, {MILK: 2}, {CURD: 1}], {PANEER: 1, GHEE: 2}),
        # as many as most often, and as lately where that is no answer
        ([{MILK: 4}, {MILK: 2}, {MILK: 2}], {MILK: 2}),
        ([{MILK: 4}, {MILK: 2}], {MILK: 4}),
    ],
)
def test_the_usual(baskets: Sequence[Mapping[int, int]], usual: Mapping[int, int]) -> None:
    assert usual_basket(baskets) == usual


PAIRS = st.lists(st.tuples(st.sampled_from([MILK, CURD, PANEER, GHEE]), st.integers(1, 4)), min_size=1, max_size=4)
BASKETS = st.lists(PAIRS.map(dict), min_size=1, max_size=6)


@given(BASKETS)
def test_the_usual_is_something_that_was_ordered_in_a_quantity_that_was_ordered(
    baskets: list[dict[int, int]],
) -> None:
    usual = usual_basket(baskets)
    assert usual
    for variant_id, pieces in usual.items():
        assert pieces in [basket.get(variant_id) for basket in baskets]
