"""Ordering once more: from an order's page, and "your usual" on the front page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Address
from cart.models import Cart, CartLine
from catalog.models import Product, Variant
from inventory.models import Stock
from milkdelivery.core.models import Pincode
from milkdelivery.core.queries import forget_region_book
from orders.models import Order, OrderLine
from orders.queries import recent_of, usual_of
from payments.models import Payment
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import AddressFactory, PreferencesFactory, UserFactory
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.orders import Basket, placed_order
from tests.factories.promotions import PromotionFactory
from tests.factories.vendors import OfferFactory
from tests.factories.world import World, small_world
from tests.shop.visitor import Visitor, form_of, text_of

At = Callable[[str], datetime]


@pytest.fixture
def door(world: World) -> Address:
    return AddressFactory(user=world.customer, pincode=world.pincode.code)


def delivered(world: World, basket: Basket | None = None, **options: Any) -> Order:
    """An order that came once."""
    order = placed_order(customer=world.customer, basket=basket or [(world.milk, 2)], slot=world.morning, **options)
    Order.objects.filter(pk=order.pk).update(status="DELIVERED")
    OrderLine.objects.filter(order=order).update(status="DELIVERED")
    return order


def page_of(order: Order) -> str:
    return f"/orders/{order.number}/"


def tap(visitor: Visitor, page: str, action: str, **more: str) -> Any:
    """Press the button of the card as that page shows it."""
    return visitor.post(action, {**form_of(visitor.get(page), "again-form"), **more})


def tap_again(visitor: Visitor, order: Order, **more: str) -> Any:
    return tap(visitor, page_of(order), f"{page_of(order)}again/", **more)


def new_order(*known: Order) -> Order:
    return Order.objects.exclude(pk__in=[order.pk for order in known]).get()


def messages_of(visitor: Visitor, answer: Any) -> str:
    return text_of(visitor.get(answer["Location"]))


# -- seeing and tapping ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("door")
def test_the_card_shows_everything_before_the_tap(world: World, household: Visitor) -> None:
    order = delivered(world, [(world.milk, 2), (world.variants[1], 1)])
    page = text_of(household.get(page_of(order)))
    card = page[page.index("Order it again") :]
    for told in (
        "2 × Toned milk 500 ml ₹56.00",
        "1 × Set curd 400 g ₹35.00",
        "Total ₹111.00",
        "Tomorrow, 5–7:30 am",
        "12 Temple Road",
        "560034",
        "Cash on delivery",
        "Order for ₹111.00",
    ):
        assert told in card


def test_one_tap_repeats_an_order(world: World, household: Visitor, door: Address) -> None:
    order = delivered(world, [(world.milk, 2), (world.variants[1], 1)])
    answer = tap_again(household, order)
    again = new_order(order)
    assert (answer.status_code, answer["Location"]) == (302, page_of(again))
    assert (again.status, again.source, again.grand_total.minor) == ("CONFIRMED", "QUICK_REORDER", 11_100)
    assert dict(again.lines.values_list("variant_id", "quantity")) == {world.milk.pk: 2, world.variants[1].pk: 1}
    assert Payment.objects.get(order=again).method == "COD"
    assert door.line1 in again.address["text"]
    assert Stock.objects.get(variant=world.milk).reserved == 2


@pytest.mark.usefixtures("door")
def test_the_open_cart_is_left_alone(world: World, household: Visitor) -> None:
    household.put(world.variants[2], 1)
    order = delivered(world)
    tap_again(household, order)
    assert new_order(order).status == "CONFIRMED"
    assert CartLine.objects.get(cart__status="OPEN", cart__customer=world.customer).variant == world.variants[2]


@pytest.mark.usefixtures("door")
def test_the_usual_on_the_front_page(world: World, household: Visitor) -> None:
    known = [
        delivered(world, [(world.milk, 2)]),
        delivered(world, [(world.milk, 2), (world.variants[2], 1)]),
        delivered(world, [(world.milk, 3), (world.variants[1], 1)]),
    ]
    page = text_of(household.get("/"))
    assert "Your usual 2 × Toned milk 500 ml ₹56.00" in page
    assert "Order for ₹76.00" in page
    answer = tap(household, "/", "/usual/")
    order = new_order(*known)
    assert answer["Location"] == page_of(order)
    assert list(order.lines.values_list("variant_id", "quantity")) == [(world.milk.pk, 2)]


def test_who_never_ordered_has_no_usual(world: World, household: Visitor, guest: Visitor) -> None:
    cancelled = placed_order(customer=world.customer, slot=world.morning, basket=[(world.milk, 1)])
    Order.objects.filter(pk=cancelled.pk).update(status="CANCELLED")
    for visitor in (household, guest):
        assert 'id="again"' not in visitor.get("/").content.decode()
    assert household.post("/usual/", {})["Location"] == "/#again"
    assert guest.post("/usual/", {})["Location"].startswith("/accounts/login/")


@pytest.mark.usefixtures("door")
def test_a_day_on_which_something_comes_already_is_passed_over(world: World, household: Visitor) -> None:
    order = delivered(world)
    tap(household, "/", "/usual/")
    first = new_order(order)
    tap(household, "/", "/usual/")
    second = new_order(order, first)
    assert (second.delivery_date - first.delivery_date).days == 1


@pytest.mark.usefixtures("door")
def test_while_it_comes_an_order_is_not_offered_again(world: World, household: Visitor) -> None:
    order = placed_order(customer=world.customer, slot=world.morning, basket=[(world.milk, 1)])
    assert 'id="again"' not in household.get(page_of(order)).content.decode()


@pytest.mark.usefixtures("door")
def test_what_came_instead_was_not_asked_for_and_what_was_divided_is_whole(world: World) -> None:
    order = delivered(world, [(world.milk, 3), (world.variants[1], 1)])
    wanted = OrderLine.objects.get(order=order, variant=world.milk)
    OrderLine.objects.filter(pk=wanted.pk).update(quantity=2, total=5600)
    rest = OrderLine.objects.get(pk=wanted.pk)
    rest.pk, rest.quantity, rest.shortage, rest.status = None, 1, 1, "SUBSTITUTED"
    rest.total = rest.unit_price * 0
    rest.save()
    instead = OrderLine.objects.get(order=order, variant=world.variants[1])
    instead.pk, instead.variant, instead.substitution_of = None, world.variants[2], rest
    instead.save()
    usual = usual_of(recent_of(world.customer.pk))
    assert usual.pieces == {world.milk.pk: 3, world.variants[1].pk: 1}


# -- what changed ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("door")
def test_what_can_not_come_is_left_out_and_told(world: World, household: Visitor) -> None:
    order = delivered(world, [(world.milk, 2), (world.variants[1], 4), (world.variants[2], 1)])
    Product.objects.filter(pk=world.products[2].pk).update(is_active=False)
    count_shelves(3, variant=world.variants[1])
    page = text_of(household.get(page_of(order)))
    assert "Left out: Set curd 400 g, only 3 left." in page
    assert "Left out: Malai paneer 200 g, not sold any more." in page
    assert "Order for ₹76.00" in page
    tap_again(household, order)
    assert [line.variant_id for line in new_order(order).lines.all()] == [world.milk.pk]


@pytest.mark.usefixtures("door")
def test_an_order_of_what_is_not_sold_any_more(world: World, household: Visitor) -> None:
    order = delivered(world)
    Product.objects.filter(pk=world.products[0].pk).update(is_active=False)
    assert 'id="again"' not in household.get(page_of(order)).content.decode()
    answer = household.post(f"{page_of(order)}again/", {})
    assert "Nothing of it can come now." in messages_of(household, answer)
    assert not Cart.objects.exists()


def _tap_after(visitor: Visitor, order: Order, change: Callable[[], object]) -> Any:
    """Look, then something changes, then tap."""
    seen = form_of(visitor.get(page_of(order)), "again-form")
    change()
    return visitor.post(f"{page_of(order)}again/", seen)


@pytest.mark.usefixtures("door")
def test_a_price_that_rose_is_told_and_not_charged(world: World, household: Visitor) -> None:
    order = delivered(world)
    answer = _tap_after(household, order, lambda: Variant.objects.filter(pk=world.milk.pk).update(price=3000))
    assert Order.objects.get() == order
    page = messages_of(household, answer)
    assert "The total is now ₹80.00. Look it over and press again." in page
    assert "Order for ₹80.00" in page
    tap_again(household, order)
    assert new_order(order).grand_total.minor == 8000


@pytest.mark.usefixtures("door")
def test_the_cut_off_passes_between_look_and_tap(world: World, household: Visitor, at: At) -> None:
    order = delivered(world)
    answer = _tap_after(household, order, lambda: at("2026-01-15T22:00+05:30"))
    assert Order.objects.get() == order
    page = messages_of(household, answer)
    assert "has just passed. Choose another day." in page
    assert "Sat 17 Jan, 5–7:30 am" in page


@pytest.mark.usefixtures("door")
def test_something_sells_out_between_look_and_tap(world: World, household: Visitor) -> None:
    order = delivered(world)
    answer = _tap_after(household, order, lambda: count_shelves(1, variant=world.milk))
    assert Order.objects.get() == order
    assert "Only 1 of Toned milk 500 ml is left." in messages_of(household, answer)


def test_the_address_goes_between_look_and_tap(world: World, household: Visitor, door: Address) -> None:
    order = delivered(world)
    answer = _tap_after(household, order, lambda: Address.objects.filter(pk=door.pk).update(is_deleted=True))
    assert Order.objects.get() == order
    assert "There is no such address." in messages_of(household, answer)


@pytest.mark.usefixtures("door")
def test_the_address_is_not_served_any_more(world: World, household: Visitor) -> None:
    order = delivered(world)

    def stop() -> None:
        Pincode.objects.update(is_served=False)
        forget_region_book()

    answer = _tap_after(household, order, stop)
    assert Order.objects.get() == order
    page = messages_of(household, answer)
    assert page.count("We don't deliver to this pincode yet.") == 2  # in a message, and on the card
    assert "Go to the checkout" in page


def test_a_first_order_offer_is_not_counted_on_by_who_has_ordered(
    world: World, household: Visitor, door: Address
) -> None:
    PromotionFactory(region=world.region, is_first_order_only=True)
    order = delivered(world)
    assert tap_again(household, order)["Location"] == page_of(new_order(order))


# -- where one tap is not enough ---------------------------------------------------------------------------------------


def test_without_an_address_it_goes_to_a_filled_checkout(world: World, household: Visitor) -> None:
    order = delivered(world)
    page = text_of(household.get(page_of(order)))
    assert "Tell us where to deliver." in page
    assert "Order for" not in page
    answer = tap_again(household, order, change="1")
    assert answer["Location"] == "/checkout/"
    assert "2 × Toned milk 500 ml" in text_of(household.get("/checkout/"))


def test_a_card_takes_its_form_so_it_goes_to_a_checkout_with_everything_chosen(
    world: World, household: Visitor, door: Address
) -> None:
    PreferencesFactory(user=world.customer, payment_method="CARD", slot="EVENING")
    order = delivered(world)
    assert tap_again(household, order, change="1")["Location"] == "/checkout/"
    chosen = form_of(household.get("/checkout/"))
    assert chosen["payment_method"] == "CARD"
    assert chosen["address"] == str(door.pk)
    assert chosen["when"] == f"{world.evening.pk}:2026-01-16"


@pytest.mark.usefixtures("door")
def test_a_wallet_that_does_not_reach_is_told_before_the_tap(world: World, household: Visitor) -> None:
    PreferencesFactory(user=world.customer, payment_method="WALLET")
    order = delivered(world)
    page = text_of(household.get(page_of(order)))
    assert "₹76.00 is missing in your wallet." in page
    assert "Order for" not in page


@pytest.mark.usefixtures("door")
def test_a_cart_with_something_in_it_keeps_it_and_says_what_was_added(world: World, household: Visitor) -> None:
    household.put(world.variants[2], 1)
    household.put(world.milk, 1)
    order = delivered(world, [(world.milk, 2), (world.variants[1], 1)])
    told = "In your cart now, beside what was there: 2 × Toned milk 500 ml, 1 × Set curd 400 g."
    for words in (told, "All of it was in your cart already."):  # a double tap adds nothing
        answer = tap_again(household, order, change="1")
        assert answer["Location"] == "/cart/"
        assert words in messages_of(household, answer)
    held = dict(CartLine.objects.values_list("variant_id", "quantity"))
    assert held == {world.variants[2].pk: 1, world.milk.pk: 2, world.variants[1].pk: 1}


@pytest.mark.parametrize("lines", [1, 20])
@pytest.mark.parametrize("others", [0, 15])
@pytest.mark.usefixtures("door")
def test_the_card_asks_the_same_of_the_database_however_much_was_ordered(
    world: World, household: Visitor, lines: int, others: int, django_assert_max_num_queries: Any
) -> None:
    category = world.products[0].category
    packs = [VariantFactory(product=ProductFactory(category=category)) for _ in range(lines)]
    for pack in packs:
        OfferFactory(vendor=world.vendor, variant=pack)
        StockFactory(vendor=world.vendor, variant=pack, on_hand=50)
    orders = [delivered(world, [(pack, 1) for pack in packs]) for _ in range(1 + others)]
    for path, most in ((page_of(orders[0]), 20), ("/", 18)):
        household.get(path)  # what is kept in memory is there now
        with django_assert_max_num_queries(most):
            assert 'id="again"' in household.get(path).content.decode()


# -- whose, and how often ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("door")
def test_the_order_of_another_is_unknown(world: World, household: Visitor) -> None:
    theirs = placed_order(customer=UserFactory(), slot=world.morning, basket=[(world.milk, 1)])
    for number in (theirs.number, "M0000000", "M" * 300):
        assert household.post(f"/orders/{number}/again/", {}).status_code == 404


@pytest.mark.usefixtures("door")
def test_what_was_shown_to_another_or_of_another_order_is_not_ordered(world: World, household: Visitor) -> None:
    order, other = delivered(world), delivered(world, [(world.milk, 5)])
    mine = form_of(household.get(page_of(order)), "again-form")
    stranger = UserFactory()
    AddressFactory(user=stranger, pincode="560034")
    theirs = placed_order(customer=stranger, slot=world.morning, basket=[(world.milk, 1)])
    Order.objects.update(status="DELIVERED")
    client = Client()
    client.force_login(stranger)
    before = Order.objects.count()
    for visitor, path in ((Visitor(client), f"{page_of(theirs)}again/"), (household, f"{page_of(other)}again/")):
        answer = visitor.post(path, mine)
        assert "Look it over and press the button again." in messages_of(visitor, answer)
    for broken in ("", "x" * 5000, mine["offer"][:-1], "\0"):
        answer = household.post(f"{page_of(order)}again/", {"offer": broken})
        assert answer.status_code == 302
    assert Order.objects.count() == before


@pytest.mark.usefixtures("door")
def test_two_tabs_that_show_the_same_place_one_order(world: World, household: Visitor) -> None:
    order = delivered(world)
    first, second = (form_of(household.get("/"), "again-form") for _tab in range(2))
    arrived = {household.post("/usual/", fields)["Location"] for fields in (first, second, first)}
    assert arrived == {page_of(new_order(order))}


@pytest.mark.usefixtures("door")
def test_who_signs_in_first_comes_back_to_the_card(world: World, household: Visitor) -> None:
    order = delivered(world)
    answer = Client().post(f"{page_of(order)}again/", {})
    onward = answer["Location"].partition("next=")[2]
    assert household.get(onward)["Location"] == f"{page_of(order)}#again"
    assert household.get("/usual/")["Location"] == "/#again"


@pytest.mark.django_db(transaction=True)
def test_taps_at_the_same_instant_place_one_order() -> None:
    forget_region_book()
    world = small_world()
    AddressFactory(user=world.customer, pincode=world.pincode.code)
    order = delivered(world)
    client = Client()
    client.force_login(world.customer)
    first = Visitor(client)
    fields = form_of(first.get("/"), "again-form")
    taps = [Visitor.in_another_tab(first) for _ in range(4)]
    together = Meeting(4)
    arrived: list[str] = []

    def press(visitor: Visitor) -> None:
        together.wait()
        arrived.append(visitor.post("/usual/", fields)["Location"])

    assert in_threads(*(lambda tap=tap: press(tap) for tap in taps)) == []
    assert arrived == [page_of(new_order(order))] * 4
    stock = Stock.objects.get(variant=world.milk)
    assert (stock.on_hand, stock.reserved) == (100, 2)
