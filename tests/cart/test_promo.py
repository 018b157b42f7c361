"""A promotion from the cart to the order: used once, under its lock, in the transaction that places the order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from cart.actions import (
    Buyer,
    apply_code,
    merge_guest_cart,
    open_cart,
    place_order,
    remove_code,
    run_checkout,
    take_over,
)
from cart.models import Cart
from cart.queries import NO_GAIN, CartView, guest_cart, open_cart_of, view_cart
from cart.rules import CheckoutRefused
from catalog.actions import switch_promotion
from catalog.models import PromoCode, PromoRedemption, Promotion
from catalog.rules.promotions import PromotionRefused
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from orders.actions import cancel_order
from orders.models import Order
from orders.rules.pricing import DeliveryReason
from tests.cart.shopping import GUEST, filled_cart, purchase
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import assert_sums, lines_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def rupees(amount: float) -> Money:
    return Money(round(amount * 100), "INR")


def put_on(cart: Cart, code: str, world: World) -> PromoCode:
    return apply_code(cart.pk, code, region=world.region, book=region_book(), by=GUEST)


def look(cart: Cart, world: World) -> CartView:
    found = open_cart_of(cart.customer_id) if cart.customer_id else guest_cart(cart.token)
    return view_cart(found, region=world.region, book=region_book(), pincode=world.pincode.code)


def refused(cart: Cart, code: str, world: World) -> str:
    with pytest.raises(PromotionRefused) as refusal:
        put_on(cart, code, world)
    assert refusal.value.field == "code"
    return refusal.value.code


def redemption() -> PromoRedemption:
    return PromoRedemption.objects.get()


# -- on the cart -------------------------------------------------------------------------------------------------------


def test_a_code_takes_off_what_it_says_and_the_quote_says_why(world: World) -> None:
    cart = filled_cart(world, (world.milk, 2), (world.variants[1], 1))
    PromoCodeFactory(code="SAVE", promotion__name="Ten off")
    put_on(cart, " save ", world)
    view = look(cart, world)
    quote = view.quote
    assert view.deal.is_used
    assert (quote.promotion_name, quote.promo_code) == ("Ten off", "SAVE")
    assert (quote.items_total, quote.discount_total) == (rupees(91), rupees(9.10))
    assert [line.discount for line in quote.lines] == [rupees(5.60), rupees(3.50)]
    assert [(share.rate, share.net + share.tax) for share in quote.taxes] == [("5", rupees(81.90))]
    assert quote.tax_total == Money.total((share.tax for share in quote.taxes), "INR")
    assert (quote.delivery_reason, quote.to_free_delivery) == (DeliveryReason.FEE, rupees(199 - 81.90))


@pytest.mark.parametrize("typed", ["", "🥛", "NOPE", "x" * 500, "SAVE 1", "SA\x00VE", "से-व", "'; DROP TABLE"])
def test_what_is_no_code(world: World, typed: str) -> None:
    cart = filled_cart(world)
    assert refused(cart, typed, world) == "promotion_unknown"
    assert Cart.objects.get().promo_code is None


def test_a_code_that_lacks_something_stays_and_takes_effect_with_it(world: World) -> None:
    cart = filled_cart(world)
    PromoCodeFactory(code="BIG", promotion__minimum_basket=9_000)
    put_on(cart, "BIG", world)
    deal = look(cart, world).deal
    assert deal.refusal is not None
    assert (deal.applied, deal.refusal.code, deal.is_lost) == (None, "promotion_basket_too_small", True)
    cart.lines.update(quantity=4)
    assert look(cart, world).deal.is_used


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"promotion__ends_on": date(2025, 1, 1)}, "promotion_ended"),
        ({"promotion__starts_on": date(2027, 1, 1)}, "promotion_not_started"),
        ({"promotion__is_active": False}, "promotion_unknown"),
        ({"is_active": False}, "promotion_unknown"),
        ({"total_limit": 1, "used": 1}, "promotion_used_up"),
    ],
)
def test_a_code_that_nothing_in_the_cart_can_help_is_refused(world: World, terms: dict[str, object], code: str) -> None:
    cart = filled_cart(world)
    PromoCodeFactory(code="GOOD")
    put_on(cart, "GOOD", world)
    PromoCodeFactory(code="DEAD", **terms)
    assert refused(cart, "DEAD", world) == code
    assert look(cart, world).deal.code == "GOOD", "what was on the cart stays"


def test_a_code_is_taken_off(world: World) -> None:
    cart = filled_cart(world)
    PromoCodeFactory(code="SAVE")
    put_on(cart, "SAVE", world)
    remove_code(cart.pk, by=GUEST)
    remove_code(cart.pk, by=GUEST)
    assert look(cart, world).quote.discount_total == rupees(0)
    assert Event.objects.filter(name="cart.promo_removed").count() == 1


def test_the_best_automatic_one_applies_by_itself_and_a_code_only_where_it_is_no_worse(world: World) -> None:
    cart = filled_cart(world, (world.variants[2], 1))
    PromotionFactory(is_automatic=True, percent=5)
    PromotionFactory(is_automatic=True, percent=20, name="Fifth off")
    assert look(cart, world).quote.promotion_name == "Fifth off"
    PromoCodeFactory(code="LESS", promotion__percent=10)
    put_on(cart, "LESS", world)
    view = look(cart, world)
    assert view.quote.discount_total == rupees(18)
    assert view.deal.refusal is not None
    assert (view.deal.refusal.code, view.deal.is_lost) == (NO_GAIN, False)
    PromoCodeFactory(code="MORE", promotion__percent=30)
    put_on(cart, "MORE", world)
    assert look(cart, world).quote.discount_total == rupees(27)


def test_free_delivery_by_a_code_is_not_spent_where_it_is_free_anyway(world: World) -> None:
    cart = filled_cart(world)
    PromoCodeFactory(code="BRING", promotion__kind="FREE_DELIVERY")
    put_on(cart, "BRING", world)
    quote = look(cart, world).quote
    assert (quote.delivery_reason, quote.delivery_saved) == (DeliveryReason.PROMOTION, rupees(20))
    cart.lines.update(quantity=10)
    view = look(cart, world)
    assert view.quote.delivery_reason == DeliveryReason.FREE_FROM
    assert (view.deal.applied, view.deal.is_lost) == (None, False)


def test_a_guests_code_comes_along_at_sign_in(world: World) -> None:
    guests = filled_cart(world)
    PromoCodeFactory(code="SAVE")
    put_on(guests, "SAVE", world)
    own = merge_guest_cart(guests.token, customer_id=world.customer.pk, by=GUEST)
    assert own is not None
    assert look(own, world).deal.is_used


def test_looking_at_a_cart_with_a_code_asks_no_more_than_without(
    world: World, django_assert_num_queries: object
) -> None:
    cart = filled_cart(world, customer_id=world.customer.pk)
    PromoCodeFactory(code="SAVE", promotion__per_user_limit=1, promotion__is_first_order_only=True)
    put_on(cart, "SAVE", world)
    look(cart, world)
    with django_assert_num_queries(4):  # type: ignore[operator]
        assert look(cart, world).deal.is_used


# -- when the order is placed ------------------------------------------------------------------------------------------


def test_the_order_uses_it_once_and_keeps_its_name(world: World) -> None:
    cart = filled_cart(world, (world.milk, 2), (world.variants[1], 1))
    code = PromoCodeFactory(code="SAVE", promotion__name="Ten off", promotion__total_limit=1)
    put_on(cart, "SAVE", world)
    total = look(cart, world).quote.grand_total
    placed = place_order(cart.pk, purchase(world, expected_total=total), by=GUEST)
    order = Order.objects.get()
    assert (order.promotion_name, order.promo_code) == ("Ten off", "SAVE")
    assert (order.grand_total, order.discount_total) == (total, rupees(9.10))
    assert_sums(order, lines_of(order))
    used = redemption()
    assert (used.reference, used.user_id, used.amount) == (order.number, order.customer_id, rupees(9.10))
    place_order(cart.pk, purchase(world), by=GUEST)
    code.promotion.refresh_from_db()
    assert code.promotion.used == 1
    assert run_checkout(placed.pk, by=GUEST).state == "DONE"


def test_free_delivery_is_counted_with_what_it_saved(world: World) -> None:
    cart = filled_cart(world)
    PromoCodeFactory(code="BRING", promotion__kind="FREE_DELIVERY")
    put_on(cart, "BRING", world)
    place_order(cart.pk, purchase(world), by=GUEST)
    assert (redemption().amount, Order.objects.get().delivery_total) == (rupees(20), rupees(0))


def test_a_cancelled_order_gives_its_use_back(world: World) -> None:
    cart = filled_cart(world)
    code = PromoCodeFactory(code="SAVE", total_limit=1)
    put_on(cart, "SAVE", world)
    order = run_checkout(place_order(cart.pk, purchase(world), by=GUEST).pk, by=GUEST).order
    cancel_order(order.pk, by=GUEST.system("tests"), reason="test")
    code.refresh_from_db()
    assert (code.used, redemption().given_back_at is not None) == (0, True)


def test_a_code_that_ended_while_the_form_was_open_stops_the_order_until_the_new_total_was_seen(world: World) -> None:
    cart = filled_cart(world)
    code = PromoCodeFactory(code="SAVE")
    put_on(cart, "SAVE", world)
    seen = look(cart, world).quote.grand_total
    switch_promotion(code.promotion_id, on=False, by=GUEST)
    for expected in (seen, None):
        with pytest.raises(CheckoutRefused) as refusal:
            place_order(cart.pk, purchase(world, expected_total=expected), by=GUEST)
        assert refusal.value.problems[0].field == "promo_code"
    assert not Order.objects.exists()
    place_order(cart.pk, purchase(world, expected_total=look(cart, world).quote.grand_total), by=GUEST)
    assert (Order.objects.get().discount_total, PromoRedemption.objects.count()) == (rupees(0), 0)


def test_one_that_ended_behind_the_back_of_this_process_is_refused_under_the_lock(world: World) -> None:
    """What is remembered of a promotion may be half a minute old; an order never is placed by it."""
    cart = filled_cart(world)
    PromotionFactory(is_automatic=True, percent=20)
    seen = look(cart, world).quote.grand_total
    Promotion.objects.update(percent=10)  # by another process: nothing is forgotten here
    with pytest.raises(CheckoutRefused) as refusal:
        place_order(cart.pk, purchase(world, expected_total=seen), by=GUEST)
    assert refusal.value.problems[0].code == "total_changed"
    assert not Order.objects.exists()
    assert look(cart, world).quote.discount_total == rupees(5.60), "the next look is a fresh one"


def test_first_orders_and_limits_are_a_households(world: World) -> None:
    address = AddressFactory(user=world.customer, pincode=world.pincode.code)
    buyer = Buyer(user_id=world.customer.pk)
    PromoCodeFactory(code="FIRST", promotion__is_first_order_only=True)
    PromoCodeFactory(code="ONCE", promotion__per_user_limit=1)
    first = filled_cart(world, customer_id=world.customer.pk)
    put_on(first, "ONCE", world)
    place_order(first.pk, purchase(world, buyer=buyer, address=address), by=GUEST)
    second = filled_cart(world, customer_id=world.customer.pk)
    assert refused(second, "FIRST", world) == "promotion_first_order_only"
    assert refused(second, "ONCE", world) == "promotion_used_by_you"


def test_uses_follow_the_orders_that_somebody_takes_over(world: World) -> None:
    cart = filled_cart(world)
    PromoCodeFactory(code="ONCE", promotion__per_user_limit=1)
    put_on(cart, "ONCE", world)
    owner = UserFactory(email="asha@example.com")
    order = run_checkout(place_order(cart.pk, purchase(world), by=GUEST).pk, by=GUEST).order
    assert take_over(order.customer_id, to_user_id=owner.pk, by=GUEST.user(owner.pk, Role.CUSTOMER)) == 1
    assert redemption().user_id == owner.pk
    own = open_cart(customer_id=owner.pk)
    assert refused(own, "ONCE", world) == "promotion_used_by_you"
    assert Event.objects.filter(name="promotion.handed_over").count() == 1
