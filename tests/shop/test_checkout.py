"""One page from a cart to an order, and every way it can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Address, Preferences, User
from cart.actions import Buyer, place_order
from cart.models import Cart, CartLine
from catalog.actions import deactivate_product
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.api.throttles import Orders
from milkdelivery.core.models import DeliverySlot
from orders.models import Order
from tests.cart.shopping import filled_cart, purchase
from tests.factories.accounts import PASSWORD, AddressFactory
from tests.factories.core import PincodeFactory
from tests.factories.inventory import count_shelves
from tests.factories.world import World
from tests.shop.visitor import DOOR, GUEST, Visitor, form_of, text_of
from vendors.models import Vendor


def _reserved(world: World) -> int:
    return Stock.objects.get(variant=world.milk).reserved


# -- a guest -----------------------------------------------------------------------------------------------------------


def test_a_guest_buys_with_a_name_and_an_email(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    response = guest.order_as_guest()
    order = Order.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/orders/{order.number}/")
    assert order.status == Order.Status.CONFIRMED
    assert order.customer.contact_email == "asha@example.com"
    assert order.customer.email is None
    assert (order.pincode, order.address["flat"]) == ("560034", "4B")
    assert _reserved(world) == 2
    page = text_of(guest.get(response["Location"]))  # signed in as the person the checkout made
    assert "Comes tomorrow, 5–7:30 am" in page
    assert "Choose a password" in page
    assert "Your cart is empty" in text_of(guest.get("/cart/"))


def test_a_phone_number_alone_is_enough(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    guest.order_as_guest(contact="098123 45678")
    assert Order.objects.get().customer.contact_phone == "+919812345678"


def test_nothing_tells_whether_a_contact_is_known(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    response = guest.order_as_guest(contact=world.customer.email)
    order = Order.objects.get()
    assert response["Location"] == f"/orders/{order.number}/"
    assert order.customer_id != world.customer.pk
    assert int(guest.client.session["_auth_user_id"]) == order.customer_id


@pytest.mark.parametrize(
    "name",
    [
        "🥛🐄",
        "न्‍यायमूर्ति",
        "محمد بن سلمان",
        "Ünïcödé O’Neill-Smith",
        "<script>alert(1)</script>",
        "ಕನ್ನಡ",
    ],
)
def test_names_of_every_kind(world: World, guest: Visitor, name: str) -> None:
    guest.put(world.milk, 1)
    response = guest.order_as_guest(name=name)
    assert response.status_code == 302
    assert Order.objects.get().address["name"] == name
    assert "<script>alert" not in guest.get(response["Location"]).content.decode()


def test_marks_that_turn_a_line_around_never_reach_an_order(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    turned = guest.order_as_guest(contact="asha@exa\N{RIGHT-TO-LEFT OVERRIDE}mple.com")
    assert "That e-mail address is not complete." in turned.content.decode()
    guest.order_as_guest(name="\N{RIGHT-TO-LEFT OVERRIDE}evil", instructions="Ring\x07 twice\N{RIGHT-TO-LEFT MARK}")
    order = Order.objects.get()
    assert (order.address["name"], order.special_instructions) == ("evil", "Ring twice")


def test_more_orders_than_a_hand_can_place_wait_a_minute_and_lose_nothing(
    world: World, guest: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(Orders, "rate", "1/min")
    guest.put(world.milk, 1)
    refused = guest.order_as_guest(contact="")
    assert refused.status_code == 422, "a form with a mistake in it counts for nothing"
    assert guest.order_as_guest().status_code == 302
    another = Visitor(Client())
    another.post("/pincode/", {"pincode": world.pincode.code})
    another.put(world.milk, 2)
    answer = another.order_as_guest(name="Ravi Nair")
    assert answer.status_code == 429
    page = answer.content.decode()
    assert "Wait a minute, then press the button again." in page
    assert 'value="Ravi Nair"' in page
    assert Order.objects.count() == 1
    cache.clear()
    assert another.order_as_guest(name="Ravi Nair").status_code == 302
    assert Order.objects.count() == 2


BAD_FIELDS = [
    ({"name": ""}, "Tell us your name."),
    ({"name": "A"}, "at least 2 characters"),
    ({"name": "a" * 255}, "at most 120 characters"),
    ({"name": "Asha\x00Rao"}, "Null characters are not allowed."),
    ({"contact": ""}, "Enter an e-mail address or a phone number."),
    ({"contact": "asha@"}, "That e-mail address is not complete."),
    ({"contact": "12345"}, "Enter an e-mail address such as"),
    ({"contact": "a" * 250 + "@example.com"}, "at most 254 characters"),
    ({"pincode": ""}, "Enter the pincode."),
    ({"pincode": "56003"}, "A pincode has six digits"),
    ({"pincode": "560999"}, "We don't deliver to this pincode yet."),
    ({"flat": ""}, "Enter the flat or house number."),
    ({"line1": ""}, "Enter the street."),
    ({"line1": "x" * 255}, "at most 200 characters"),
    ({"city": ""}, "Enter the city."),
    ({"instructions": "x" * 300}, "at most 255 characters"),
    ({"when": ""}, "Choose a delivery day."),
    ({"when": "never"}, "Choose a delivery day."),
    ({"when": "999:2026-01-16"}, "Choose a delivery day."),
    ({"when": "{morning}:2026-01-14"}, "Wed 14 Jan has passed. Choose another day."),
    ({"when": "{morning}:2026-01-15"}, "The time to order for Thu 15 Jan has just passed."),
    ({"when": "{morning}:2026-03-15"}, "We don't deliver on Sun 15 Mar."),
    ({"payment_method": ""}, "Choose how to pay."),
    ({"payment_method": "BARTER"}, "This way to pay is not available. Choose another."),
    ({"expected_total": "INR:1"}, "The total is now ₹76.00."),
    ({"expected_total": "free"}, "The total is now ₹76.00."),
]


@pytest.mark.parametrize(("typed", "message"), BAD_FIELDS)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    world: World, guest: Visitor, typed: dict[str, str], message: str
) -> None:
    guest.put(world.milk, 2)
    typed = {name: value.replace("{morning}", str(world.morning.pk)) for name, value in typed.items()}
    fields = {"name": "Asha Rao", "contact": "asha@example.com", "instructions": "Ring twice", "society": "Lake View"}
    response = guest.order_as_guest(**{**fields, **typed})
    assert response.status_code == 422
    assert message in text_of(response)
    held = form_of(response)
    for name in ("name", "contact", "society", "flat", "line1"):
        if name not in typed:
            assert held[name] == {**fields, **DOOR}[name]
    if "instructions" not in typed:
        assert "Ring twice" in response.content.decode()
    assert not Order.objects.exists()
    assert not User.objects.filter(name="Asha Rao").exists()
    assert _reserved(world) == 0


def test_the_corrected_form_goes_through(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    wrong = guest.order_as_guest(expected_total="INR:1", when=f"{world.morning.pk}:2026-01-14")
    fixed = {**form_of(wrong), "when": f"{world.morning.pk}:2026-01-16"}
    assert guest.post("/checkout/", fixed).status_code == 302
    assert Order.objects.get().grand_total.minor == 7600


def test_everything_that_is_wrong_is_told_at_once(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 5)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    count_shelves(3, variant=world.milk)
    response = guest.post("/checkout/", {**fields, "when": f"{world.morning.pk}:2026-01-14"})
    page = text_of(response)
    assert "Only 3 left" in page
    assert "has passed. Choose another day." in page


def test_a_slot_that_closed_meanwhile(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    world.morning.is_active = False
    world.morning.save()
    response = guest.post("/checkout/", fields)
    assert response.status_code == 422
    assert "Choose a delivery time." in text_of(response)


def test_the_cut_off_passes_while_the_form_is_filled(
    world: World, guest: Visitor, at: Callable[[str], datetime]
) -> None:
    guest.put(world.milk, 1)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    at("2026-01-15T22:00+05:30")
    response = guest.post("/checkout/", fields)
    assert "has just passed. Choose another day." in text_of(response)
    assert f'value="{world.morning.pk}:2026-01-16"' not in response.content.decode()


def test_a_slot_of_another_region_is_no_slot_here(world: World, guest: Visitor) -> None:
    from_abroad = DeliverySlot.objects.create(
        region=PincodeFactory(code="05401", region__code="BTV", region__postal_code_pattern="[0-9]{5}").region,
        code="MORNING",
        starts_at=world.morning.starts_at,
        ends_at=world.morning.ends_at,
        cutoff_days_before=1,
        cutoff_time=world.morning.cutoff_time,
        pack_time=world.morning.pack_time,
    )
    guest.put(world.milk, 1)
    response = guest.order_as_guest(when=f"{from_abroad.pk}:2026-01-16")
    assert "Choose a delivery time." in text_of(response)


def test_an_empty_cart_leads_to_the_cart(world: World, guest: Visitor) -> None:
    assert guest.get("/checkout/")["Location"] == "/cart/"
    assert guest.post("/checkout/", {**GUEST, **DOOR})["Location"] == "/cart/"


def test_a_cart_that_vanished_whole(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    deactivate_product(world.milk.product_id, by=Actor.system("tests"))
    response = guest.post("/checkout/", fields)
    assert "Toned milk 500 ml is not available now. Take it out to go on." in text_of(response)


# -- a household -------------------------------------------------------------------------------------------------------


def test_what_is_known_is_chosen_beforehand(world: World, household: Visitor) -> None:
    Preferences.objects.create(user=world.customer, slot=DeliverySlot.Code.EVENING)
    AddressFactory(user=world.customer, pincode="560034", is_default=False, label="Parents")
    last = AddressFactory(user=world.customer, pincode="560034", label="Home")
    User.objects.filter(pk=world.customer.pk).update(last_selected_address=last)
    household.put(world.milk, 1)
    fields = household.checkout_fields()
    assert fields["address"] == str(last.pk)
    assert fields["when"] == f"{world.evening.pk}:2026-01-16"
    assert fields["payment_method"] == "COD"
    assert "contact" not in fields
    assert household.post("/checkout/", fields).status_code == 302
    order = Order.objects.get()
    assert (order.customer, order.slot, order.address["flat"]) == (world.customer, world.evening, "4B")


def test_another_persons_address_is_refused(world: World, household: Visitor) -> None:
    AddressFactory(user=world.customer, pincode="560034")
    other = AddressFactory(pincode="560034")
    household.put(world.milk, 1)
    response = household.order(address=str(other.pk))
    assert response.status_code == 422
    assert not Order.objects.exists()


def test_a_saved_address_that_is_not_served_is_told_at_the_address(world: World, household: Visitor) -> None:
    AddressFactory(user=world.customer, pincode="560034")
    far = AddressFactory(user=world.customer, pincode="560999", is_default=False)
    household.put(world.milk, 1)
    response = household.order(address=str(far.pk))
    assert "Deliver to : We don't deliver to this pincode yet." in text_of(response)


def test_a_new_address_beside_saved_ones(world: World, household: Visitor) -> None:
    AddressFactory(user=world.customer, pincode="560034")
    household.put(world.milk, 1)
    household.order(address="new", **DOOR)
    assert Order.objects.get().address["society"] == "Lake View"
    assert Address.objects.of(world.customer.pk).count() == 2


def test_a_person_without_a_name_is_asked_for_it(world: World, household: Visitor) -> None:
    User.objects.filter(pk=world.customer.pk).update(name="")
    household.put(world.milk, 1)
    assert "Tell us your name." in text_of(household.order(**DOOR))
    household.order(name="Asha Rao", **DOOR)
    assert User.objects.get(pk=world.customer.pk).name == "Asha Rao"


# -- twice, late, signed out -------------------------------------------------------------------------------------------


def test_pressing_twice_finds_the_same_order(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 2)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    second_tab = Visitor.in_another_tab(guest)
    first, again, late = (
        guest.post("/checkout/", fields),
        guest.post("/checkout/", fields),
        second_tab.post("/checkout/", fields),
    )
    assert first["Location"] == again["Location"] == late["Location"]
    assert Order.objects.count() == 1
    assert _reserved(world) == 2
    assert second_tab.get(late["Location"]).status_code == 200


def test_an_old_tab_does_not_order_a_newer_cart(world: World, household: Visitor) -> None:
    AddressFactory(user=world.customer, pincode="560034")
    household.put(world.milk, 1)
    fields = household.checkout_fields()
    first = household.post("/checkout/", fields)
    household.put(world.variants[1], 1)
    assert household.post("/checkout/", fields)["Location"] == first["Location"]
    assert Order.objects.count() == 1
    assert Cart.objects.open().get().lines.count() == 1


def test_a_lost_answer_is_found_again_for_half_an_hour(
    world: World, guest: Visitor, at: Callable[[str], datetime]
) -> None:
    guest.put(world.milk, 1)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    lost = Visitor.in_another_tab(guest)
    late = Visitor.in_another_tab(guest)
    url = guest.post("/checkout/", fields)["Location"]
    assert lost.get("/checkout/")["Location"] == url
    assert lost.get(url).status_code == 200
    at("2026-01-15T20:31+05:30")
    assert late.get("/checkout/")["Location"] == url
    assert late.get(url)["Location"].startswith("/accounts/login/")


def test_nobody_gets_in_as_a_person_who_has_a_password_by_now(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    other = Visitor.in_another_tab(guest)
    url = guest.post("/checkout/", fields)["Location"]
    person = Order.objects.get().customer
    person.set_password(PASSWORD)
    person.save()
    assert other.post("/checkout/", fields)["Location"] == url
    assert other.get(url)["Location"].startswith("/accounts/login/")


def test_a_form_speaks_only_for_a_cart_it_was_made_of(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    guest.order_as_guest()
    stranger = Visitor(Client())
    assert stranger.post("/checkout/", {"cart": str(Cart.objects.get().pk)})["Location"] == "/cart/"
    assert "_auth_user_id" not in stranger.client.session


def test_signed_out_at_the_checkout_nothing_is_lost(world: World, household: Visitor) -> None:
    household.put(world.milk, 2)
    fields = {**household.checkout_fields(), **DOOR, "instructions": "Ring twice"}
    household.client.logout()
    response = household.post("/checkout/", fields)
    assert response.status_code == 422
    page = text_of(response)
    assert "You were signed out" in page
    assert "2 × Toned milk" in page
    held = form_of(response)
    assert held["line1"] == DOOR["line1"]
    assert "Ring twice" in response.content.decode()
    assert household.post("/checkout/", {**held, **GUEST}).status_code == 302  # on as a guest
    assert Order.objects.get().customer != world.customer
    assert Cart.objects.open().count() == 0


def test_signed_out_and_in_again_nothing_is_lost(world: World, household: Visitor) -> None:
    household.put(world.milk, 2)
    fields = {**household.checkout_fields(), **DOOR, "line1": "Another Road", "instructions": "Ring twice"}
    household.client.logout()
    held = form_of(household.post("/checkout/", fields))
    response = household.post("/checkout/", {**held, "instructions": "Ring twice", "sign_in": "1"})
    assert response["Location"] == "/accounts/login/?next=/checkout/"
    login = {"login": world.customer.email, "password": PASSWORD, "next": "/checkout/"}
    assert household.post("/accounts/login/", login)["Location"] == "/checkout/"
    page = household.get("/checkout/")
    assert form_of(page)["line1"] == "Another Road"
    assert "Ring twice" in page.content.decode()
    assert "You were signed out" not in text_of(page)


def test_an_old_token_gives_the_form_back(world: World) -> None:
    visitor = Visitor(Client(enforce_csrf_checks=True))
    token = _token(visitor.get("/pincode/").content.decode())
    visitor.post("/pincode/", {"pincode": "560034", "csrfmiddlewaretoken": token})
    visitor.post("/cart/set/", {"variant": world.milk.pk, "quantity": 1, "csrfmiddlewaretoken": token})
    fields = visitor.checkout_fields(**GUEST, **DOOR, csrfmiddlewaretoken="x" * 64)
    from_here = {"Sec-Fetch-Site": "same-origin"}
    response = visitor.post("/checkout/", fields, headers=from_here)
    assert response.status_code == 422
    assert "This page was open for long." in text_of(response)
    assert form_of(response)["line1"] == DOOR["line1"]
    assert not Order.objects.exists()
    elsewhere = visitor.post("/checkout/", fields, headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    fresh = {**form_of(response), "csrfmiddlewaretoken": _token(response.content.decode())}
    assert visitor.post("/checkout/", fresh).status_code == 302


def test_another_site_signs_nobody_in_with_a_form_of_its_own(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    fields = guest.checkout_fields(**GUEST, **DOOR)
    url = guest.post("/checkout/", fields)["Location"]
    victim = Visitor(Client(enforce_csrf_checks=True))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        assert victim.post("/checkout/", {"cart": fields["cart"]}, headers=headers).status_code == 403
        assert "_auth_user_id" not in victim.client.session
    own_tab = Visitor(Client(enforce_csrf_checks=True))
    own_tab.client.cookies.update(guest.client.cookies)
    again = own_tab.post("/checkout/", fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert again["Location"] == url


def _token(page: str) -> str:
    start = page.index('name="csrfmiddlewaretoken" value="') + len('name="csrfmiddlewaretoken" value="')
    return page[start : page.index('"', start)]


# -- a workflow that does not come through -----------------------------------------------------------------------------


def test_an_order_that_nobody_can_fill_leads_back_with_the_reason(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 3)
    fields = guest.checkout_fields(**GUEST, **DOOR, instructions="Ring twice")
    Vendor.objects.update(daily_order_limit=0)  # the dairy's day is full: only the workflow finds out
    response = guest.post("/checkout/", fields)
    assert response["Location"] == "/checkout/"
    page = guest.get("/checkout/")
    assert "Not enough is left of what you want." in text_of(page)
    assert "Ring twice" in page.content.decode()
    assert "80 Feet Road" in text_of(page)  # the address is theirs by now
    order = Order.objects.get()
    assert order.status == Order.Status.CANCELLED
    assert CartLine.objects.get().quantity == 3
    assert _reserved(world) == 0
    story = text_of(guest.get(f"/orders/{order.number}/"))
    assert "Something in it sold out while we were confirming it." in story
    assert "Back to your cart" in story
    Vendor.objects.update(daily_order_limit=100)
    assert guest.order().status_code == 302
    assert Order.objects.filter(status=Order.Status.CONFIRMED).count() == 1


def test_an_order_that_is_still_being_confirmed_says_so(world: World, household: Visitor) -> None:
    cart = filled_cart(world, customer_id=world.customer.pk)
    placed = place_order(cart.pk, purchase(world, buyer=Buyer(user_id=world.customer.pk)), by=Actor.guest())
    response = household.get(f"/orders/{placed.order.number}/")
    assert "We are confirming your order" in text_of(response)
    assert 'hx-trigger="every' in response.content.decode()


def test_the_clock_of_the_shop_is_the_business_clock(world: World, guest: Visitor) -> None:
    guest.put(world.milk, 1)
    guest.order_as_guest()
    assert Order.objects.get().placed_at == clock.now()
    assert Order.objects.get().delivery_date == clock.today(world.region) + timedelta(days=1)
