"""An order that somebody gives by telephone: found, written down, priced and placed, once, like any other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Address, Device, User
from cart.actions import Buyer, order_lines
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from milkdelivery.core.queries import load_region_book
from orders.models import Order
from payments.models import Payment
from payments.rules.attempts import PAY_BY_LINK_WITHIN, PAY_WITHIN, time_to_pay
from tests.cart.shopping import DOOR, buy
from tests.factories.accounts import AddressFactory, ManagerFactory, UserFactory
from tests.factories.inventory import count_shelves
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.world import World, small_world
from tests.payments.books import filled_wallet
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db(transaction=True)

CALL = "/admin/orders/order/call/"
EVENING = "2026-01-30T20:00+05:30"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def clerk(client: Client) -> Client:
    client.force_login(ManagerFactory())
    client.cookies["milk_device"] = "11111111-2222-3333-4444-555555555555"
    return client


@pytest.fixture
def household(world: World) -> User:
    person: User = UserFactory(name="Meera Iyer", email="meera@example.com", phone="+919845012345")
    AddressFactory(user=person, pincode=world.pincode.code, is_default=True)
    return person


def shown(page: Any) -> dict[str, str]:
    """What the form would send as it stands."""
    html = page.content.decode()
    fields = {}
    for tag in re.findall(r"<input[^>]+>", html):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in found and (found.get("type") != "radio" or " checked" in tag):
            fields[found["name"]] = found.get("value", "")
    chosen = re.search(r'<option value="([^"]+)" selected', html)
    return {**fields, "when": chosen[1] if chosen else ""}


def opened(clerk: Client, person: object) -> dict[str, str]:
    return shown(clerk.get(CALL, {"person": str(person)}))


def with_milk(clerk: Client, world: World, person: object, **typed: str) -> dict[str, str]:
    """The form with two milks, and the total that stands under them."""
    fields = opened(clerk, person) | {f"qty_{world.milk.pk}": "2"} | typed
    page = clerk.post(CALL, fields | {"look": "1"})
    return shown(page) | typed


def place(clerk: Client, fields: dict[str, str], **changes: str) -> Any:
    return clerk.post(CALL, fields | {"place": "1"} | changes)


NEW_DOOR = {**DOOR, "pincode": "560034", "address": "new"}


@pytest.mark.parametrize("typed", ["98450 12345", "12345", "meera", "iyer meera", "meera@example.com"])
def test_a_household_is_found_by_what_a_caller_says(clerk: Client, household: User, typed: str) -> None:
    page = clerk.get(CALL, {"q": typed})
    assert f"?person={household.pk}" in page.content.decode()


def test_a_household_is_found_by_the_number_of_its_order(world: World, clerk: Client) -> None:
    order = buy(world).order
    assert f"?person={order.customer_id}" in clerk.get(CALL, {"q": order.number.lower()}).content.decode()


def test_the_search_takes_the_same_queries_for_many(clerk: Client, household: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            clerk.get(CALL, {"q": "iyer"})
        return len(queries)

    cost()
    one = cost()
    for n in range(5):
        AddressFactory(user=UserFactory(name=f"Iyer {n}"))
    assert cost() == one


def test_an_order_in_cash_is_placed_for_the_household_and_says_by_whom(
    world: World, clerk: Client, household: User
) -> None:
    fields = with_milk(clerk, world, household.pk)
    assert fields["expected_total"] == "INR:7600"
    answer = place(clerk, fields, payment_method="COD")
    order = Order.objects.get()
    assert answer.headers["Location"] == f"/admin/orders/order/{order.pk}/change/"
    assert (order.source, order.customer, order.status) == ("STAFF", household, "CONFIRMED")
    assert (order.device, order.ip) == (None, None), "that browser and network are not the household's"
    clerk_id = User.objects.get(groups__name="MANAGER").pk
    assert order.status_changes.earliest("pk").actor == f"user:{clerk_id}"
    assert Event.objects.get(name="order.placed").actor_id == clerk_id
    page = text_of(clerk.get(answer.headers["Location"]))
    assert "Staff" in page
    assert "for Meera Iyer" in page


def test_pressed_twice_it_is_placed_once(world: World, clerk: Client, household: User) -> None:
    fields = with_milk(clerk, world, household.pk)
    first = place(clerk, fields, payment_method="COD")
    second = place(clerk, fields, payment_method="COD")
    assert first.headers["Location"] == second.headers["Location"]
    assert Order.objects.count() == 1
    assert "was placed already" in text_of(clerk.get(second.headers["Location"]))


def test_a_new_household_is_a_person_with_nothing_proven(world: World, clerk: Client) -> None:
    fields = with_milk(clerk, world, "new", name="Ravi Kumar", contact="98765 43210", **NEW_DOOR)
    place(clerk, fields, payment_method="COD")
    order = Order.objects.select_related("customer").get()
    ravi = order.customer
    assert (ravi.name, ravi.phone, ravi.contact_phone) == ("Ravi Kumar", None, "+919876543210")
    assert not ravi.has_usable_password()
    assert Address.objects.get(user=ravi).flat == "12"
    assert not Device.objects.exists()


def test_a_contact_that_is_known_is_pointed_at_and_nothing_typed_is_lost(
    world: World, clerk: Client, household: User
) -> None:
    typed = {"name": "Meera", "contact": "meera@example.com", "instructions": "Ring twice"}
    fields = opened(clerk, "new") | typed | {f"qty_{world.milk.pk}": "3"}
    page = clerk.post(CALL, fields | {"look": "1"})
    assert "Meera Iyer has this contact already" in text_of(page)
    page = clerk.post(CALL, fields | {"become": str(household.pk)})
    assert shown(page)["person"] == str(household.pk)
    assert shown(page)[f"qty_{world.milk.pk}"] == "3"
    assert "Ring twice" in text_of(page)


def test_a_known_contact_is_asked_about_once_before_a_second_person_is_made(
    world: World, clerk: Client, household: User
) -> None:
    fields = with_milk(clerk, world, "new", name="Meera", contact="meera@example.com", **NEW_DOOR)
    asked = place(clerk, fields, payment_method="COD")
    assert "Somebody has this contact already." in text_of(asked)
    assert "place it as a new household" in text_of(asked)
    assert not Order.objects.exists()
    wrong = clerk.post(CALL, fields | {"apart_now": "1", "payment_method": "COD", "flat": ""})
    assert "Somebody has this contact already" not in text_of(wrong)
    answered = shown(wrong) | {"flat": "12"}
    assert answered["apart"] == "meera@example.com"
    assert place(clerk, answered).status_code == 302, "it was said already"
    assert Order.objects.get().customer != household


def test_a_known_contact_is_asked_about_anew_when_it_was_another(world: World, clerk: Client, household: User) -> None:
    fields = with_milk(clerk, world, "new", name="Meera", contact="meera@example.com", **NEW_DOOR)
    page = place(clerk, fields, payment_method="COD", apart="ravi@example.com")
    assert "Somebody has this contact already." in text_of(page)
    assert not Order.objects.exists()


def test_what_is_not_there_any_more_is_named(world: World, clerk: Client, household: User) -> None:
    fields = with_milk(clerk, world, household.pk)
    page = place(clerk, fields, payment_method="BARTER", address="999999", token="x")
    words = text_of(page)
    assert "This way to pay is not available. Choose another." in words
    assert "This address is not there any more. Choose another." in words
    assert "was not whole when it came back" in words
    assert "Select a valid choice" not in words
    again = shown(page) | {"payment_method": "COD", "address": fields["address"]}
    assert place(clerk, again).status_code == 302


def test_a_day_that_closed_meanwhile_is_named_while_it_is_written_down(
    world: World, clerk: Client, household: User, at: Callable[[str], datetime]
) -> None:
    fields = with_milk(clerk, world, household.pk)
    at("2026-01-30T22:01+05:30")
    page = clerk.post(CALL, fields | {"look": "1"})
    assert "Saturday, 31 January can’t be ordered any more." in text_of(page)


def test_the_page_says_where_one_is(clerk: Client, world: World) -> None:
    head = text_of(clerk.get(CALL))
    assert "Orders chevron_right Order by telephone" in head
    assert "Orders chevron_right Orders" not in head


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(world: World, clerk: Client) -> None:
    fields = opened(clerk, "new") | {f"qty_{world.milk.pk}": "many", "flat": "12 B", "when": "", "contact": "12"}
    page = place(clerk, fields)
    words = text_of(page)
    assert page.status_code == 200
    assert "Ask for the name." in words
    assert "Enter an e-mail address such as" in words
    assert "Choose a delivery day." in words
    assert "Choose between 1 and 50 pieces." in words
    again = shown(page)
    assert (again[f"qty_{world.milk.pk}"], again["flat"], again["contact"]) == ("many", "12 B", "12")
    assert not Order.objects.exists()


def test_what_it_comes_to_is_shown_while_it_is_written_down(world: World, clerk: Client, household: User) -> None:
    PromoCodeFactory(code="MILK10", promotion=PromotionFactory(region=world.region))
    fields = opened(clerk, household.pk) | {f"qty_{world.milk.pk}": "5", "promo": "milk10"}
    page = text_of(clerk.post(CALL, fields | {"look": "1"}))
    assert "₹140.00" in page
    assert "−₹14.00" in page
    wrong = text_of(clerk.post(CALL, fields | {"look": "1", "promo": "nothing"}))
    assert "−₹14.00" not in wrong


def test_a_product_is_found_by_typing_and_added(world: World, clerk: Client, household: User) -> None:
    fields = opened(clerk, household.pk)
    page = clerk.post(CALL, fields | {"find": "panee", "look": "find"})
    paneer = world.variants[2]
    assert f'name="add" value="{paneer.pk}"' in page.content.decode()
    for count in ("1", "2"):
        page = clerk.post(CALL, shown(page) | {"add": str(paneer.pk)})
        assert shown(page)[f"qty_{paneer.pk}"] == count
    page = clerk.post(CALL, shown(page) | {"drop": str(paneer.pk)})
    assert f"qty_{paneer.pk}" not in shown(page)


def test_what_they_usually_take_is_one_tap(world: World, clerk: Client, household: User) -> None:
    address = household.addresses.get()
    order = buy(world, (world.milk, 4), buyer=Buyer(user_id=household.pk), address=address).order
    fields = opened(clerk, household.pk)
    assert shown(clerk.post(CALL, fields | {"usual": "1"}))[f"qty_{world.milk.pk}"] == "4"
    assert shown(clerk.post(CALL, fields | {"again": order.number}))[f"qty_{world.milk.pk}"] == "4"


def test_the_wallet_pays_where_it_reaches(world: World, clerk: Client, household: User) -> None:
    filled_wallet(household, 100)
    place(clerk, with_milk(clerk, world, household.pk), payment_method="WALLET")
    assert (Order.objects.get().status, Payment.objects.get().method) == ("CONFIRMED", "WALLET")
    page = place(clerk, with_milk(clerk, world, household.pk), payment_method="WALLET")
    assert "is missing in your wallet" in text_of(page)
    assert Order.objects.count() == 1


def test_a_link_to_pay_waits_longer_than_a_page(world: World, clerk: Client, household: User) -> None:
    answer = place(clerk, with_milk(clerk, world, household.pk), payment_method="CARD")
    order, payment = Order.objects.get(), Payment.objects.get()
    assert (order.status, payment.status) == ("CREATED", "PENDING")
    assert payment.expires_at == datetime.fromisoformat("2026-01-30T22:00+05:30"), "two hours, here up to the cut-off"
    page = text_of(clerk.get(answer.headers["Location"]))
    assert "The link goes to meera@example.com." in page


def test_how_long_a_link_waits() -> None:
    now = clock.now()
    far, near = now + PAY_BY_LINK_WITHIN * 3, now + PAY_WITHIN * 2
    assert time_to_pay(by_link=False, cutoff_at=far, now=now) == PAY_WITHIN
    assert time_to_pay(by_link=True, cutoff_at=far, now=now) == PAY_BY_LINK_WITHIN
    assert time_to_pay(by_link=True, cutoff_at=near, now=now) == near - now
    assert time_to_pay(by_link=True, cutoff_at=now, now=now) == PAY_WITHIN


def test_staff_pass_no_screening(world: World, clerk: Client, settings: Any) -> None:
    settings.FRAUD_NEW_ACCOUNT_AMOUNTS = {"INR": Decimal(50)}
    fields = with_milk(clerk, world, "new", name="Ravi Kumar", contact="98765 43210", **NEW_DOOR)
    answer = place(clerk, fields, payment_method="COD")
    order = Order.objects.get()
    assert (order.status, order.fraud_flag) == ("ON_HOLD", True)
    assert "the screening holds it" in text_of(clerk.get(answer.headers["Location"]))


def test_a_cut_off_that_passes_while_the_form_is_open(
    world: World, clerk: Client, household: User, at: Callable[[str], datetime]
) -> None:
    fields = with_milk(clerk, world, household.pk, instructions="Ring twice")
    at("2026-01-30T22:01+05:30")
    page = place(clerk, fields, payment_method="COD")
    assert "has just passed" in text_of(page)
    assert "Ring twice" in text_of(page)
    assert not Order.objects.exists()


def test_what_is_gone_meanwhile_is_named_and_the_rest_kept(world: World, clerk: Client, household: User) -> None:
    fields = with_milk(clerk, world, household.pk)
    world.milk.is_active = False
    world.milk.save(update_fields=["is_active"])
    page = place(clerk, fields, payment_method="COD")
    assert "is not available now" in text_of(page)
    assert shown(page)[f"qty_{world.milk.pk}"] == "2"
    assert not Order.objects.exists()


def test_what_sells_out_between_two_steps_leaves_the_form_for_another_try(
    world: World, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = with_milk(clerk, world, "new", name="Ravi Kumar", contact="98765 43210", **NEW_DOOR)

    def sold_out_right_after(*given: Any, **named: Any) -> Any:
        placed = order_lines(*given, **named)
        count_shelves(0)
        return placed

    monkeypatch.setattr("orders.admin.calling.order_lines", sold_out_right_after)
    page = place(clerk, fields, payment_method="COD")
    order = Order.objects.get()
    assert order.status == "CANCELLED"
    assert f"Order {order.number} came to nothing" in text_of(page)
    again = shown(page)
    assert again["person"] == str(order.customer_id), "known by now"
    assert again["token"] != fields["token"]
    assert again[f"qty_{world.milk.pk}"] == "2"


def test_the_household_reads_that_we_placed_it(world: World, clerk: Client, household: User) -> None:
    place(clerk, with_milk(clerk, world, household.pk), payment_method="COD")
    order = Order.objects.get()
    theirs = Client()
    theirs.force_login(household)
    assert "Placed for you by us" in text_of(theirs.get(f"/orders/{order.number}/"))
    assert order.grand_total == Money(7600, "INR")
    book = load_region_book()
    assert order.delivery_date in {day.date for day in book.open_days(world.morning)}


def test_only_who_may_order_for_others_sees_the_page(world: World, client: Client) -> None:
    client.force_login(UserFactory())
    assert client.get(CALL).status_code == 403
