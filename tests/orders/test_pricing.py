"""The one pricing function: every sum equals the sum of its lines, in both tax worlds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from milkdelivery.core.money import Money
from orders.rules.pricing import Item, Quote, Terms, price


def rupees(minor: int) -> Money:
    return Money(minor, "INR")


def item(price_minor: int, quantity: int = 1, *, tax: int = 0, deposit: int = 0) -> Item:
    return Item(1, "Toned milk", "500 ml", "0401", quantity, rupees(price_minor), rupees(deposit), tax)


def terms(*, inclusive: bool = True, fee: int = 2000, free_from: int | None = 19_900) -> Terms:
    threshold = rupees(free_from) if free_from is not None else None
    return Terms("INR", tax_inclusive=inclusive, delivery_fee=rupees(fee), free_delivery_from=threshold)


def test_where_prices_include_tax_it_is_taken_out_after_the_discount() -> None:
    quote = price([item(10_500, 2, tax=500)], terms=terms(), discount=rupees(2100))
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


def test_a_discount_never_exceeds_the_goods() -> None:
    quote = price([item(1000)], terms=terms(fee=0), discount=rupees(5000))
    assert (quote.discount_total, quote.grand_total) == (rupees(1000), rupees(0))


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


@given(items, st.integers(0, 10**7), st.booleans())
def test_sums_of_a_quote_are_the_sums_of_its_lines(basket: list[Item], discount: int, inclusive: bool) -> None:
    quote: Quote = price(basket, terms=terms(inclusive=inclusive), discount=rupees(discount))
    assert quote.items_total == Money.total((line.gross for line in quote.lines), "INR")
    assert quote.discount_total == Money.total((line.discount for line in quote.lines), "INR")
    assert quote.tax_total == Money.total((line.tax for line in quote.lines), "INR")
    assert quote.deposit_total == Money.total((line.deposit for line in quote.lines), "INR")
    assert all(rupees(0) <= line.discount <= line.gross and line.tax >= rupees(0) for line in quote.lines)
    goods = quote.items_total - quote.discount_total + quote.deposit_total + quote.delivery_total
    assert quote.grand_total == (goods if inclusive else goods + quote.tax_total)
