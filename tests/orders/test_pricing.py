"""The one pricing function: every sum equals the sum of its lines, in both tax worlds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules.promotions import Discount, Goods, Kind, Offer, discount_of
from milkdelivery.core.money import Money
from orders.rules.pricing import Item, Quote, Terms, best_of, price
from tests.catalog.test_promotion_rules import offer, offers


def rupees(minor: int) -> Money:
    return Money(minor, "INR")


def item(price_minor: int, quantity: int = 1, *, tax: int = 0, deposit: int = 0) -> Item:
    return Item(1, "Toned milk", "500 ml", "0401", quantity, rupees(price_minor), rupees(deposit), tax)


def off(*amounts: int, is_delivery_free: bool = False) -> Discount:
    return Discount(tuple(rupees(amount) for amount in amounts), is_delivery_free)


def terms(*, inclusive: bool = True, fee: int = 2000, free_from: int | None = 19_900) -> Terms:
    threshold = rupees(free_from) if free_from is not None else None
    return Terms("INR", tax_inclusive=inclusive, delivery_fee=rupees(fee), free_delivery_from=threshold)


def test_where_prices_include_tax_it_is_taken_out_after_the_discount() -> None:
    quote = price([item(10_500, 2, tax=500)], terms=terms(), discount=off(2100))
    assert (quote.items_total, quote.discount_total) == (rupees(21_000), rupees(2100))
    assert quote.tax_total == rupees(900)  # 18,900 holds 5 %: 18,000 and 900
    assert quote.grand_total == rupees(18_900 + 2000)  # after the discount the free threshold is missed


def test_where_prices_exclude_tax_it_is_added() -> None:
    quote = price([item(10_000, tax=700)], terms=terms(inclusive=False, free_from=None))
    assert (quote.tax_total, quote.grand_total) == (rupees(700), rupees(10_000 + 700 + 2000))


def test_delivery_is_free_from_the_threshold_on() -> None:
    below, at = price([item(19_899)], terms=terms()), price([item(19_900)], terms=terms())
    assert (below.delivery_total, below.to_free_delivery) == (rupees(2000), rupees(1))
    assert (at.delivery_total, at.to_free_delivery) == (rupees(0), None)


def test_deposits_are_charged_per_piece_and_not_taxed() -> None:
    quote = price([item(5000, 3, tax=500, deposit=2000)], terms=terms(fee=0))
    assert quote.deposit_total == rupees(6000)
    assert quote.tax_total == rupees(15_000).tax_within(500)
    assert quote.grand_total == rupees(21_000)


def test_an_empty_basket_costs_nothing() -> None:
    assert price([], terms=terms()).grand_total == rupees(0)


@pytest.mark.parametrize("amounts", [(), (100,), (100, 100, 100), (1001, 0), (-1, 0)])
def test_a_discount_of_another_basket_is_no_discount(amounts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="another basket"):
        price([item(1000), item(500)], terms=terms(), discount=off(*amounts))


def test_a_promotion_makes_the_delivery_free() -> None:
    quote = price([item(1000)], terms=terms(), discount=off(0, is_delivery_free=True))
    assert (quote.delivery_total, quote.grand_total, quote.to_free_delivery) == (rupees(0), rupees(1000), None)


def test_the_best_of_several_leaves_least_to_pay() -> None:
    """Taking more off the goods can cost the free delivery, and then leaves more to pay."""
    basket, bringing = [item(20_000)], terms(fee=2000, free_from=19_900)
    assert best_of(basket, [off(500), off(50), off(0, is_delivery_free=True)], terms=bringing) == 1
    assert best_of(basket, [off(3000), off(3000)], terms=bringing) == 0
    assert best_of(basket, [off(0, is_delivery_free=True)], terms=bringing) is None
    assert best_of(basket, [], terms=bringing) is None


items = st.lists(
    st.builds(
        item,
        st.integers(0, 10**6),
        st.integers(1, 50),
        tax=st.sampled_from([0, 500, 1200, 1800]),
        deposit=st.integers(0, 10_000),
    ),
    max_size=12,
)


def goods_of(basket: list[Item]) -> list[Goods]:
    """Products and categories 1 to 9, one after the other."""
    return [Goods(place % 9 + 1, place % 3 + 1, each.quantity, each.unit_price) for place, each in enumerate(basket)]


@given(items, st.none() | offers, st.booleans())
def test_sums_of_a_quote_are_the_sums_of_its_lines(basket: list[Item], wanted: Offer | None, inclusive: bool) -> None:
    """For any basket and any promotion."""
    discount = discount_of(wanted, goods_of(basket)) if wanted else None
    quote: Quote = price(basket, terms=terms(inclusive=inclusive), discount=discount)
    assert quote.items_total == Money.total((line.gross for line in quote.lines), "INR")
    assert quote.discount_total == Money.total((line.discount for line in quote.lines), "INR")
    assert quote.tax_total == Money.total((line.tax for line in quote.lines), "INR")
    assert quote.deposit_total == Money.total((line.deposit for line in quote.lines), "INR")
    assert all(rupees(0) <= line.discount <= line.gross and line.tax >= rupees(0) for line in quote.lines)
    goods = quote.items_total - quote.discount_total + quote.deposit_total + quote.delivery_total
    assert quote.grand_total == (goods if inclusive else goods + quote.tax_total)


def test_everything_free_leaves_the_deposit_and_the_delivery() -> None:
    basket = [item(1000, 2, tax=500, deposit=300)]
    quote = price(basket, terms=terms(), discount=discount_of(offer(Kind.PERCENT, percent=100), goods_of(basket)))
    assert (quote.tax_total, quote.grand_total) == (rupees(0), rupees(600 + 2000))
