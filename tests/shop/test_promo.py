"""Promo codes, choices and news on the pages: with JavaScript and without, and nothing that was typed is lost."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from cart.models import Cart, CartLine
from catalog.actions import switch_promotion
from catalog.models import Alternative, PromoRedemption, Variant
from milkdelivery.core.actors import Actor
from milkdelivery.core.api.throttles import PromoCodes
from orders.models import Order
from tests.factories.accounts import PASSWORD
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.vendors import OfferFactory
from tests.factories.world import World
from tests.shop.test_speed import counted
from tests.shop.visitor import DOOR, GUEST, Visitor, form_of, text_of

ME = Actor.system("tests")


@pytest.fixture(autouse=True)
def _nobody_tried(world: World) -> None:
    cache.clear()


# -- the cart ----------------------------------------------------------------------------------------------------------


def test_a_code_works_without_javascript(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10", promotion__name="Ten off")
    answer = guest.post("/cart/promo/", {"code": "save10", "place": "cart"})
    assert (answer.status_code, answer["Location"]) == (302, "/cart/")
    page = text_of(guest.get("/cart/"))
    assert "Ten off SAVE10 − ₹5.60" in page
    assert "Total ₹70.40" in page
    guest.post("/cart/promo/", {"remove": "1", "place": "cart"})
    assert "Total ₹76.00" in text_of(guest.get("/cart/"))


@pytest.mark.parametrize("typed", ["NOPE", "🥛🥛", "", "SA\x00VE", "<script>alert(1)</script>"])
def test_a_code_that_will_not_do_is_told_at_the_field_with_what_was_typed(
    world: World, guest: Visitor, typed: str
) -> None:
    guest.put(world.milk, 2)
    answer = guest.post("/cart/promo/", {"code": typed, "place": "cart"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in page
    if typed in ("NOPE", "🥛🥛"):
        assert f'value="{typed}"' in page
        assert "We don&#x27;t know this code." in page


def test_guessing_ends_soon(world: World, guest: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromoCodes, "rate", "2/hour")
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10")
    for _ in range(2):
        assert guest.post("/cart/promo/", {"code": "GUESS", "place": "cart"}).status_code == 422
    answer = guest.post("/cart/promo/", {"code": "SAVE10", "place": "cart"})
    assert answer.status_code == 429
    assert "That were many codes." in text_of(answer)
    assert 'value="SAVE10"' in answer.content.decode()
    assert Cart.objects.get().promo_code is None


def test_the_breakdown_says_why(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    PromotionFactory(is_automatic=True, name="Ten off")
    page = text_of(guest.get("/cart/"))
    assert "Ten off applies by itself" in page
    assert "Why this total? Toned milk 500 ml ₹56.00 2 × ₹28.00 · ₹2.40 of it 5 % tax Ten off −₹5.60" in page
    assert "5 % tax in it, on ₹48.00 ₹2.40" in page
    assert "One delivery costs ₹20.00. It is free from ₹199.00 of goods, after the discount." in page


def test_the_drawer_is_a_part_for_htmx_and_a_page_for_everybody_else(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    assert guest.get("/cart/drawer/")["Location"] == "/cart/"
    part = guest.get("/cart/drawer/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Checkout, ₹76.00" in text_of(part)
    changed = guest.htmx("/cart/set/", {"variant": world.milk.pk, "to": "3", "place": "drawer"})
    assert "Checkout, ₹104.00" in text_of(changed)
    assert "<h1" not in changed.content.decode()


def test_a_choice_is_kept_for_its_line(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    choice = {"variant": world.milk.pk, "if_short": "SUBSTITUTE", "place": "cart"}
    assert guest.post("/cart/choice/", choice).status_code == 302
    assert CartLine.objects.get().if_short == "SUBSTITUTE"
    wrong = guest.post("/cart/choice/", {**choice, "if_short": "WHATEVER"})
    assert wrong.status_code == 422
    foreign = guest.post("/cart/choice/", {**choice, "variant": world.variants[1].pk, "if_short": "CANCEL_ORDER"})
    assert foreign.status_code == 302
    assert CartLine.objects.get().if_short == "SUBSTITUTE"


def test_what_is_short_is_mended_with_one_tap(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 5)
    cow = VariantFactory(product=ProductFactory(name="Cow milk", category=world.milk.product.category), price=3000)
    OfferFactory(vendor=world.vendor, variant=cow)
    StockFactory(vendor=world.vendor, variant=cow)
    Alternative.objects.create(product=world.milk.product, other=cow.product)
    count_shelves(3, variant=world.milk)
    page = text_of(guest.get("/cart/"))
    assert "Take 3" in page
    assert "Take Cow milk 500 ml instead, ₹30.00" in page
    guest.post("/cart/set/", {"variant": cow.pk, "instead_of": world.milk.pk, "to": "5", "place": "cart"})
    assert dict(CartLine.objects.values_list("variant_id", "quantity")) == {cow.pk: 5}


# -- what is told once -------------------------------------------------------------------------------------------------


def test_another_price_is_told_once(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    Variant.objects.filter(pk=world.milk.pk).update(price=3100)
    assert "Toned milk 500 ml costs ₹31.00 now. It was ₹28.00 when you looked last." in text_of(guest.get("/cart/"))
    assert "when you looked last" not in text_of(guest.get("/cart/"))


def test_what_two_carts_had_too_much_of_is_told_once(world: World, guest: Visitor) -> None:
    own = Cart.objects.create(customer=world.customer)
    CartLine.objects.create(cart=own, variant=world.milk, quantity=49)
    guest.put(world.milk, 3)
    guest.post("/accounts/login/", {"login": world.customer.email, "password": PASSWORD})
    words = "Toned milk 500 ml was in two carts, 52 pieces in all. It holds 50 at most."
    assert words in text_of(guest.get("/cart/"))
    assert words not in text_of(guest.get("/cart/"))


def test_nothing_is_told_twice_to_two_tabs(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    Variant.objects.filter(pk=world.milk.pk).update(price=3100)
    other = Visitor.in_another_tab(guest)
    told = [text_of(tab.get("/cart/")).count("when you looked last") for tab in (guest, other, guest)]
    assert told == [1, 0, 0]


# -- the checkout ------------------------------------------------------------------------------------------------------


TYPED = {**GUEST, **DOOR, "instructions": "Ring twice"}


def test_a_code_is_put_on_at_the_checkout_and_nothing_typed_is_lost(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10")
    fields = guest.checkout_fields(**TYPED, promo="save10", apply_promo="1")
    page = guest.post("/checkout/", {**fields, "contact": "", "if_short": "SUBSTITUTE"})
    assert page.status_code == 200
    body = page.content.decode()
    assert "Total ₹70.40" in text_of(page)
    for value in ('value="Asha Rao"', 'value="80 Feet Road"', ">\nRing twice</textarea>"):
        assert value in body
    assert 'value="SUBSTITUTE" checked' in body
    assert 'aria-invalid="true"' not in body, "nothing was ordered yet, so nothing is missing yet"
    assert not Order.objects.exists()
    guest.post("/checkout/", {**form_of(page), **TYPED})
    order = Order.objects.get()
    assert (order.promo_code, order.lines.get().if_short) == ("SAVE10", "SUBSTITUTE")


def test_a_code_is_taken_off_at_the_checkout(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10")
    guest.post("/cart/promo/", {"code": "SAVE10"})
    page = guest.post("/checkout/", guest.checkout_fields(**TYPED, remove_promo="1"))
    assert "Total ₹76.00" in text_of(page)
    assert 'value="Asha Rao"' in page.content.decode()


def test_a_bad_code_at_the_checkout_keeps_it_all(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    page = guest.post("/checkout/", guest.checkout_fields(**TYPED, promo="NOPE🥛", apply_promo="1"))
    assert page.status_code == 422
    assert 'value="NOPE🥛"' in page.content.decode()
    assert 'value="Asha Rao"' in page.content.decode()


def test_a_typed_code_is_never_forgotten_by_the_large_button(world: World, guest: Visitor) -> None:
    """Whoever types a code and presses the button, or Enter without JavaScript, sees the total with it first."""
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10")
    page = guest.order_as_guest(promo="save10")
    assert page.status_code == 422
    assert "Your code is on it now." in text_of(page)
    assert "Total ₹70.40" in text_of(page)
    assert not Order.objects.exists()
    wrong = guest.order_as_guest(promo="NOPE")
    assert "We don't know this code." in text_of(wrong)
    assert not Order.objects.exists()
    placed = guest.post("/checkout/", {**form_of(page), **TYPED})
    assert placed.status_code == 302
    assert PromoRedemption.objects.get().reference == Order.objects.get().number


def test_a_code_that_ends_while_the_form_is_open_is_told_with_the_new_total(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    code = PromoCodeFactory(code="SAVE10")
    guest.post("/cart/promo/", {"code": "SAVE10"})
    fields = guest.checkout_fields(**TYPED)
    switch_promotion(code.promotion_id, on=False, by=ME)
    page = guest.post("/checkout/", fields)
    assert page.status_code == 422
    told = text_of(page)
    assert "We don't know this code." in told
    assert "The total is now ₹76.00." in told
    assert 'value="Asha Rao"' in page.content.decode()
    assert not Order.objects.exists()
    assert guest.post("/checkout/", {**form_of(page), **TYPED}).status_code == 302
    assert Order.objects.get().discount_total.minor == 0


def test_two_tabs_one_with_a_code(world: World, guest: Visitor) -> None:
    """The tab that was opened before the code was put on sees the total change before it orders."""
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10")
    fields = guest.checkout_fields(**TYPED)
    other = Visitor.in_another_tab(guest)
    other.post("/cart/promo/", {"code": "SAVE10"})
    page = guest.post("/checkout/", fields)
    assert page.status_code == 422
    assert "The total is now ₹70.40." in text_of(page)


def test_the_order_page_tells_promotion_choice_and_breakdown(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10", promotion__name="Ten off")
    guest.post("/cart/promo/", {"code": "SAVE10"})
    placed = guest.order_as_guest(if_short="CANCEL_ORDER")
    page = text_of(guest.get(placed["Location"]))
    assert "Ten off SAVE10 − ₹5.60" in page
    assert "If it runs out: Cancel the whole order" in page
    assert "Why this total? Toned milk 500 ml ₹56.00 2 × ₹28.00 · ₹2.40 of it 5 % tax Ten off −₹5.60" in page


def test_the_page_in_hindi_holds_a_code(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10")
    guest.post("/i18n/setlang/", {"language": "hi", "next": "/cart/"})
    answer = guest.post("/cart/promo/", {"code": "सेव", "place": "cart"})
    assert answer.status_code == 422
    assert 'value="सेव"' in answer.content.decode()
    assert 'lang="hi"' in answer.content.decode()


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_cart_with_a_code_asks_no_more_than_one_without(world: World, household: Visitor) -> None:
    household.put(world.milk, 2)
    PromoCodeFactory(code="SAVE10", promotion__per_user_limit=1)
    household.post("/cart/promo/", {"code": "SAVE10"})
    household.get("/cart/")
    with counted() as statements:
        assert "SAVE10" in text_of(household.get("/cart/"))
    assert len(statements) <= 6, statements


def test_a_purchase_with_a_code_asks_so_much_more(world: World) -> None:
    PromoCodeFactory(code="SAVE10", promotion__per_user_limit=1)
    counts = []
    for code in ("", "SAVE10"):
        visitor = Visitor(Client())
        visitor.post("/pincode/", {"pincode": world.pincode.code})
        visitor.put(world.milk, 2)
        if code:
            visitor.post("/cart/promo/", {"code": code})
        fields = visitor.checkout_fields(**GUEST, **DOOR)
        with counted() as statements:
            assert visitor.post("/checkout/", fields).status_code == 302
        counts.append(len(statements))
    assert counts[1] - counts[0] <= 11, counts
