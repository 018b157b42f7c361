"""An order's money from the tap to the door, in the books: by wallet, in cash, short, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import User
from deliveries.actions import mark_delivered, mark_picked_up, schedule_delivery
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.money import Money
from orders import actions as orders
from orders.models import Order
from payments import actions
from payments.gateways import gateway_named, usable_methods
from payments.gateways.base import Charge, Outcome
from payments.models import LedgerTransfer, Payment
from tests.factories.accounts import UserFactory
from tests.factories.orders import confirmed_order
from tests.factories.world import World, small_world
from tests.payments.books import STAFF, assert_books_add_up, balance_of, counted, filled_wallet, rupees, told

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
MORNING = "2026-01-31T06:00+05:30"
"""Of the delivery day."""


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def asha() -> User:
    return UserFactory()


def wallet_order(world: World, user: User, *, pieces: int = 2) -> Order:
    """A confirmed order whose money is set aside in the wallet."""
    order = confirmed_order(customer=user, basket=[(world.milk, pieces)], slot=world.morning)
    begin(order)
    return order


def begin(order: Order, method: str = "WALLET") -> Outcome:
    payment = actions.open_payment(order, method=method, by=STAFF)
    assert payment is not None
    return actions.begin_payment(payment, by=STAFF)


def deliver(order: Order, at: Callable[[str], datetime]) -> None:
    """Packed, picked up and handed over, the last twice."""
    delivery = schedule_delivery(order, by=STAFF)
    orders.pack_order(order.pk, by=STAFF)
    at(MORNING)
    mark_picked_up(delivery.pk, by=STAFF)
    for _ in range(2):
        mark_delivered(delivery.pk, by=STAFF)


def payment_of(order: Order) -> Payment:
    return Payment.objects.get(order=order)


def test_the_wallet_is_for_people_with_an_account() -> None:
    assert "WALLET" not in usable_methods()
    assert "WALLET" in usable_methods(has_account=True)


def test_an_order_by_wallet_waits_set_aside_until_the_door(
    world: World, asha: User, at: Callable[[str], datetime]
) -> None:
    filled_wallet(asha, 200)
    order = wallet_order(world, asha)
    total = order.grand_total
    assert total == Money(2 * 2800 + 2000, "INR")
    assert counted() == {"GATEWAY": -20_000, "WALLET": 20_000 - total.minor, "HELD": total.minor}
    assert (payment_of(order).status, order.payment_status) == ("PENDING", "PENDING")
    deliver(order, at)
    order.refresh_from_db()
    assert (payment_of(order).status, order.payment_status, order.status) == ("SUCCEEDED", "PAID", "DELIVERED")
    tax = order.tax_total.minor
    assert counted() == {
        "GATEWAY": -20_000,
        "WALLET": 20_000 - total.minor,
        "SALES": 5600 - tax,
        "TAX": tax,
        "DELIVERY": 2000,
    }
    assert (told("wallet.captured"), told("payment.succeeded"), told("wallet.released")) == (1, 1, 0)
    assert_books_add_up()


def test_cash_is_not_taken_for_what_the_wallet_pays(world: World, asha: User, at: Callable[[str], datetime]) -> None:
    filled_wallet(asha, 200)
    order = wallet_order(world, asha)
    delivery = schedule_delivery(order, by=STAFF)
    orders.pack_order(order.pk, by=STAFF)
    at(MORNING)
    mark_picked_up(delivery.pk, by=STAFF)
    with pytest.raises(actions.WrongAmount):
        mark_delivered(delivery.pk, by=STAFF, cash_collected=order.grand_total)
    assert payment_of(order).status == "PENDING", "nothing was handed over"
    mark_delivered(delivery.pk, by=STAFF, cash_collected=Money(0, "INR"))
    assert payment_of(order).status == "SUCCEEDED"


def test_without_enough_the_payment_fails_and_says_what_is_missing(world: World, asha: User) -> None:
    filled_wallet(asha, 50)
    order = confirmed_order(customer=asha, basket=[(world.milk, 2)], slot=world.morning)
    outcome = begin(order)
    assert (outcome.status, outcome.failure_code) == ("FAILED", "insufficient_funds")
    assert outcome.response == {"missing": 7600 - 5000, "currency": "INR"}
    payment = payment_of(order)
    assert (payment.status, payment.failure_code) == ("FAILED", "insufficient_funds")
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (50, 0)


def test_a_cancelled_order_gives_its_money_free(world: World, asha: User) -> None:
    filled_wallet(asha, 200)
    order = wallet_order(world, asha)
    orders.cancel_order(order.pk, by=STAFF, reason="test")
    for _ in range(2):
        actions.void_payments(order.pk, by=STAFF)
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (200, 0)
    assert payment_of(order).status == "FAILED"
    assert told("wallet.released") == 1
    assert_books_add_up()


def test_a_hold_that_comes_after_the_end_is_not_made(world: World, asha: User) -> None:
    """A runner of the checkout that was slow, while staff cancelled the order."""
    filled_wallet(asha, 200)
    order = confirmed_order(customer=asha, basket=[(world.milk, 2)], slot=world.morning)
    payment = actions.open_payment(order, method="WALLET", by=STAFF)
    assert payment is not None
    actions.void_payments(order.pk, by=STAFF)
    assert actions.begin_payment(payment, by=STAFF).status == "FAILED"
    assert balance_of(asha, kind="HELD") == 0
    charge = Charge(payment.idempotency_key, payment.amount, "WALLET", order.number)
    assert not gateway_named("wallet").begin(charge).may_proceed


def test_what_nobody_brings_is_free_again_at_once(world: World, asha: User) -> None:
    filled_wallet(asha, 300)
    order = confirmed_order(customer=asha, basket=[(world.milk, 2), (world.variants[1], 1)], slot=world.morning)
    begin(order)
    before = order.grand_total
    make_short(order, world)
    order.refresh_from_db()
    assert order.grand_total < before
    for _ in range(2):
        actions.lower_hold(order.pk, by=STAFF)
    assert payment_of(order).amount == order.grand_total
    assert counted()["HELD"] == order.grand_total.minor
    assert (told("payment.lowered"), told("wallet.released")) == (1, 1)
    assert_books_add_up()


def test_the_door_knows_of_a_shortage_before_its_event_is_heard(
    world: World, asha: User, at: Callable[[str], datetime]
) -> None:
    filled_wallet(asha, 300)
    order = confirmed_order(customer=asha, basket=[(world.milk, 2), (world.variants[1], 1)], slot=world.morning)
    begin(order)
    make_short(order, world)
    deliver(order, at)
    order.refresh_from_db()
    payment = payment_of(order)
    assert (payment.status, payment.amount) == ("SUCCEEDED", order.grand_total)
    assert "HELD" not in counted()
    assert counted()["WALLET"] == 30_000 - order.grand_total.minor
    actions.lower_hold(order.pk, by=STAFF)  # word comes late
    assert_books_add_up()


def make_short(order: Order, world: World) -> None:
    """The one dairy gives the curd back, and nobody else has any."""
    line = order.lines.get(variant=world.variants[1])
    dairy = Actor.user(901, Role.VENDOR)
    orders.reject_lines(world.vendor.pk, [line.pk], reason="SOLD_OUT", by=dairy)


def test_cash_at_the_door_is_in_the_books(world: World, asha: User, at: Callable[[str], datetime]) -> None:
    order = confirmed_order(customer=asha, basket=[(world.milk, 2)], slot=world.morning)
    begin(order, method="COD")
    assert counted() == {}
    deliver(order, at)
    tax = order.tax_total.minor
    assert counted() == {"CASH": -7600, "SALES": 5600 - tax, "TAX": tax, "DELIVERY": 2000}
    assert LedgerTransfer.objects.get().reference == order.number
    assert_books_add_up()


def test_what_is_refused_at_the_door_leaves_the_books_alone(
    world: World, asha: User, at: Callable[[str], datetime]
) -> None:
    """The wrong sum: delivery, payment, order and books stay as they were."""
    order = confirmed_order(customer=asha, basket=[(world.milk, 2)], slot=world.morning)
    begin(order, method="COD")
    delivery = schedule_delivery(order, by=STAFF)
    orders.pack_order(order.pk, by=STAFF)
    at(MORNING)
    mark_picked_up(delivery.pk, by=STAFF)
    with pytest.raises(actions.WrongAmount):
        mark_delivered(delivery.pk, cash_collected=rupees(1), by=STAFF)
    assert counted() == {}
    assert payment_of(order).status == "PENDING"


def test_an_order_that_nobody_pays_for_is_no_sale(world: World, asha: User, at: Callable[[str], datetime]) -> None:
    order = confirmed_order(customer=asha, basket=[(world.milk, 2)], slot=world.morning)
    deliver(order, at)
    assert counted() == {}
