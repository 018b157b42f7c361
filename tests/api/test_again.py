"""Ordering once more by one call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Address
from catalog.models import Product, Variant
from orders.models import Order
from tests.api.calls import Caller, new_key, problem
from tests.factories.accounts import AddressFactory, PreferencesFactory, UserFactory
from tests.factories.inventory import count_shelves
from tests.factories.orders import placed_order
from tests.factories.world import World

At = Callable[[str], datetime]


@pytest.fixture
def door(world: World) -> Address:
    return AddressFactory(user=world.customer, pincode=world.pincode.code)


@pytest.fixture
def order(world: World) -> Order:
    """Two milks and a curd that came once: 76 rupees and 35."""
    made = placed_order(customer=world.customer, basket=[(world.milk, 2), (world.variants[1], 1)], slot=world.morning)
    Order.objects.filter(pk=made.pk).update(status="DELIVERED")
    return made


def rupees(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "INR"}


def again(caller: Caller, order: Order, total: str = "111.00", *, key: str | None = None, **more: Any) -> Any:
    body = {"expected_total": rupees(total), **more}
    return caller.post(f"orders/{order.number}/reorder/", body, key=key or new_key())


def test_look_then_order(order: Order, customer: Caller, door: Address, world: World) -> None:
    seen = customer.get(f"orders/{order.number}/reorder/").json()
    assert (seen["is_ready"], seen["problems"], seen["left_out"]) == (True, [], [])
    assert seen["totals"]["grand_total"] == rupees("111.00")
    assert [(line["variant_id"], line["quantity"]) for line in seen["lines"]] == [
        (world.milk.pk, 2),
        (world.variants[1].pk, 1),
    ]
    assert (seen["address_id"], seen["slot"], seen["delivery_date"]) == (door.pk, "MORNING", "2026-01-16")
    assert seen["payment_method"] == "COD"
    answer = again(customer, order)
    assert answer.status_code == 201
    placed = Order.objects.exclude(pk=order.pk).get()
    assert answer["Location"] == f"/api/v1/orders/{placed.number}/"
    assert answer.json()["next_step"]["action"] == "PAY_ON_DELIVERY"
    assert (placed.source, placed.status, placed.grand_total.minor) == ("QUICK_REORDER", "CONFIRMED", 11_100)


@pytest.mark.usefixtures("door")
def test_one_key_is_one_order(order: Order, customer: Caller) -> None:
    key = new_key()
    first, second = again(customer, order, key=key), again(customer, order, key=key)
    assert first.json() == second.json()
    assert Order.objects.count() == 2
    problem(again(customer, order, "112.00", key=key), 422, "idempotency_key_reused")
    answer = customer.post(f"orders/{order.number}/reorder/", {"expected_total": rupees("111.00")})
    problem(answer, 400, "idempotency_key_required")


@pytest.mark.usefixtures("door")
def test_another_total_is_told_and_not_charged(order: Order, customer: Caller, world: World) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(price=3000)
    told = problem(again(customer, order), 422, "checkout_refused")
    assert [each["code"] for each in told["facts"]["problems"]] == ["total_changed"]
    assert Order.objects.count() == 1
    problem(customer.post(f"orders/{order.number}/reorder/", {}, key=new_key()), 400, "invalid")


@pytest.mark.usefixtures("door")
def test_what_can_not_come_is_named(order: Order, customer: Caller, world: World) -> None:
    Product.objects.filter(pk=world.products[1].pk).update(is_active=False)
    answer = again(customer, order, "76.00")
    left_out = [{"variant_id": world.variants[1].pk, "name": "Set curd 400 g", "reason": "not sold any more"}]
    assert answer.json()["left_out"] == left_out
    Product.objects.update(is_active=False)
    told = problem(again(customer, order, "0.00"), 422, "checkout_refused")
    assert [each["code"] for each in told["facts"]["problems"]] == ["nothing_left"]
    assert customer.get(f"orders/{order.number}/reorder/").json()["is_ready"] is False


def test_what_only_the_person_can_fill_in(order: Order, customer: Caller, world: World) -> None:
    PreferencesFactory(user=world.customer, payment_method="UPI")
    told = problem(again(customer, order), 422, "checkout_refused")
    assert {each["field"] for each in told["facts"]["problems"]} == {"address", "payment_method"}
    door = AddressFactory(user=world.customer, pincode="560034")
    answer = again(customer, order, payment_method="COD", address_id=door.pk, slot="EVENING")
    assert answer.status_code == 201
    assert Order.objects.exclude(pk=order.pk).get().slot == world.evening


@pytest.mark.usefixtures("door")
def test_the_day_that_was_seen_counts(order: Order, customer: Caller, at: At) -> None:
    at("2026-01-15T22:00+05:30")
    told = problem(again(customer, order, delivery_date="2026-01-16"), 422, "checkout_refused")
    assert [each["code"] for each in told["facts"]["problems"]] == ["cutoff_passed"]


def test_the_order_of_another(order: Order, world: World, guest: Caller, manager: Caller, sign_in: Any) -> None:
    stranger = sign_in(UserFactory())
    for caller in (stranger, manager):  # staff order for others elsewhere
        problem(again(caller, order), 404, "not_found")
        problem(caller.get(f"orders/{order.number}/reorder/"), 404, "not_found")
    problem(again(guest, order), 401, "not_authenticated")
    problem(
        stranger.post(f"orders/{'M' * 300}/reorder/", {"expected_total": rupees("1.00")}, key=new_key()),
        404,
        "not_found",
    )


@pytest.mark.usefixtures("door")
def test_the_address_of_another(order: Order, customer: Caller) -> None:
    theirs = AddressFactory(pincode="560034")
    problem(again(customer, order, address_id=theirs.pk), 404, "not_found")
    assert Order.objects.count() == 1


# -- the usual ---------------------------------------------------------------------------------------------------------


def usual(caller: Caller, total: str = "111.00", *, key: str | None = None, **more: Any) -> Any:
    return caller.post("orders/usual/", {"expected_total": rupees(total), **more}, key=key or new_key())


@pytest.mark.usefixtures("order")
def test_the_usual_is_shown_before_it_is_ordered(customer: Caller, door: Address, world: World) -> None:
    count_shelves(1, variant=world.variants[1])
    seen = customer.get("orders/usual/")
    assert seen["Cache-Control"] == "no-store"
    offer = seen.json()
    lines = [(line["variant_id"], line["quantity"], line["state"], line["unit_price"]) for line in offer["lines"]]
    assert lines == [
        (world.milk.pk, 2, "OK", rupees("28.00")),
        (world.variants[1].pk, 1, "LOW", rupees("35.00")),
    ]
    assert (offer["is_ready"], offer["totals"]["grand_total"]) == (True, rupees("111.00"))
    assert (offer["address_id"], offer["slot"], offer["delivery_date"]) == (door.pk, "MORNING", "2026-01-16")
    key = new_key()
    placed = usual(customer, key=key)
    assert placed.status_code == 201
    assert usual(customer, key=key).json() == placed.json()
    assert Order.objects.filter(source="QUICK_REORDER").count() == 1
    offer = customer.get("orders/usual/").json()
    assert [left["variant_id"] for left in offer["left_out"]] == [world.variants[1].pk]
    assert (offer["totals"]["grand_total"], offer["delivery_date"]) == (rupees("76.00"), "2026-01-17")


@pytest.mark.usefixtures("door")
def test_the_usual_has_changed_since_it_was_seen(order: Order, customer: Caller, world: World) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(price=3000)
    told = problem(usual(customer), 422, "checkout_refused")
    assert [each["code"] for each in told["facts"]["problems"]] == ["total_changed"]
    assert not Order.objects.exclude(pk=order.pk).exists()


def test_nothing_is_usual_before_a_first_order(customer: Caller, guest: Caller) -> None:
    problem(customer.get("orders/usual/"), 404, "nothing_usual")
    problem(usual(customer), 404, "nothing_usual")
    problem(guest.get("orders/usual/"), 401, "not_authenticated")
