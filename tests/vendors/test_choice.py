"""Which dairy fills a line."""

from __future__ import annotations

from decimal import Decimal

from vendors.rules import Candidate, choose


def dairy(pk: int, *, rating: str = "4", orders: int = 0, limit: int = 100, available: int = 50) -> Candidate:
    return Candidate(pk, Decimal(rating), orders, limit, available)


def chosen(*candidates: Candidate, quantity: int = 1, used: frozenset[int] = frozenset()) -> int | None:
    choice = choose(candidates, quantity=quantity, chosen=used)
    return choice.vendor_id if choice else None


def test_the_better_rated_dairy_wins() -> None:
    assert chosen(dairy(1, rating="3.9"), dairy(2, rating="4.1")) == 2


def test_each_order_of_the_day_costs_a_point_so_that_the_load_spreads() -> None:
    assert chosen(dairy(1, rating="4.5", orders=6), dairy(2, rating="4")) == 2


def test_among_equals_the_one_that_the_order_already_uses() -> None:
    assert chosen(dairy(1), dairy(2), used=frozenset({2})) == 2


def test_among_equals_the_lowest_number() -> None:
    assert chosen(dairy(7), dairy(3)) == 3


def test_a_line_is_filled_whole_or_not() -> None:
    assert chosen(dairy(1, available=4), dairy(2, rating="1", available=5), quantity=5) == 2
    assert chosen(dairy(1, available=4), quantity=5) is None


def test_a_full_dairy_takes_no_order_but_more_of_one_it_has() -> None:
    assert chosen(dairy(1, orders=100)) is None
    assert chosen(dairy(1, orders=100), used=frozenset({1})) == 1
