"""Promotions as they are kept, found, used and given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from catalog.actions import (
    Purchase,
    generate_codes,
    give_redemption_back,
    redeem_promotion,
    save_code,
    save_promotion,
    switch_promotion,
)
from catalog.actions.promotions import MOST_CODES, BadCodes, LimitBelowUse, OtherPromotionUsed
from catalog.models import PromoCode, PromoRedemption, Promotion
from catalog.promotions import Applied, automatic_promotions, promotion_for
from catalog.rules.promotions import Discount, Goods, PromotionRefused, is_code
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import cancel_order
from tests.factories.accounts import UserFactory
from tests.factories.core import RegionFactory
from tests.factories.orders import placed_order
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.world import World

NOTHING = Money.zero("INR")


def basket_of(world: World, *quantities: int) -> list[Goods]:
    """Milk, curd, paneer."""
    return [
        Goods(variant.product_id, variant.product.category_id, quantity, variant.price)
        for variant, quantity in zip(world.variants, quantities, strict=False)
        if quantity
    ]


def find(world: World, typed: str, *quantities: int, **person: Any) -> Applied:
    person = {"customer_id": world.customer.pk, "is_first_order": False, **person}
    return promotion_for(typed, basket=basket_of(world, *(quantities or (2, 1))), region=world.region, **person)


def purchase_of(world: World, reference: str = "M00001", *quantities: int, **changes: Any) -> Purchase:
    facts = {
        "reference": reference,
        "customer_id": world.customer.pk,
        "region": world.region,
        "basket": basket_of(world, *(quantities or (2, 1))),
        "is_first_order": False,
        "delivery_saved": Money(2000, "INR"),
    }
    return Purchase(**{**facts, **changes})


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(PromotionRefused) as refusal:
        call()
    return refusal.value.code


# -- the records ------------------------------------------------------------------------------------------------------


BAD_TERMS = [
    ({"percent": 101}, "percent"),
    ({"percent": 0}, "percent"),
    ({"percent": -1}, "percent"),
    ({"percent": None}, "percent"),
    ({"kind": "FIXED", "percent": None}, "amount"),
    ({"kind": "FIXED", "percent": None, "amount": 0}, "amount"),
    ({"kind": "FIXED", "percent": None, "amount": -5}, "amount"),
    ({"kind": "FIXED", "percent": 10, "amount": 100}, "percent"),
    ({"kind": "FREE_DELIVERY", "percent": 10}, "percent"),
    ({"kind": "BUY_X_GET_Y", "percent": None, "get_quantity": 1}, "buy_quantity"),
    ({"kind": "BUY_X_GET_Y", "percent": None, "buy_quantity": 1}, "get_quantity"),
    ({"kind": "BUY_X_GET_Y", "percent": None, "buy_quantity": 0, "get_quantity": 1}, "buy_quantity"),
    ({"kind": "FIXED", "percent": None, "amount": 100, "max_discount": 50}, "max_discount"),
    ({"max_discount": 0}, "max_discount"),
    ({"starts_on": date(2026, 1, 2), "ends_on": date(2026, 1, 1)}, "ends_on"),
    ({"minimum_basket": -1}, "minimum_basket"),
    ({"total_limit": 0}, "total_limit"),
    ({"per_user_limit": 0}, "per_user_limit"),
    ({"kind": "SOMETHING"}, "kind"),
]


@pytest.mark.parametrize(("terms", "field"), BAD_TERMS, ids=str)
def test_terms_without_sense_are_refused_at_their_field_and_by_the_database(
    world: World, terms: dict[str, Any], field: str
) -> None:
    made = Promotion(**{"name": "Offer", "region": world.region, "kind": "PERCENT", "percent": 10, **terms})
    made.starts_on = terms.get("starts_on", date(2026, 1, 1))
    with pytest.raises(ValidationError) as refusal:
        made.full_clean()
    assert field in refusal.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save()


@pytest.mark.parametrize(
    "terms",
    [
        {"percent": 1},
        {"percent": 100, "max_discount": 1},
        {"kind": "FIXED", "percent": None, "amount": 1},
        {"kind": "FREE_DELIVERY", "percent": None},
        {"kind": "BUY_X_GET_Y", "percent": None, "buy_quantity": 1, "get_quantity": 50},
        {"ends_on": date(2020, 1, 1)},
        {"total_limit": 1, "per_user_limit": 1},
    ],
    ids=str,
)
def test_terms_that_make_sense_are_kept(world: World, terms: dict[str, Any]) -> None:
    made = PromotionFactory.build(region=world.region, **terms)
    made.full_clean()
    made.save()
    assert Promotion.objects.filter(pk=made.pk, **terms).exists()


@pytest.mark.parametrize("code", ["MILK 10", "🥛🥛🥛", "AB", "-ABC", "A" * 25, "A_B", ""])
def test_a_code_is_plain(world: World, code: str) -> None:
    made = PromoCode(promotion=PromotionFactory(), code=code)
    with pytest.raises(ValidationError) as refusal:
        made.full_clean()
    assert "code" in refusal.value.message_dict
    with pytest.raises(DatabaseError), transaction.atomic():
        made.save()
    assert not PromoCode.objects.exists()


def test_codes_that_differ_in_case_only_are_one(world: World) -> None:
    PromoCodeFactory(code="Diwali10")
    with pytest.raises(ValidationError, match="already"):
        PromoCode(promotion=PromotionFactory(), code="dIWALI10").full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        PromoCodeFactory(code="diwali10")
    assert PromoCode.objects.get().code == "DIWALI10"


def test_saving_a_promotion_tells_of_it_and_keeps_its_history(world: World, me: Actor) -> None:
    made = PromotionFactory.build(region=world.region)
    save_promotion(made, products=[world.products[0]], categories=[], by=me)
    made.percent = 20
    save_promotion(made, by=me)
    assert [event.name for event in Event.objects.about(f"promotion:{made.pk}")] == [
        "promotion.created",
        "promotion.updated",
    ]
    assert [row.percent for row in made.history.order_by("history_id")] == [10, 20]
    assert list(made.products.all()) == [world.products[0]]


def test_a_limit_below_what_was_used_is_refused(world: World, me: Actor) -> None:
    code = PromoCodeFactory(promotion__total_limit=5)
    promotion = code.promotion
    redeem_promotion(find(world, code.code), purchase=purchase_of(world), by=me)
    redeem_promotion(find(world, code.code), purchase=purchase_of(world, "M00002"), by=me)
    promotion.total_limit = 1
    with pytest.raises(LimitBelowUse) as refusal:
        save_promotion(promotion, by=me)
    assert refusal.value.field == "total_limit"
    code.total_limit = 1
    with pytest.raises(LimitBelowUse):
        save_code(code, by=me)
    promotion.refresh_from_db()
    promotion.total_limit = 2
    save_promotion(promotion, by=me)


# -- finding one ------------------------------------------------------------------------------------------------------


def test_a_code_is_found_however_it_is_typed(world: World) -> None:
    code = PromoCodeFactory(code="MILK10")
    applied = find(world, "  milk10 ")
    assert (applied.promotion_id, applied.code_id, applied.code) == (code.promotion_id, code.pk, "MILK10")
    assert applied.discount == Discount((Money(560, "INR"), Money(350, "INR")))


@pytest.mark.parametrize("typed", ["", "NOPE", "MILK 10", "🥛", "x" * 10_000, "\0", "' OR 1=1 --", "ﷺ" * 500])
def test_an_unknown_code_is_just_unknown(world: World, typed: str) -> None:
    PromoCodeFactory(code="MILK10")
    assert refused(lambda: find(world, typed)) == "promotion_unknown"


def test_what_was_switched_off_is_unknown(world: World, me: Actor) -> None:
    code = PromoCodeFactory()
    switch_promotion(code.promotion_id, on=False, by=me)
    switch_promotion(code.promotion_id, on=False, by=me)
    assert Event.objects.named("promotion.updated").count() == 1
    assert refused(lambda: find(world, code.code)) == "promotion_unknown"
    switch_promotion(code.promotion_id, on=True, by=me)
    find(world, code.code)
    PromoCode.objects.update(is_active=False)
    assert refused(lambda: find(world, code.code)) == "promotion_unknown"


def test_the_window_is_of_the_regions_days(world: World, at: Callable[[str], object]) -> None:
    PromoCodeFactory(code="TODAY", promotion__starts_on=date(2026, 1, 15), promotion__ends_on=date(2026, 1, 15))
    for moment, code in (
        ("2026-01-14T23:59+05:30", "promotion_not_started"),
        ("2026-01-16T00:00+05:30", "promotion_ended"),
    ):
        at(moment)
        assert refused(lambda: find(world, "TODAY")) == code
    at("2026-01-15T23:59+05:30")
    find(world, "TODAY")


def test_another_regions_code(world: World) -> None:
    PromoCodeFactory(code="VERMONT", promotion__region=RegionFactory(code="BTV", currency="USD"))
    assert refused(lambda: find(world, "VERMONT")) == "promotion_other_region"


def test_the_scope_is_of_products_and_categories(world: World, me: Actor) -> None:
    code = PromoCodeFactory()
    save_promotion(code.promotion, products=[], categories=[world.products[1].category], by=me)
    assert refused(lambda: find(world, code.code, 3)) == "promotion_nothing_in_scope"
    assert find(world, code.code, 1, 1, 1).discount.lines == (NOTHING, Money(350, "INR"), NOTHING)


def test_questions_do_not_grow_with_basket_codes_or_offers(world: World, django_assert_num_queries: Any) -> None:
    code = PromoCodeFactory(promotion__is_automatic=True)
    for _ in range(5):
        PromoCodeFactory(promotion__is_automatic=True)

    def by_themselves() -> list[Applied]:
        return automatic_promotions(
            basket=basket_of(world, 1, 1, 1), region=world.region, customer_id=world.customer.pk, is_first_order=False
        )

    by_themselves()  # what runs is in memory now
    with django_assert_num_queries(1):
        find(world, code.code, 1, 1, 1)
    with django_assert_num_queries(0):
        assert len(by_themselves()) == 6
    for _ in range(2):
        PromoCodeFactory(promotion__is_automatic=True, promotion__total_limit=5, promotion__per_user_limit=1)
    by_themselves()
    with django_assert_num_queries(1):
        assert len(by_themselves()) == 8


def test_only_what_is_automatic_and_usable_comes_by_itself(world: World) -> None:
    PromotionFactory()
    PromotionFactory(is_automatic=True, is_active=False)
    PromotionFactory(is_automatic=True, minimum_basket=10_000_00)
    PromotionFactory(is_automatic=True, ends_on=date(2025, 1, 1))
    PromotionFactory(is_automatic=True, starts_on=date(2027, 1, 1))
    PromotionFactory(is_automatic=True, is_first_order_only=True)
    usable = PromotionFactory(is_automatic=True)

    def found(*, is_first_order: bool) -> list[int]:
        applied = automatic_promotions(
            basket=basket_of(world, 1), region=world.region, customer_id=None, is_first_order=is_first_order
        )
        return [each.promotion_id for each in applied]

    assert found(is_first_order=False) == [usable.pk]
    assert len(found(is_first_order=True)) == 2


# -- using one, and giving it back ------------------------------------------------------------------------------------


def test_a_use_is_counted_once_for_an_order(world: World, me: Actor) -> None:
    code = PromoCodeFactory(promotion__total_limit=5, promotion__per_user_limit=2, total_limit=3)
    applied = find(world, code.code)
    first = redeem_promotion(applied, purchase=purchase_of(world), by=me)
    again = redeem_promotion(applied, purchase=purchase_of(world), by=me)
    assert first == again
    assert (first.amount, first.user_id, first.reference) == (Money(910, "INR"), world.customer.pk, "M00001")
    code.refresh_from_db()
    assert (code.used, code.promotion.used, PromoRedemption.objects.count()) == (1, 1, 1)
    assert Event.objects.named("promotion.redeemed").get().data["amount"] == {"minor": 910, "currency": "INR"}
    assert code.promotion.history.count() == 1


def test_free_delivery_is_worth_what_bringing_it_costs(world: World, me: Actor) -> None:
    code = PromoCodeFactory(promotion__kind="FREE_DELIVERY")
    use = redeem_promotion(find(world, code.code), purchase=purchase_of(world), by=me)
    assert use.amount == Money(2000, "INR")


def test_an_order_uses_one_promotion(world: World, me: Actor) -> None:
    one, two = PromoCodeFactory(), PromoCodeFactory()
    redeem_promotion(find(world, one.code), purchase=purchase_of(world), by=me)
    with pytest.raises(OtherPromotionUsed):
        redeem_promotion(find(world, two.code), purchase=purchase_of(world), by=me)
    two.promotion.refresh_from_db()
    assert two.promotion.used == 0


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"promotion__total_limit": 1}, "promotion_used_up"),
        ({"promotion__per_user_limit": 1}, "promotion_used_by_you"),
        ({"total_limit": 1}, "promotion_used_up"),
    ],
)
def test_limits_are_looked_at_again_when_it_is_used(world: World, me: Actor, limits: dict[str, int], code: str) -> None:
    made = PromoCodeFactory(**limits)
    applied = find(world, made.code)
    redeem_promotion(applied, purchase=purchase_of(world), by=me)
    assert refused(lambda: redeem_promotion(applied, purchase=purchase_of(world, "M00002"), by=me)) == code
    assert refused(lambda: find(world, made.code)) == code
    assert PromoRedemption.objects.count() == 1


def test_one_households_limit_is_not_anothers(world: World, me: Actor) -> None:
    code = PromoCodeFactory(promotion__per_user_limit=1)
    applied = find(world, code.code)
    redeem_promotion(applied, purchase=purchase_of(world), by=me)
    redeem_promotion(applied, purchase=purchase_of(world, "M00002", customer_id=UserFactory().pk), by=me)
    assert PromoRedemption.objects.count() == 2


def test_terms_that_changed_meanwhile_are_told(world: World, me: Actor) -> None:
    code = PromoCodeFactory()
    applied = find(world, code.code)
    Promotion.objects.update(percent=5)
    assert refused(lambda: redeem_promotion(applied, purchase=purchase_of(world), by=me)) == "promotion_changed"
    Promotion.objects.update(percent=10, is_active=False)
    assert refused(lambda: redeem_promotion(applied, purchase=purchase_of(world), by=me)) == "promotion_unknown"


def test_without_a_code_only_what_is_automatic_can_be_used(world: World, me: Actor) -> None:
    code = PromoCodeFactory()
    sly = Applied(code.promotion_id, "", "PERCENT", find(world, code.code).discount)
    assert refused(lambda: redeem_promotion(sly, purchase=purchase_of(world), by=me)) == "promotion_unknown"
    other = Applied(PromotionFactory().pk, "", "PERCENT", sly.discount, code_id=code.pk)
    assert refused(lambda: redeem_promotion(other, purchase=purchase_of(world), by=me)) == "promotion_unknown"


def test_a_use_is_given_back_once(world: World, me: Actor) -> None:
    code = PromoCodeFactory(promotion__total_limit=1, promotion__per_user_limit=1, total_limit=1)
    applied = find(world, code.code)
    redeem_promotion(applied, purchase=purchase_of(world), by=me)
    assert [give_redemption_back("M00001", by=me) for _ in range(2)] == [True, False]
    assert not give_redemption_back("M09999", by=me)
    code.refresh_from_db()
    assert (code.used, code.promotion.used) == (0, 0)
    assert Event.objects.named("promotion.given_back").count() == 1
    redeem_promotion(find(world, code.code), purchase=purchase_of(world, "M00002"), by=me)
    with pytest.raises(OtherPromotionUsed):
        redeem_promotion(applied, purchase=purchase_of(world), by=me)


def test_a_cancelled_order_gives_its_use_back(world: World, me: Actor) -> None:
    code = PromoCodeFactory(total_limit=1)
    order = placed_order(customer=world.customer, basket=[(world.milk, 2)], slot=world.morning)
    redeem_promotion(find(world, code.code), purchase=purchase_of(world, order.number), by=me)
    for _ in range(2):
        cancel_order(order.pk, by=me, reason="tests")
    code.refresh_from_db()
    assert (code.used, code.promotion.used) == (0, 0)


def test_the_database_counts_along(world: World) -> None:
    code = PromoCodeFactory(promotion__total_limit=1, total_limit=1)
    for model in (Promotion, PromoCode):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(used=2)
    assert code.used == 0


# -- codes in numbers -------------------------------------------------------------------------------------------------


def test_codes_are_made_in_numbers(world: World, me: Actor) -> None:
    promotion = PromotionFactory()
    codes = generate_codes(promotion.pk, count=500, prefix="diwali", by=me)
    assert len({code.code for code in codes}) == PromoCode.objects.count() == 500
    assert all(code.code.startswith("DIWALI-") and is_code(code.code) and code.total_limit == 1 for code in codes)
    assert len(generate_codes(promotion.pk, count=1, total_limit=None, by=me)[0].code) == 10


@pytest.mark.parametrize(
    ("count", "prefix", "field"),
    [
        (0, "", "count"),
        (-1, "", "count"),
        (MOST_CODES + 1, "", "count"),
        (1, "A B", "starts_with"),
        (1, "🥛", "starts_with"),
        (1, "X" * 13, "starts_with"),
        (1, "-A", "starts_with"),
    ],
)
def test_codes_that_cannot_be_made(world: World, me: Actor, count: int, prefix: str, field: str) -> None:
    with pytest.raises(BadCodes) as refusal:
        generate_codes(PromotionFactory().pk, count=count, prefix=prefix, by=me)
    assert refusal.value.field == field
    assert not PromoCode.objects.exists()
