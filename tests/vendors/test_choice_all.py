"""Which dairies fill a whole order: the best for every line, and of equally good ones the fewest."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vendors.test_choice import dairy
from vendors.rules import Candidate, Want, choose_all, is_gstin, spread
from vendors.rules.choice import fewest


def chosen(*wants: tuple[Candidate, ...], used: frozenset[int] = frozenset()) -> list[int]:
    found = choose_all({place: Want(1, candidates) for place, candidates in enumerate(wants)}, chosen=used)
    return [found[place].vendor_id for place in sorted(found)]


def test_a_toss_up_is_settled_by_a_later_line() -> None:
    """Line by line the first would go to 1, and the order to two dairies."""
    assert chosen((dairy(1), dairy(2)), (dairy(2),)) == [2, 2]


def test_a_better_dairy_wins_even_if_it_makes_one_more() -> None:
    assert chosen((dairy(1, rating="5"), dairy(2)), (dairy(2),)) == [1, 2]


def test_one_that_the_order_uses_already_costs_nothing() -> None:
    assert chosen((dairy(1), dairy(2)), used=frozenset({2})) == [2]


def test_a_line_that_nobody_can_fill_is_missing() -> None:
    found = choose_all({"milk": Want(5, [dairy(1, available=4)]), "curd": Want(1, [dairy(1)])})
    assert set(found) == {"curd"}


@given(st.lists(st.frozensets(st.integers(1, 6), min_size=1), max_size=5))
def test_the_fewest_are_really_the_fewest(sets: list[frozenset[int]]) -> None:
    found = fewest(sets)
    assert all(tied & found for tied in sets)
    least = min((len(set(picks)) for picks in product(*sets)), default=0)
    assert len(found) == least


def test_a_search_without_end_is_cut_short() -> None:
    sets = [frozenset(range(n * 3, n * 3 + 40)) for n in range(60)]
    found = fewest(sets)
    assert all(tied & found for tied in sets)


def shared(*candidates: Candidate, quantity: int, used: frozenset[int] = frozenset()) -> list[tuple[int, int]]:
    return [(c.vendor_id, pieces) for c, pieces in spread(candidates, quantity=quantity, chosen=used)]


def test_one_dairy_for_all_of_it_where_there_is_one() -> None:
    assert shared(dairy(1, available=9, rating="5"), dairy(2, available=10), quantity=10) == [(2, 10)]


def test_else_the_one_with_most_goes_first() -> None:
    assert shared(dairy(1, available=3), dairy(2, available=5), quantity=10) == [(2, 5), (1, 3)]
    assert shared(dairy(1, available=3), dairy(2, available=8), quantity=10) == [(2, 8), (1, 2)]


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("27AAPFU0939F1ZV", True),
        ("29AAGCB7383J1Z4", True),
        ("27AAPFU0939F1ZW", False),
        ("72AAPFU0939F1ZV", False),
        ("27aapfu0939f1zv", False),
        ("27AAPFU0939F1Z", False),
        ("२७AAPFU0939F1ZV", False),
    ],
)
def test_a_gst_number_checks_itself(text: str, is_right: bool) -> None:
    assert is_gstin(text) is is_right
