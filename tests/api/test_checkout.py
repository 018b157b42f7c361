"""From a cart, or from lines, to an order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.formats import date_format

from accounts.models import Address, User
from cart.models import Cart, Checkout
from catalog.promotions import forget_promotions
from inventory.models import Stock
from inventory.rules import OutOfStock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event, IdempotencyKey
from milkdelivery.core.queries import load_region_book
from orders.actions import cancel_order
from orders.models import Order
from tests.api.calls import DOOR, Caller, new_key, problem, purchase
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.core import PincodeFactory
from tests.factories.inventory import count_shelves
from tests.factories.promotions import PromotionFactory
from tests.factories.world import World
from vendors.actions import set_day_limit


def place(caller: Caller, body: dict[str, Any], key: str | None = None, **headers: str) -> Any:
    return caller.post("orders/", body, key=key or new_key(), **headers)


def reserved() -> int:
    return sum(Stock.objects.values_list("reserved", flat=True))


def nothing_ordered() -> bool:
    return not Order.objects.exists() and reserved() == 0


@pytest.fixture
def filled(world: World, guest: Caller) -> Caller:
    made = guest.post("cart/items/", {"variant_id": world.milk.pk, "quantity": 2})
    return Caller(guest.client, {"X-Cart-Token": made.json()["token"]})


# -- placing -----------------------------------------------------------------------------------------------------------


def test_a_guest_orders_lines(world: World, guest: Caller) -> None:
    response = place(guest, purchase(world))
    assert response.status_code == 201, response.content
    answer = response.json()
    order = answer["order"]
    assert (order["status"], order["payment_status"], order["source"]) == ("CONFIRMED", "PENDING", "CHECKOUT")
    assert order["totals"]["grand_total"] == {"amount": "76.00", "currency": "INR"}
    assert order["placed_at"].endswith("+05:30")
    assert [(line["name"], line["quantity"], line["vendor"]) for line in order["lines"]] == [
        ("Toned milk", 2, world.vendor.name)
    ]
    assert order["address"]["flat"] == "12"
    assert answer["next_step"] == {
        "action": "PAY_ON_DELIVERY",
        "payment_method": "COD",
        "amount": {"amount": "76.00", "currency": "INR"},
    }
    assert response["Location"] == f"/api/v1/orders/{order['number']}/"
    assert reserved() == 2
    assert Order.objects.get().customer.contact_email == "asha@example.com"


def test_a_guest_orders_the_cart(world: World, filled: Caller) -> None:
    answer = place(filled, purchase(world, lines=None)).json()
    assert [line["quantity"] for line in answer["order"]["lines"]] == [2]
    assert filled.get("cart/").json()["lines"] == []
    assert Checkout.objects.get().state == Checkout.State.DONE


def test_a_customer_orders_to_a_known_address(world: World, customer: Caller) -> None:
    address = AddressFactory(user=world.customer, pincode="560034")
    customer.post("cart/items/", {"variant_id": world.milk.pk})
    body = purchase(world, lines=None, name=None, contact=None, address=None, address_id=address.pk)
    answer = place(customer, body).json()
    assert answer["order_token"] is None
    assert Order.objects.get().customer == world.customer
    assert customer.get("cart/").json()["lines"] == []


def test_lines_leave_the_cart_alone(world: World, customer: Caller) -> None:
    customer.post("cart/items/", {"variant_id": world.variants[1].pk, "quantity": 3})
    assert place(customer, purchase(world)).status_code == 201
    assert [line["name"] for line in customer.get("cart/").json()["lines"]] == ["Set curd"]


def test_the_same_pack_twice_adds_up(world: World, guest: Caller) -> None:
    twice = [{"variant_id": world.milk.pk, "quantity": 2}, {"variant_id": world.milk.pk, "quantity": 3}]
    assert place(guest, purchase(world, lines=twice)).json()["order"]["lines"][0]["quantity"] == 5
    much = [{"variant_id": world.milk.pk, "quantity": 50}, {"variant_id": world.milk.pk, "quantity": 1}]
    assert "lines" in problem(place(guest, purchase(world, lines=much)), 400, "invalid")["errors"]


def test_names_in_any_script(world: World, guest: Caller) -> None:
    for name in ("🥛🐄 Ämne", "محمد علي", "आशा राव", "x" * 120):
        answer = place(guest, purchase(world, name=name, special_instructions="🔔 لا تقرع"))
        assert answer.json()["order"]["address"]["name"] == name


def test_staff_order_for_a_customer(world: World, manager: Caller, customer: Caller) -> None:
    address = AddressFactory(user=world.customer, pincode="560034")
    body = purchase(world, name=None, contact=None, address=None, address_id=address.pk, customer=world.customer.pk)
    answer = place(manager, body)
    assert answer.status_code == 201, answer.content
    order = Order.objects.get()
    assert (order.customer, order.source) == (world.customer, Order.Source.STAFF)
    assert Event.objects.get(name="order.placed").role == "MANAGER"
    assert customer.get("orders/").json()["results"][0]["number"] == order.number
    problem(place(manager, {**body, "customer": 999999}), 404, "not_found")


def test_nobody_else_orders_for_others(world: World, customer: Caller, guest: Caller, driver: Caller) -> None:
    for caller in (customer, guest, driver):
        problem(place(caller, purchase(world, customer=world.customer.pk)), 403, "not_allowed")
    assert nothing_ordered()


# -- once --------------------------------------------------------------------------------------------------------------


def test_the_same_key_is_one_order(world: World, guest: Caller) -> None:
    key, body = new_key(), purchase(world)
    first, again = place(guest, body, key), place(guest, body, key)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert (Order.objects.count(), reserved()) == (1, 2)


def test_the_same_key_for_something_else(world: World, guest: Caller) -> None:
    key = new_key()
    place(guest, purchase(world), key)
    problem(place(guest, purchase(world, name="Other"), key), 422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_a_key_is_needed(world: World, guest: Caller, customer: Caller) -> None:
    for caller in (guest, customer):
        problem(caller.post("orders/", purchase(world)), 400, "idempotency_key_required")
        problem(caller.post("orders/", purchase(world), key="x" * 256), 400, "idempotency_key_invalid")
    assert nothing_ordered()


def test_a_refusal_is_repeated_too(world: World, guest: Caller) -> None:
    key, body = new_key(), purchase(world, slot=None)
    first, again = place(guest, body, key), place(guest, body, key)
    assert (first.status_code, first.json()["errors"]) == (again.status_code, again.json()["errors"])


def test_a_crash_between_order_and_answer(world: World, customer: Caller, guest: Caller) -> None:
    """The claim of the first ran out unanswered: the second finds the order it had placed."""
    customer.post("cart/items/", {"variant_id": world.milk.pk})
    for caller, body in (
        (customer, purchase(world, lines=None)),
        (guest, purchase(world)),
    ):
        key = new_key()
        first = place(caller, body, key).json()["order"]["number"]
        IdempotencyKey.objects.filter(key=key).update(
            status="RUNNING", lease_until=clock.real_now() - timedelta(hours=1), response_status=None
        )
        again = place(caller, body, key)
        assert (again.status_code, again.json()["order"]["number"]) == (201, first)
    assert Order.objects.count() == 2


def test_a_second_press_finds_the_order_of_the_cart(world: World, filled: Caller) -> None:
    body = purchase(world, lines=None)
    first, second = place(filled, body).json(), place(filled, body).json()
    assert first["order"]["number"] == second["order"]["number"]
    assert Order.objects.count() == 1


def test_but_not_for_long(world: World, filled: Caller, at: Any) -> None:
    start = at("2026-01-15T10:00+05:30")
    place(filled, purchase(world, lines=None))
    at((start + timedelta(minutes=31)).isoformat())
    refused = problem(place(filled, purchase(world, lines=None)), 422, "checkout_refused")
    assert "cart_empty" in {each["code"] for each in refused["facts"]["problems"]}


# -- what is wrong -----------------------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_told_at_once(world: World, guest: Caller) -> None:
    told = problem(place(guest, {}), 422, "checkout_refused")
    wanted = {"name", "contact", "address", "slot", "delivery_date", "payment_method", "non_field_errors"}
    assert set(told["errors"]) == wanted
    assert {each["code"] for each in told["facts"]["problems"]} >= {"cart_empty", "name_missing", "address_missing"}
    assert nothing_ordered()


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"delivery_date": "2020-01-01"}, 422, "delivery_date"),
        ({"delivery_date": "2099-01-01"}, 422, "delivery_date"),
        ({"delivery_date": "tomorrow"}, 400, "delivery_date"),
        ({"delivery_date": "2026-02-30"}, 400, "delivery_date"),
        ({"slot": "NOON"}, 400, "slot"),
        ({"payment_method": "WALLET"}, 422, "payment_method"),
        ({"payment_method": "SHELLS"}, 400, "payment_method"),
        ({"address": {**DOOR, "pincode": "999999"}}, 422, "pincode"),
        ({"address": {**DOOR, "pincode": ""}}, 400, "address.pincode"),
        ({"address": {"pincode": "560034"}}, 400, "address.line1"),
        ({"address": {**DOOR, "city": "x" * 255}}, 400, "address.city"),
        ({"address": "home"}, 400, "address.non_field_errors"),
        ({"address": {**DOOR, "latitude": "north"}}, 400, "address.latitude"),
        ({"contact": "nobody"}, 400, "contact"),
        ({"contact": "x" * 255}, 400, "contact"),
        ({"name": "x"}, 400, "name"),
        ({"name": "x" * 255}, 400, "name"),
        ({"special_instructions": "x" * 256}, 400, "special_instructions"),
        ({"expected_total": {"amount": "1.00", "currency": "INR"}}, 422, "non_field_errors"),
        ({"expected_total": {"amount": "76.00", "currency": "USD"}}, 422, "non_field_errors"),
        ({"expected_total": 76}, 400, "expected_total"),
        ({"lines": []}, 400, "lines.non_field_errors"),
        ({"lines": "milk"}, 400, "lines.non_field_errors"),
        ({"lines": [{"variant_id": 999999, "quantity": 1}]}, 422, "lines"),
        ({"lines": [{"variant_id": 1, "quantity": 0}]}, 400, "lines.0.quantity"),
        ({"lines": [{"variant_id": 1, "quantity": 51}]}, 400, "lines.0.quantity"),
        ({"lines": [{"variant_id": 1, "quantity": "two"}]}, 400, "lines.0.quantity"),
        ({"lines": [{"quantity": 1}]}, 400, "lines.0.variant_id"),
        ({"lines": [{"variant_id": 1, "quantity": 1}] * 101}, 400, "lines.non_field_errors"),
    ],
)
def test_each_refusal_is_at_its_field(world: World, guest: Caller, change: Any, status: int, field: str) -> None:
    told = problem(place(guest, purchase(world, **change)), status, "invalid" if status == 400 else "checkout_refused")
    assert field in told["errors"], told
    assert nothing_ordered()
    assert not Cart.objects.exists()


def test_a_closed_slot(world: World, guest: Caller) -> None:
    type(world.morning).objects.filter(pk=world.morning.pk).update(is_active=False)
    type(world.morning).objects.get(pk=world.morning.pk).save()  # the kept book is read anew
    day = (clock.today(world.region) + timedelta(days=2)).isoformat()
    body: dict[str, Any] = {"lines": [{"variant_id": world.milk.pk, "quantity": 1}], "name": "Asha"}
    body |= {"contact": "a@example.com", "address": DOOR, "slot": "MORNING"}
    body |= {"delivery_date": day, "payment_method": "COD"}
    assert "slot" in problem(place(guest, body), 422, "checkout_refused")["errors"]
    assert nothing_ordered()


def test_after_the_cut_off(world: World, guest: Caller, at: Any) -> None:
    at("2026-01-15T21:59+05:30")
    body = purchase(world)
    assert body["delivery_date"] == "2026-01-16"
    at("2026-01-15T22:00+05:30")
    told = problem(place(guest, body), 422, "checkout_refused")
    assert [each["code"] for each in told["facts"]["problems"]] == ["cutoff_passed"]


def test_more_than_there_is(world: World, guest: Caller) -> None:
    count_shelves(1)
    told = problem(place(guest, purchase(world)), 422, "checkout_refused")
    (short,) = told["facts"]["problems"]
    assert (short["code"], short["available"], short["variant_id"]) == ("line_short", 1, world.milk.pk)


def test_a_pack_that_went_off_sale(world: World, filled: Caller) -> None:
    type(world.milk).objects.filter(pk=world.milk.pk).update(is_active=False)
    told = problem(place(filled, purchase(world, lines=None)), 422, "checkout_refused")
    assert "lines" in told["errors"]
    assert len(filled.get("cart/").json()["lines"]) == 1


def test_anothers_address_does_not_exist(world: World, customer: Caller, guest: Caller, sign_in: Any) -> None:
    foreign = AddressFactory(user=UserFactory(), pincode="560034")
    body = purchase(world, address=None, address_id=foreign.pk)
    for caller in (customer, guest):
        assert "address_id" in problem(place(caller, body), 404, "not_found")["errors"]
    assert nothing_ordered()


def test_an_order_that_comes_to_nothing_gives_the_cart_back(
    world: World, filled: Caller, guest: Caller, monkeypatch: Any
) -> None:
    """The last unit goes between the look and the reservation."""

    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise OutOfStock("Sold out meanwhile.")

    monkeypatch.setattr("orders.actions.reserve_lines", gone)
    told = problem(place(filled, purchase(world, lines=None)), 409, "out_of_stock")
    assert Order.objects.get().status == Order.Status.CANCELLED
    back = guest.get("cart/", X_Cart_Token=told["facts"]["cart_token"]).json()
    assert [(line["name"], line["quantity"]) for line in back["lines"]] == [("Toned milk", 2)]
    assert reserved() == 0


def test_a_known_contact_is_answered_alike(world: World, guest: Caller) -> None:
    UserFactory(email="known@example.com")
    known = place(guest, purchase(world, contact="known@example.com"))
    unknown = place(guest, purchase(world, contact="unknown@example.com"))
    assert known.status_code == unknown.status_code == 201
    assert known.json().keys() == unknown.json().keys()
    assert Order.objects.filter(customer__email="known@example.com").count() == 0


# -- the check before --------------------------------------------------------------------------------------------------


def check(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    response = caller.post("orders/precheck/", body)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_the_check_leads_step_by_step(world: World, guest: Caller, filled: Caller) -> None:
    whole = purchase(world, lines=None)
    assert check(guest, {})["next_step"] == "CART"
    known: dict[str, Any] = {}
    for step, fields in (
        ("PERSON", ("name", "contact")),
        ("ADDRESS", ("address",)),
        ("TIME", ("slot", "delivery_date")),
        ("PAYMENT", ("payment_method",)),
    ):
        answer = check(filled, known)
        assert answer["next_step"] == step
        assert answer["is_ready"] is False
        known |= {name: whole[name] for name in fields}
    done = check(filled, known)
    assert (done["is_ready"], done["next_step"]) == (True, None)
    assert all(step["is_done"] for step in done["steps"])
    assert done["totals"]["grand_total"]["amount"] == "76.00"
    assert done["payment_methods"] == ["COD", "CARD", "UPI", "NETBANKING"]
    assert not User.objects.exclude(pk__in=[world.customer.pk, world.driver.user_id]).exists()
    assert nothing_ordered()


def test_the_check_says_how_each_line_stands(world: World, guest: Caller) -> None:
    count_shelves(2, variant=world.variants[0])
    count_shelves(1, variant=world.variants[1])
    count_shelves(0, variant=world.variants[2])
    lines = [{"variant_id": variant.pk, "quantity": 2} for variant in world.variants]
    answer = check(guest, purchase(world, lines=lines))
    assert [line["state"] for line in answer["lines"]] == ["LOW", "SHORT", "UNAVAILABLE"]
    assert [line["counts"] for line in answer["lines"]] == [True, True, False]
    assert answer["totals"]["items"]["amount"] == "126.00"
    (cart_step,) = [step for step in answer["steps"] if not step["is_done"]]
    assert cart_step["step"] == "CART"
    assert {each["code"] for each in cart_step["problems"]} == {"line_short", "line_unavailable"}


def test_the_check_says_when_it_can_come_where_all_dairies_are_full(world: World, guest: Caller) -> None:
    days = [day.date for day in load_region_book().open_days(world.morning)]
    for full in (days[0], days[1]):
        set_day_limit(world.vendor.pk, on=full, order_limit=0, by=Actor.system("tests"))
    for asked in (days[0], days[1]):
        answer = check(guest, purchase(world, delivery_date=asked.isoformat()))
        (told,) = [each for step in answer["steps"] for each in step["problems"]]
        assert (told["code"], told["facts"]["first_day"]) == ("line_unavailable", days[2].isoformat())
        assert f"can't come on {date_format(asked, 'D j M')}" in told["message"]
        assert f"the first day that it can is {date_format(days[2], 'D j M')}" in told["message"]
    assert check(guest, purchase(world, delivery_date=days[2].isoformat()))["is_ready"]


def test_a_cancelled_line_is_with_no_dairy(world: World, customer: Caller) -> None:
    customer.post("cart/items/", {"variant_id": world.milk.pk})
    address = AddressFactory(user=world.customer, pincode="560034")
    body = purchase(world, lines=None, name=None, contact=None, address=None, address_id=address.pk)
    number = place(customer, body).json()["order"]["number"]
    cancel_order(Order.objects.get().pk, by=Actor.system("tests"), reason="Moved away")
    (line,) = customer.get(f"orders/{number}/").json()["lines"]
    assert (line["status"], line["vendor"], line["vendor_fssai_licence"]) == ("OPEN", None, None)


def test_the_check_gives_a_guest_what_is_for_a_first_order(world: World, guest: Caller, filled: Caller) -> None:
    PromotionFactory(region=world.region, is_automatic=True, is_first_order_only=True)
    forget_promotions()
    for caller, body in ((guest, purchase(world)), (filled, purchase(world, lines=None)), (filled, {})):
        assert check(caller, body)["totals"]["discount"]["amount"] == "5.60"


def test_the_check_knows_the_person(world: World, customer: Caller) -> None:
    customer.post("cart/items/", {"variant_id": world.milk.pk})
    assert check(customer, {})["next_step"] == "ADDRESS"
    nowhere = AddressFactory(user=world.customer, pincode="110001")
    assert check(customer, {"address_id": nowhere.pk})["next_step"] == "ADDRESS"


def test_the_check_refuses_what_makes_no_sense(world: World, guest: Caller) -> None:
    assert "slot" in problem(guest.post("orders/precheck/", {"slot": "NOON"}), 400, "invalid")["errors"]
    unknown = check(guest, purchase(world, lines=[{"variant_id": 999999, "quantity": 1}]))
    assert unknown["steps"][0]["problems"][0]["code"] == "line_unknown"


def test_the_check_of_an_unserved_pincode(world: World, guest: Caller) -> None:
    PincodeFactory(region=world.region, code="560001", name="Fort")
    for pincode in ("560001", "999999"):
        answer = check(guest, purchase(world, address={**DOOR, "pincode": pincode}))
        assert answer["next_step"] == "ADDRESS"
    assert not Address.objects.exists()
