"""Seeing, following, cancelling, packing and delivering orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.actions import store_password
from cart.actions import take_over
from deliveries.actions import schedule_delivery
from deliveries.models import Delivery
from inventory.models import Stock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from orders.actions import pack_order
from orders.models import Order
from tests.api.calls import Caller, new_key, problem, purchase
from tests.factories.accounts import UserFactory
from tests.factories.deliveries import DriverFactory
from tests.factories.orders import confirmed_order
from tests.factories.world import World

SYSTEM = Actor.system("tests")
ITS_DAY = "2026-01-16T04:30+05:30"
At = Callable[[str], datetime]


def order_of(world: World, **options: Any) -> Order:
    """The world's customer's order of two milks, with its delivery."""
    order = confirmed_order(
        customer=options.pop("customer", world.customer), basket=[(world.milk, 2)], slot=world.morning, **options
    )
    schedule_delivery(order, by=SYSTEM)
    return order


def placed_by_guest(world: World, guest: Caller, **changes: Any) -> tuple[str, Caller]:
    """The number of the order, and the guest's app with its token."""
    answer = guest.post("orders/", purchase(world, **changes), key=new_key()).json()
    return answer["order"]["number"], Caller(guest.client, {"X-Order-Token": answer["order_token"]})


# -- seeing ------------------------------------------------------------------------------------------------------------


def test_ones_orders(world: World, customer: Caller, manager: Caller) -> None:
    first, second = order_of(world), order_of(world)
    order_of(world, customer=UserFactory())
    rows = customer.get("orders/").json()
    assert [row["number"] for row in rows["results"]] == [second.number, first.number]
    assert rows["results"][0]["grand_total"] == {"amount": "76.00", "currency": "INR"}
    assert len(manager.get("orders/").json()["results"]) == 3
    assert len(manager.get(f"orders/?customer={world.customer.pk}").json()["results"]) == 2
    assert customer.get("orders/?status=DELIVERED").json()["results"] == []
    assert len(customer.get(f"orders/?delivery_date={first.delivery_date}").json()["results"]) == 2
    for query, field in (
        ("status=LOST", "status"),
        ("delivery_date=soon", "delivery_date"),
        ("customer=x", "customer"),
        ("customer=99999999999999999999", "customer"),
        ("delivery_date_from=2026-02-30", "delivery_date_from"),
    ):
        assert field in problem(customer.get(f"orders/?{query}"), 400, "invalid")["errors"]


def test_pages_of_orders(world: World, customer: Caller) -> None:
    numbers = [order_of(world).number for _ in range(3)]
    page = customer.get("orders/?page_size=2").json()
    rest = customer.get(page["next"].removeprefix("http://testserver/api/v1/")).json()
    assert [row["number"] for row in page["results"] + rest["results"]] == numbers[::-1]


def test_one_order(world: World, customer: Caller) -> None:
    order = order_of(world)
    told = customer.get(f"orders/{order.number}/").json()
    assert told["status"] == "CONFIRMED"
    assert told["totals"]["tax"] == {"amount": "2.67", "currency": "INR"}
    assert told["is_cancellable"] is True
    assert told["cutoff_at"].endswith("T22:00:00+05:30")
    assert told["delivery"]["status"] == "ASSIGNED"
    assert [(step["step"], step["state"]) for step in told["timeline"]] == [
        ("PLACED", "DONE"),
        ("PAID", "TODO"),
        ("VENDOR_ASSIGNED", "CURRENT"),
        ("PREPARING", "TODO"),
        ("OUT_FOR_DELIVERY", "TODO"),
        ("DELIVERED", "TODO"),
    ]
    assert told["timeline"][0]["at"] is not None


def test_anothers_order_does_not_exist(world: World, sign_in: Any, customer: Caller, driver: Caller) -> None:
    order = order_of(world, customer=UserFactory())
    for caller in (customer, driver):
        for number in (order.number, "M000000", "x" * 300, "💧"):
            problem(caller.get(f"orders/{number}/"), 404, "not_found")
            problem(caller.get(f"orders/{number}/track/"), 404, "not_found")
            problem(caller.put(f"orders/{number}/cancel/", {"reason": "Mine"}), 404, "not_found")
    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED


def test_staff_see_every_order(world: World, manager: Caller) -> None:
    order = order_of(world)
    assert manager.get(f"orders/{order.number}/").json()["customer_id"] == world.customer.pk


def test_queries_do_not_grow(world: World, customer: Caller, django_assert_max_num_queries: Any) -> None:
    number = order_of(world).number
    with django_assert_max_num_queries(7):
        customer.get("orders/")
    for _ in range(4):
        order_of(world)
    with django_assert_max_num_queries(7):
        assert len(customer.get("orders/").json()["results"]) == 5
    with django_assert_max_num_queries(9):
        customer.get(f"orders/{number}/")


# -- a guest's token ---------------------------------------------------------------------------------------------------


def test_a_guest_sees_the_order_that_the_token_opens(world: World, guest: Caller) -> None:
    number, app = placed_by_guest(world, guest)
    assert app.get(f"orders/{number}/").json()["number"] == number
    assert app.get(f"orders/{number}/track/").json()["number"] == number
    problem(guest.get(f"orders/{number}/"), 401, "not_authenticated")
    problem(app.get("orders/"), 401, "not_authenticated")
    problem(app.get("users/me/"), 401, "not_authenticated")


def test_and_no_other(world: World, guest: Caller) -> None:
    _number, app = placed_by_guest(world, guest)
    other, _other_app = placed_by_guest(world, guest, contact="other@example.com")
    problem(app.get(f"orders/{other}/"), 404, "not_found")
    problem(app.put(f"orders/{other}/cancel/", {"reason": "Mine"}), 404, "not_found")


@pytest.mark.parametrize("token", ["x", "WzEsMV0:1:1", "é", "null"])
def test_a_token_that_is_not_ours(world: World, guest: Caller, token: str) -> None:
    number, _app = placed_by_guest(world, guest)
    problem(guest.get(f"orders/{number}/", X_Order_Token=token), 401, "not_authenticated")


def test_the_token_ends_when_the_order_is_somebodys(world: World, guest: Caller) -> None:
    number, app = placed_by_guest(world, guest)
    person = Order.objects.get(number=number).customer
    take_over(person.pk, to_user_id=world.customer.pk, by=Actor.user(world.customer.pk, Role.CUSTOMER))
    problem(app.get(f"orders/{number}/"), 404, "not_found")


def test_the_token_ends_when_the_person_has_a_password(world: World, guest: Caller) -> None:
    number, app = placed_by_guest(world, guest)
    person = Order.objects.get(number=number).customer
    person.set_password("milk-at-dawn")
    store_password(person.pk, password_hash=person.password, by=SYSTEM)
    problem(app.get(f"orders/{number}/"), 404, "not_found")


# -- following ---------------------------------------------------------------------------------------------------------


def test_the_public_link(world: World, guest: Caller, customer: Caller, driver: Caller, at: At) -> None:
    order = order_of(world)
    token = Delivery.objects.get(order=order).tracking_token
    told = guest.get(f"track/{token}/")
    way = told.json()
    assert (way["number"], way["driver_name"]) == (order.number, "")
    assert way["tracking_url"].endswith(f"/track/{token}/")
    assert told["X-Robots-Tag"] == "noindex, nofollow"
    assert "Lake View" not in told.content.decode()
    assert guest.get(f"track/{token}/", If_None_Match=told["ETag"]).status_code == 304
    pack_order(order.pk, by=SYSTEM)
    at(ITS_DAY)
    driver.post(f"deliveries/{Delivery.objects.get(order=order).pk}/picked-up/", key=new_key())
    again = guest.get(f"track/{token}/", If_None_Match=told["ETag"]).json()
    assert again["driver_name"] == world.driver.user.get_short_name()
    own = customer.get(f"orders/{order.number}/track/").json()
    shown = [step for step in own["timeline"] if step["step"] not in ("PAID", "PAYMENT_PENDING", "REFUNDED")]
    assert again == own | {"timeline": shown}, "the same, but for what was paid"
    assert len(shown) < len(own["timeline"])
    for unknown in ("x", "é", "x" * 500):
        problem(guest.get(f"track/{unknown}/"), 404, "not_found")


# -- cancelling --------------------------------------------------------------------------------------------------------


def test_a_household_cancels(world: World, customer: Caller) -> None:
    order = order_of(world)
    for _ in range(2):
        answer = customer.put(f"orders/{order.number}/cancel/", {"reason": "Nobody home 🏖"})
        assert answer.status_code == 200, answer.content
        assert answer.json()["order"]["status"] == "CANCELLED"
        assert answer.json()["refund"] == {"status": "NONE", "amount": {"amount": "0.00", "currency": "INR"}}
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert Event.objects.filter(name="order.cancelled").count() == 1


def test_a_guest_cancels_with_the_token(world: World, guest: Caller) -> None:
    number, app = placed_by_guest(world, guest)
    problem(guest.put(f"orders/{number}/cancel/", {"reason": "x"}), 401, "not_authenticated")
    assert app.put(f"orders/{number}/cancel/", {"reason": "Too much"}).json()["order"]["status"] == "CANCELLED"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 256}, {"reason": ["x"]}])
def test_a_reason_is_needed(world: World, customer: Caller, body: Any) -> None:
    order = order_of(world)
    assert "reason" in problem(customer.put(f"orders/{order.number}/cancel/", body), 400, "invalid")["errors"]


def test_too_late_for_the_household_but_not_for_staff(world: World, customer: Caller, manager: Caller, at: Any) -> None:
    at("2026-01-15T20:00+05:30")
    order = order_of(world)
    at("2026-01-15T22:00+05:30")
    told = customer.get(f"orders/{order.number}/").json()
    assert told["is_cancellable"] is False
    late = problem(customer.put(f"orders/{order.number}/cancel/", {"reason": "Late"}), 409, "order_not_cancellable")
    assert "cutoff_at" in late["facts"]
    assert manager.put(f"orders/{order.number}/cancel/", {"reason": "They called"}).status_code == 200


# -- from the hub to the door ------------------------------------------------------------------------------------------


def test_packed_picked_up_delivered(world: World, customer: Caller, manager: Caller, driver: Caller, at: At) -> None:
    order = order_of(world)
    delivery = Delivery.objects.get(order=order)
    (stop,) = driver.get("deliveries/").json()["results"]
    assert (stop["id"], stop["order"], stop["cash_due"]) == (delivery.pk, order.number, None)
    assert stop["lines"] == [{"name": "Toned milk", "pack": "500 ml", "quantity": 2}]

    early = driver.post(f"deliveries/{delivery.pk}/picked-up/", key=new_key())
    problem(early, 409, "delivery_not_its_day")
    at(ITS_DAY)
    early = driver.post(f"deliveries/{delivery.pk}/picked-up/", key=new_key())
    problem(early, 409, "order_not_packed")
    key = new_key()
    for _ in range(2):
        assert manager.post(f"orders/{order.number}/pack/", key=key).json()["status"] == "PACKED"
    problem(driver.post(f"deliveries/{delivery.pk}/delivered/", key=new_key()), 409, "delivery_not_picked_up")
    at("2026-01-16T04:31+05:30")
    for key in (new_key(), new_key()):
        assert driver.post(f"deliveries/{delivery.pk}/picked-up/", key=key).json()["status"] == "PICKED_UP"
    assert customer.get(f"orders/{order.number}/").json()["status"] == "OUT_FOR_DELIVERY"
    key = new_key()
    for _ in range(2):
        answer = driver.post(f"deliveries/{delivery.pk}/delivered/", key=key)
        assert (answer.status_code, answer.json()["status"]) == (200, "DELIVERED"), answer.content
    done = customer.get(f"orders/{order.number}/").json()
    assert (done["status"], done["lines"][0]["delivered_quantity"]) == ("DELIVERED", 2)
    assert Event.objects.filter(name="order.delivered").count() == 1
    assert (stop["person"], driver.get("deliveries/").json()["results"][0]["person"]) == ("Asha Rao", "")


def test_cash_at_the_door(world: World, guest: Caller, manager: Caller, driver: Caller, at: At) -> None:
    number, app = placed_by_guest(world, guest)
    delivery = Delivery.objects.get(order__number=number)
    manager.post(f"orders/{number}/pack/", key=new_key())
    at(ITS_DAY)
    driver.post(f"deliveries/{delivery.pk}/picked-up/", key=new_key())
    due = driver.get("deliveries/").json()["results"][0]["cash_due"]
    assert due == {"amount": "76.00", "currency": "INR"}
    wrong = {"cash_collected": {"amount": "75.00", "currency": "INR"}}
    told = problem(
        driver.post(f"deliveries/{delivery.pk}/delivered/", wrong, key=new_key()), 409, "payment_wrong_amount"
    )
    assert "cash_collected" in told["errors"]
    bad = problem(
        driver.post(f"deliveries/{delivery.pk}/delivered/", {"cash_collected": 76}, key=new_key()), 400, "invalid"
    )
    assert "cash_collected" in bad["errors"]
    assert (
        driver.post(f"deliveries/{delivery.pk}/delivered/", {"cash_collected": due}, key=new_key()).status_code == 200
    )
    assert app.get(f"orders/{number}/").json()["payment_status"] == "PAID"


def test_keys_are_needed(world: World, manager: Caller, driver: Caller) -> None:
    order = order_of(world)
    delivery = Delivery.objects.get(order=order)
    problem(manager.post(f"orders/{order.number}/pack/"), 400, "idempotency_key_required")
    for action in ("picked-up", "delivered"):
        problem(driver.post(f"deliveries/{delivery.pk}/{action}/"), 400, "idempotency_key_required")


def test_another_drivers_stop_does_not_exist(
    world: World, sign_in: Any, manager: Caller, driver: Caller, at: At
) -> None:
    order = order_of(world)
    pack_order(order.pk, by=SYSTEM)
    delivery = Delivery.objects.get(order=order)
    at(ITS_DAY)
    other = sign_in(DriverFactory(hub=world.hub).user)
    assert other.get("deliveries/").json()["results"] == []
    for action in ("picked-up", "delivered"):
        problem(other.post(f"deliveries/{delivery.pk}/{action}/", key=new_key()), 404, "not_found")
        problem(driver.post(f"deliveries/999999/{action}/", key=new_key()), 404, "not_found")
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.ASSIGNED
    assert manager.post(f"deliveries/{delivery.pk}/picked-up/", key=new_key()).json()["status"] == "PICKED_UP"


def test_who_may_not(world: World, customer: Caller, vendor: Caller, driver: Caller, guest: Caller) -> None:
    order = order_of(world)
    delivery = Delivery.objects.get(order=order)
    for caller in (customer, vendor):
        problem(caller.get("deliveries/"), 403, "permission_denied")
        problem(caller.post(f"deliveries/{delivery.pk}/picked-up/", key=new_key()), 403, "permission_denied")
    for caller in (customer, vendor, driver):
        problem(caller.post(f"orders/{order.number}/pack/", key=new_key()), 403, "permission_denied")
    problem(guest.get("deliveries/"), 401, "not_authenticated")
    problem(guest.post(f"orders/{order.number}/pack/", key=new_key()), 401, "not_authenticated")


def test_deliveries_are_filtered(world: World, manager: Caller, driver: Caller) -> None:
    day = order_of(world).delivery_date
    for query, count in (
        (f"delivery_date={day}", 1),
        ("delivery_date=2020-01-01", 0),
        ("status=ASSIGNED&status=DELIVERED", 1),
        ("status=DELIVERED", 0),
        (f"hub={world.hub.pk}&driver={world.driver.pk}", 1),
        ("hub=999999", 0),
    ):
        assert len(manager.get(f"deliveries/?{query}").json()["results"]) == count
    for query in ("status=LOST", "delivery_date=soon", "hub=x"):
        problem(driver.get(f"deliveries/?{query}"), 400, "invalid")


def test_queries_of_a_round_do_not_grow(world: World, driver: Caller, django_assert_max_num_queries: Any) -> None:
    for count in (1, 4):
        for _ in range(count):
            order_of(world)
        with django_assert_max_num_queries(7):
            driver.get("deliveries/")


def test_what_a_dairy_brings(world: World, vendor: Caller, customer: Caller, sign_in: Any) -> None:
    order = order_of(world)
    told = vendor.get("vendors/me/assignments/").json()
    assert told["date"] == order.delivery_date.isoformat()
    (slot,) = told["slots"]
    assert slot["items"] == [{"name": "Toned milk", "pack": "500 ml", "quantity": 2, "packed": 0}]
    assert [each["order"] for each in slot["assignments"]] == [order.number]
    assert slot["pack_by"].endswith("T03:30:00+05:30")
    assert "Lake View" not in str(told)
    assert vendor.get("vendors/me/assignments/?date=2020-01-01").json()["slots"] == []
    assert "date" in problem(vendor.get("vendors/me/assignments/?date=x"), 400, "invalid")["errors"]
    problem(customer.get("vendors/me/assignments/"), 403, "permission_denied")
    problem(sign_in(UserFactory(role=Role.VENDOR)).get("vendors/me/assignments/"), 404, "not_found")
