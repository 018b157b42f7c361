"""Filling, changing and looking at a cart."""

from __future__ import annotations

import pytest
from django.test import Client

from cart.models import Cart, CartLine
from catalog.actions import activate_product, deactivate_product
from milkdelivery.core.actors import Actor
from milkdelivery.shopping import CART_COOKIE
from tests.factories.accounts import PASSWORD
from tests.factories.catalog import VariantFactory
from tests.factories.inventory import count_shelves
from tests.factories.vendors import OfferFactory
from tests.factories.world import World
from tests.shop.visitor import Visitor, text_of


def _pieces() -> dict[int, int]:
    return dict(CartLine.objects.values_list("variant_id", "quantity"))


def test_a_guest_cart_lives_in_a_signed_cookie(world: World, guest: Visitor) -> None:
    response = guest.put(world.milk, 2)
    assert "milk_session" not in response.cookies
    cookie = response.cookies[CART_COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert str(Cart.objects.get().token) in cookie.value
    assert "Cart 2 in the cart" in text_of(guest.get("/shop/"))


def test_a_forged_cart_cookie_opens_nothing(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    stranger = Client()
    stranger.cookies[CART_COOKIE] = str(Cart.objects.get().token)
    assert "Your cart is empty" in text_of(stranger.get("/cart/"))


def test_a_tap_without_javascript_comes_back_to_the_button(world: World, guest: Visitor) -> None:
    taps = {"variant": world.milk.pk, "quantity": 1}
    response = guest.post("/cart/set/", taps, headers={"Referer": "http://testserver/shop/?q=milk&page=2"})
    assert response["Location"] == f"/shop/?q=milk&page=2#set-more-{world.milk.pk}"
    response = guest.post("/cart/set/", taps, headers={"Referer": "https://evil.example/"})
    assert response["Location"] == "/cart/"


def test_a_tap_with_htmx_answers_the_stepper_and_the_count(world: World, guest: Visitor) -> None:
    body = guest.htmx("/cart/set/", {"variant": world.milk.pk, "quantity": 2}).content.decode()
    assert "<output>2</output>" in body
    assert 'id="cart-count"' in body
    assert 'hx-swap-oob="true">2<' in body
    assert "<html" not in body


def test_the_same_tap_twice_counts_once(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    guest.put(world.milk, 1)
    assert _pieces() == {world.milk.pk: 1}
    assert Cart.objects.count() == 1


def test_zero_takes_out(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    guest.put(world.milk, 0)
    assert _pieces() == {}
    assert "Your cart is empty" in text_of(guest.get("/cart/"))


@pytest.mark.parametrize("typed", ["51", "two", "-1", "", "1.5", "99999999999999999999", "१", "1\x00"])
def test_a_quantity_that_will_not_do_is_told_at_the_line(world: World, guest: Visitor, typed: str) -> None:
    guest.put(world.milk, 2)
    guest.put(world.variants[1], 1)
    response = guest.post("/cart/set/", {"variant": world.milk.pk, "quantity": typed, "place": "cart"})
    assert response.status_code == 422
    page = text_of(response)
    assert page.count("Choose between 1 and 50 pieces.") == 1
    assert page.index("Toned milk") < page.index("Choose between 1 and 50 pieces.") < page.index("Set curd")
    assert 'aria-invalid="true"' in response.content.decode()
    assert _pieces() == {world.milk.pk: 2, world.variants[1].pk: 1}


@pytest.mark.parametrize("typed", ["51", "two", "-1"])
def test_a_bad_quantity_elsewhere_is_a_message(world: World, guest: Visitor, typed: str) -> None:
    guest.put(world.milk, typed)
    assert "Choose between 1 and 50 pieces." in text_of(guest.get("/cart/"))
    response = guest.htmx("/cart/set/", {"variant": world.milk.pk, "quantity": typed})
    assert response.status_code == 422
    assert "Choose between 1 and 50 pieces." in text_of(response)
    assert _pieces() == {}


@pytest.mark.parametrize("variant", ["0", "999999999", "x", "", "9" * 40])
def test_a_variant_that_is_not_there(world: World, guest: Visitor, variant: str) -> None:
    response = guest.post("/cart/set/", {"variant": variant, "quantity": 1, "place": "cart"})
    assert response.status_code == 422
    assert "This is not on sale any more." in text_of(response)


def test_what_is_not_sold_any_more_drops_out_with_a_message(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    guest.put(world.variants[1], 1)
    deactivate_product(world.milk.product_id, by=Actor.system("tests"))
    page = text_of(guest.get("/cart/"))
    assert "Toned milk 500 ml is not sold any more, so we took it out." in page
    assert "Items ₹35.00" in page
    assert "Cart 1 in the cart" in page
    assert "is not sold any more" not in text_of(guest.get("/cart/")), "it is told once"
    activate_product(world.milk.product_id, by=Actor.system("tests"))
    assert "Items ₹91.00" in text_of(guest.get("/cart/")), "it is back with the goods"


def test_a_short_line_and_a_sold_out_one_keep_from_going_on(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 5)
    guest.put(world.variants[1], 1)
    count_shelves(3, variant=world.milk)
    count_shelves(0, variant=world.variants[1])
    response = guest.get("/cart/")
    page = text_of(response)
    assert "Only 3 left" in page
    assert "Sold out at your pincode. Take it out to go on." in page
    assert "/checkout/" not in response.content.decode()
    assert "₹35.00 each" in page
    assert "Not counted" in page
    assert "Items ₹140.00" in page, "the sold-out curd of ₹35 is in no total"
    assert "Cart 6 in the cart" in page, "it is still in the cart"


def test_a_sold_out_line_counts_for_nothing_at_the_checkout_too(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    guest.put(world.variants[1], 1)
    count_shelves(0, variant=world.variants[1])
    page = text_of(guest.get("/checkout/"))
    assert "Sold out Not counted" in page
    assert "Total ₹76.00" in page
    assert "2 pieces" in page
    refused = guest.order_as_guest()
    assert refused.status_code == 422
    assert "is not available now. Take it out to go on." in text_of(refused)
    count_shelves(0, variant=world.milk)
    page = text_of(guest.get("/checkout/"))
    assert "Nothing of it can come on that day." in page
    assert "Sold out that day" in page


def test_the_total_is_told_line_by_line(world: World, guest: Visitor) -> None:
    world.milk.deposit = world.milk.price  # paise
    world.milk.save()
    guest.put(world.milk, 2)
    page = text_of(guest.get("/cart/"))
    assert "Items ₹56.00" in page
    assert "Bottle deposit (comes back with the bottles) ₹56.00" in page
    assert "Delivery ₹20.00" in page
    assert "Total ₹132.00" in page
    assert "₹2.67 tax included" in page
    assert "₹143.00 more and delivery is free" in page


def test_delivery_is_free_from_the_threshold(world: World, guest: Visitor) -> None:
    guest.put(world.variants[2], 3)
    page = text_of(guest.get("/cart/"))
    assert "Delivery free" in page
    assert "more and delivery is free" not in page


def test_a_full_cart_says_so(world: World, guest: Visitor) -> None:
    for number in range(100):
        variant = VariantFactory(product=world.milk.product, name=f"{number} ml")
        OfferFactory(vendor=world.vendor, variant=variant)
        if number == 0:
            guest.put(variant, 1)
        else:
            CartLine.objects.create(cart=Cart.objects.get(), variant=variant, quantity=1)
    response = guest.post("/cart/set/", {"variant": world.milk.pk, "quantity": 1, "place": "cart"})
    assert "A cart holds 100 different things." in text_of(response)


def test_signing_in_brings_the_guest_cart_along(world: World, guest: Visitor) -> None:
    own = Cart.objects.create(customer=world.customer)
    CartLine.objects.create(cart=own, variant=world.milk, quantity=49)
    guest.put(world.milk, 3)
    guest.put(world.variants[1], 1)
    response = guest.post("/accounts/login/", {"login": world.customer.email, "password": PASSWORD})
    assert response.status_code == 302
    assert response.cookies[CART_COOKIE].value == ""
    lines = dict(own.lines.values_list("variant_id", "quantity"))
    assert lines == {world.milk.pk: 50, world.variants[1].pk: 1}
    assert Cart.objects.open().count() == 1


def test_an_oversized_body_is_refused(world: World, client: Client) -> None:
    assert client.post("/cart/set/", {"quantity": "1" * 1_100_000}, content_type="text/plain").status_code == 413


def test_changing_a_cart_takes_a_post(world: World, client: Client) -> None:
    assert client.get("/cart/set/").status_code == 405
    assert client.get("/cart/add/").status_code == 405


def test_a_form_without_its_token_is_refused_in_our_look(world: World) -> None:
    response = Client(enforce_csrf_checks=True).post("/cart/set/", {"variant": world.milk.pk, "quantity": 1})
    assert response.status_code == 403
    assert "This page got old" in text_of(response)
    assert CartLine.objects.count() == 0
