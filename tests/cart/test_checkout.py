"""From a cart to a bottle at the door, and back where something is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from accounts.models import Device, User
from cart.actions import place_order, run_checkout
from cart.models import Cart, CheckoutStep
from cart.rules import CheckoutRefused
from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from inventory.models import Stock, StockMovement
from milkdelivery.core.actors import Actor, RequestFacts
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import cancel_order, pack_order
from orders.models import Order, OrderLine
from payments.models import Payment
from tests.cart.shopping import GUEST, buy, filled_cart, purchase
from tests.factories.world import small_world
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
STAFF = Actor.system("tests")


def test_a_guest_order_reaches_the_door(at: Callable[[str], datetime], drain: Callable[[], int]) -> None:
    at(EVENING)
    world = small_world()
    checkout = buy(world, (world.milk, 2), (world.variants[2], 1))
    assert (checkout.state, checkout.failure_message) == ("DONE", "")
    assert list(checkout.steps.values_list("name", "outcome")) == [
        (name, "DONE")
        for name in (
            "validate_profile",
            "validate_order",
            "assign_vendors",
            "reserve_stock",
            "screen_fraud",
            "take_payment",
            "confirm",
            "schedule_delivery",
            "notify",
        )
    ]
    order = Order.objects.get(pk=checkout.order_id)
    assert (order.status, order.delivery_date) == ("CONFIRMED", date(2026, 1, 31))
    assert order.grand_total == Money(2 * 2800 + 9000 + 2000, "INR")
    assert User.objects.get(pk=order.customer_id).contact_email == "asha@example.com"
    delivery = Delivery.objects.get(order=order)
    assert (delivery.status, delivery.driver) == ("ASSIGNED", world.driver)

    pack_order(order.pk, by=STAFF)
    at(DAWN)
    mark_picked_up(delivery.pk, by=STAFF, driver_id=world.driver.pk)
    mark_delivered(delivery.pk, by=STAFF, cash_collected=order.grand_total)
    drain()

    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("DELIVERED", "PAID")
    assert Payment.objects.get(order=order).status == "SUCCEEDED"
    milk = Stock.objects.get(variant=world.milk)
    assert (milk.on_hand, milk.reserved) == (98, 0)
    assert set(OrderLine.objects.filter(order=order).values_list("status", flat=True)) == {"DELIVERED"}
    assert User.objects.get(pk=order.customer_id).order_count == 1
    names = set(Event.objects.values_list("name", flat=True))
    assert {"order.placed", "vendor.assigned", "order.confirmed", "delivery.scheduled", "delivery.completed"} <= names


def test_a_guests_browser_is_their_first_device(at: Callable[[str], datetime]) -> None:
    at(EVENING)
    world = small_world()
    browser = Actor.guest(RequestFacts("r-1", "203.0.113.7", "6f1f3c1e-2a55-4b8e-9d53-0d6f7a0f2b11", "Firefox/144.0"))
    order = place_order(filled_cart(world).pk, purchase(world), by=browser).order
    device = Device.objects.get(user_id=order.customer_id)
    assert (order.device_id, device.ip, str(device.key)) == (device.pk, "203.0.113.7", browser.request.device_id)  # type: ignore[union-attr]
    told = Event.objects.filter(name="user.device_added").get()
    assert told.data == {"user_id": order.customer_id, "device_id": device.pk}


def test_pressing_twice_finds_the_same_order(at: Callable[[str], datetime]) -> None:
    at(EVENING)
    world = small_world()
    cart = filled_cart(world)
    first = place_order(cart.pk, purchase(world), by=GUEST)
    second = place_order(cart.pk, purchase(world), by=GUEST)
    assert first.pk == second.pk
    run_checkout(first.pk, by=GUEST)
    again = run_checkout(second.pk, by=GUEST)
    assert again.state == "DONE"
    assert Order.objects.count() == 1
    assert Stock.objects.get(variant=world.milk).reserved == 2


def test_sold_out_in_between_undoes_everything(at: Callable[[str], datetime], drain: Callable[[], int]) -> None:
    """Two carts want the last two bottles; the one that comes second is told and keeps its cart."""
    at(EVENING)
    world = small_world(on_hand=2)
    cart = filled_cart(world, (world.milk, 2))
    late = place_order(cart.pk, purchase(world), by=GUEST)
    buy(world, (world.milk, 2))
    late = run_checkout(late.pk, by=GUEST)
    drain()
    assert (late.state, late.failure_code) == ("FAILED", "out_of_stock")
    assert late.order.status == "CANCELLED"
    assert Cart.objects.get(pk=cart.pk).status == "OPEN"
    milk = Stock.objects.get(variant=world.milk)
    assert (milk.on_hand, milk.reserved) == (2, 2)
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 1


def test_a_step_that_errs_is_tried_again_and_then_undone(
    at: Callable[[str], datetime], drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(EVENING)
    world = small_world()
    placed = place_order(filled_cart(world).pk, purchase(world), by=GUEST)
    Delivery.objects.all().delete()

    def broken(*_: object, **__: object) -> None:
        raise ConnectionError("the map is gone")

    monkeypatch.setattr("cart.actions.steps.schedule_delivery", broken)
    for attempt in range(1, 5):
        assert run_checkout(placed.pk, by=GUEST).state == "RUNNING"
        assert CheckoutStep.objects.filter(checkout=placed, outcome="ERROR").count() == attempt
    checkout = run_checkout(placed.pk, by=GUEST)
    drain()
    assert (checkout.state, checkout.failure_code) == ("FAILED", "checkout_given_up")
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0
    assert Payment.objects.get(order=placed.order).status == "FAILED"


def test_cancelling_a_packed_order_puts_it_back_on_the_shelf(
    at: Callable[[str], datetime], drain: Callable[[], int]
) -> None:
    at(EVENING)
    world = small_world()
    order_id = buy(world, (world.milk, 3)).order_id
    pack_order(order_id, by=STAFF)
    assert Stock.objects.get(variant=world.milk).on_hand == 97
    cancel_order(order_id, by=STAFF, reason="called")
    cancel_order(order_id, by=STAFF, reason="called")
    drain()
    milk = Stock.objects.get(variant=world.milk)
    assert (milk.on_hand, milk.reserved) == (100, 0)
    assert Delivery.objects.get(order_id=order_id).status == "CANCELLED"
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0
    kinds = StockMovement.objects.filter(stock=milk).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["RESERVE", "SELL", "RETURN"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"pincode": "110001"}, "not_served", "pincode"),
        ({"slot": None}, "slot_closed", "slot"),
        ({"delivery_date": date(2026, 1, 29)}, "date_past", "delivery_date"),
        ({"delivery_date": date(2026, 1, 30)}, "cutoff_passed", "delivery_date"),
        ({"delivery_date": date(2027, 1, 30)}, "date_closed", "delivery_date"),
        ({"payment_method": "BARTER"}, "payment_method_not_usable", "payment_method"),
        ({"expected_total": Money(1, "INR")}, "total_changed", None),
    ],
)
def test_what_can_not_be_ordered_is_said_and_changes_nothing(
    at: Callable[[str], datetime], changes: dict[str, Any], code: str, field: str | None
) -> None:
    at(EVENING)
    world = small_world()
    wanted = purchase(world)
    plan_changes = {"slot": changes["slot"]} if "slot" in changes else changes
    wanted = replace(wanted, plan=replace(wanted.plan, **plan_changes))
    cart = filled_cart(world)
    people = User.objects.count()
    with pytest.raises(CheckoutRefused) as refusal:
        place_order(cart.pk, wanted, by=GUEST)
    assert (refusal.value.problems[0].code, refusal.value.problems[0].field) == (code, field)
    assert Order.objects.count() == 0
    assert User.objects.count() == people
    assert Cart.objects.get(pk=cart.pk).status == "OPEN"
