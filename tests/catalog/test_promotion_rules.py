"""Who may use a promotion, and what it takes off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.rules.promotions import (
    Discount,
    Goods,
    Kind,
    Offer,
    Shopper,
    discount_of,
    is_code,
    normal_code,
    refusal_of,
)
from milkdelivery.core.money import Money

TODAY = date(2026, 1, 15)
MILK, CURD = 1, 2


def rupees(minor: int) -> Money:
    return Money(minor, "INR")


def goods(price: int, quantity: int = 1, *, product: int = 1, category: int = MILK) -> Goods:
    return Goods(product, category, quantity, rupees(price))


def offer(kind: Kind = Kind.PERCENT, **terms: Any) -> Offer:
    own: dict[Kind, dict[str, Any]] = {
        Kind.PERCENT: {"percent": 10},
        Kind.FIXED: {"amount": rupees(5000)},
        Kind.FREE_DELIVERY: {},
    }
    own |= {Kind.BUY_X_GET_Y: {"buy_quantity": 2, "get_quantity": 1}}
    return Offer(**{"kind": kind, "currency": "INR", "region_id": 1, "starts_on": TODAY, **own[kind], **terms})


SOMEBODY = Shopper(region_id=1, on=TODAY, is_first_order=False)


def off(offer: Offer, *basket: Goods) -> list[int]:
    return [amount.minor for amount in discount_of(offer, basket).lines]


@pytest.mark.parametrize(
    ("terms", "shopper", "code"),
    [
        ({"is_active": False}, {}, "promotion_unknown"),
        ({}, {"region_id": 2}, "promotion_other_region"),
        ({"starts_on": date(2026, 1, 16)}, {}, "promotion_not_started"),
        ({"starts_on": date(2026, 1, 1), "ends_on": date(2026, 1, 14)}, {}, "promotion_ended"),
        ({"is_first_order_only": True}, {}, "promotion_first_order_only"),
        ({"per_user_limit": 2}, {"used": 2}, "promotion_used_by_you"),
        ({"total_limit": 100, "used": 100}, {}, "promotion_used_up"),
        ({"category_ids": frozenset({9})}, {}, "promotion_nothing_in_scope"),
        ({"product_ids": frozenset({9})}, {}, "promotion_nothing_in_scope"),
        ({"minimum_basket": rupees(10_001)}, {}, "promotion_basket_too_small"),
    ],
)
def test_each_refusal_has_its_own_code(terms: dict[str, Any], shopper: dict[str, Any], code: str) -> None:
    refusal = refusal_of(offer(**terms), [goods(10_000)], replace(SOMEBODY, **shopper))
    assert refusal is not None
    assert (refusal.code, refusal.field) == (code, "code")
    assert str(refusal)


@pytest.mark.parametrize(
    ("terms", "shopper"),
    [
        ({"ends_on": TODAY}, {}),
        ({"is_first_order_only": True}, {"is_first_order": True}),
        ({"per_user_limit": 2}, {"used": 1}),
        ({"total_limit": 100, "used": 99}, {}),
        ({"category_ids": frozenset({9, MILK})}, {}),
        ({"category_ids": frozenset({9}), "product_ids": frozenset({1})}, {}),
        ({"minimum_basket": rupees(10_000)}, {}),
    ],
)
def test_up_to_its_limits_it_can_be_used(terms: dict[str, Any], shopper: dict[str, Any]) -> None:
    assert refusal_of(offer(**terms), [goods(10_000)], replace(SOMEBODY, **shopper)) is None


def test_a_basket_that_is_too_small_is_told_how_much_is_missing() -> None:
    refusal = refusal_of(offer(minimum_basket=rupees(20_000)), [goods(6_000, 2)], SOMEBODY)
    assert refusal is not None
    assert "₹80.00" in str(refusal)
    assert refusal.facts == {"missing": rupees(8_000)}


def test_the_minimum_counts_goods_of_the_offer_only() -> None:
    basket = [goods(10_000), goods(50_000, category=CURD)]
    refusal = refusal_of(offer(minimum_basket=rupees(20_000), category_ids=frozenset({MILK})), basket, SOMEBODY)
    assert refusal is not None
    assert refusal.facts == {"missing": rupees(10_000)}


def test_an_empty_basket_has_nothing_in_scope() -> None:
    refusal = refusal_of(offer(), [], SOMEBODY)
    assert refusal is not None
    assert refusal.code == "promotion_nothing_in_scope"


# -- what it takes off ------------------------------------------------------------------------------------------------


def test_percent_is_rounded_once_and_its_parts_sum_to_it() -> None:
    assert off(offer(percent=10), goods(333), goods(333), goods(339)) == [34, 33, 34]  # 10 % of 1,005 is 100.5: 101


def test_percent_has_a_cap() -> None:
    assert off(offer(percent=50, max_discount=rupees(1000)), goods(3000), goods(1000)) == [750, 250]


def test_an_amount_never_exceeds_the_goods_it_is_for() -> None:
    scope = frozenset({MILK})
    assert off(offer(Kind.FIXED), goods(1000), goods(9000, category=CURD)) == [500, 4500]
    assert off(offer(Kind.FIXED, category_ids=scope), goods(1000), goods(9000, category=CURD)) == [1000, 0]


def test_free_delivery_takes_nothing_off_the_goods() -> None:
    discount = discount_of(offer(Kind.FREE_DELIVERY), [goods(1000)])
    assert discount == Discount((rupees(0),), is_delivery_free=True)


@pytest.mark.parametrize(
    ("buy", "get", "quantity", "free"),
    [
        (2, 1, 2, None),
        (2, 1, 3, 1),
        (2, 1, 5, 1),
        (2, 1, 6, 2),
        (1, 1, 1, None),
        (1, 1, 2, 1),
        (1, 1, 50, 25),
        (3, 2, 4, 1),
        (3, 2, 5, 2),
    ],
)
def test_of_every_few_some_are_free(buy: int, get: int, quantity: int, free: int | None) -> None:
    terms = offer(Kind.BUY_X_GET_Y, buy_quantity=buy, get_quantity=get)
    refusal = refusal_of(terms, [goods(100, quantity)], SOMEBODY)
    if free is None:
        assert refusal is not None
        assert (refusal.code, refusal.facts) == ("promotion_too_few_pieces", {"missing": buy + 1 - quantity})
    else:
        assert refusal is None
        assert off(terms, goods(100, quantity)) == [free * 100]


def test_the_cheapest_are_free() -> None:
    terms = offer(Kind.BUY_X_GET_Y)
    assert off(terms, goods(9000, 2), goods(2800), goods(3500, 3)) == [0, 2800, 3500]
    assert off(replace(terms, product_ids=frozenset({5})), goods(100, 9), goods(9000, 3, product=5)) == [0, 9000]


baskets = st.lists(
    st.builds(
        lambda price, quantity, product: goods(price, quantity, product=product, category=product % 3),
        st.integers(0, 10**6),
        st.integers(1, 50),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=12,
)
scopes = st.frozensets(st.integers(1, 9), max_size=3)
offers = st.one_of(
    st.builds(
        lambda percent, cap, ids: offer(percent=percent, max_discount=cap and rupees(cap), product_ids=ids),
        st.integers(1, 100),
        st.none() | st.integers(1, 10**6),
        scopes,
    ),
    st.builds(
        lambda amount, ids: offer(Kind.FIXED, amount=rupees(amount), category_ids=ids), st.integers(1, 10**7), scopes
    ),
    st.builds(lambda ids: offer(Kind.FREE_DELIVERY, product_ids=ids), scopes),
    st.builds(
        lambda buy, get, ids: offer(Kind.BUY_X_GET_Y, buy_quantity=buy, get_quantity=get, product_ids=ids),
        st.integers(1, 5),
        st.integers(1, 5),
        scopes,
    ),
)


@settings(deadline=None)
@given(offers, baskets)
def test_no_line_ever_costs_less_than_nothing_and_nothing_out_of_scope_gets_cheaper(
    terms: Offer, basket: list[Goods]
) -> None:
    discount = discount_of(terms, basket)
    assert len(discount.lines) == len(basket)
    for line, share in zip(basket, discount.lines, strict=True):
        assert rupees(0) <= share <= line.worth
        assert terms.reaches(line) or not share
    total = Money.total(discount.lines, "INR")
    worth = Money.total((line.worth for line in basket if terms.reaches(line)), "INR")
    if terms.kind == Kind.FIXED:
        assert total == min(terms.amount or rupees(0), worth)
    if terms.kind == Kind.PERCENT:
        assert total == min(worth.share((terms.percent or 0) * 100), terms.max_discount or worth)


# -- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["MILK10", "AB2", "DIWALI-2026", "A" * 24, "123"])
def test_codes_are_short_and_plain(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize(
    "code",
    ["", "A", "AB", "MILK 10", "MILK\n", "🥛🥛🥛", "दूध", "-AB", "AB-", "A" * 25, "A_B", "A\0B", "milk", "%00", "'--"],
)
def test_what_is_no_code(code: str) -> None:
    assert not is_code(code)


def test_letter_case_and_blanks_around_a_code_do_not_matter() -> None:
    assert normal_code("  Milk10 ") == "MILK10"
