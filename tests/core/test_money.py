"""Money counts whole units, rounds in one place, and splits without losing any."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milkdelivery.core.money import CurrencyMismatch, Money, divide_half_up

amounts = st.integers(-(10**12), 10**12)
rates = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("numerator", "denominator", "result"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (5, 3, 2), (0, 7, 0), (1, 2, 1)]
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, result: int) -> None:
    assert divide_half_up(numerator, denominator) == result


def test_amounts_of_two_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "INR") + Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        assert Money(1, "INR") < Money(2, "USD")


def test_a_float_is_no_amount() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "INR")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("money", "language", "text"),
    [
        (Money(12_500_000, "INR"), "en", "₹1,25,000.00"),
        (Money(2850, "INR"), "en", "₹28.50"),
        (Money(12_500_000, "INR"), "hi", "₹1,25,000.00"),
        (Money(-100, "INR"), "en", "-₹1.00"),
        (Money(123_456, "USD"), "en", "$1,234.56"),
        (Money(500, "JPY"), "en", "¥500"),
    ],
)
def test_amounts_read_as_at_home(money: Money, language: str, text: str) -> None:
    assert money.format(language=language) == text


@given(amounts)
def test_decimals_and_back(minor: int) -> None:
    money = Money(minor, "INR")
    assert Money.from_decimal(money.to_decimal(), "INR") == money


def test_a_typed_amount_is_rounded_half_up() -> None:
    assert Money.from_decimal(Decimal("0.125"), "INR") == Money(13, "INR")


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(sum))
def test_parts_sum_to_the_whole(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "INR").allocate(weights)
    total = sum(weights)
    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor * total - minor * weight) < total  # never a whole unit off


@given(st.integers(0, 10**9), rates)
def test_tax_taken_out_is_the_tax_put_on(minor: int, points: int) -> None:
    gross = Money(minor, "INR")
    net = gross - gross.tax_within(points)
    assert abs((net + net.share(points)).minor - minor) <= 1
