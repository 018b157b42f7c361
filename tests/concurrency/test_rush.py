"""More households than bottles, all at the button at once: what is sold is what there was, and everybody else is told.

That the last bottle is sold twice where its lock is off, test_races.py shows.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from accounts.models import User
from cart.actions import Buyer, Destination, place_order, run_checkout
from cart.models import Cart, CartLine, Checkout
from cart.rules import CheckoutRefused
from deliveries.models import Delivery
from inventory.models import Stock
from inventory.queries import recount
from inventory.rules import OutOfStock
from milkdelivery.core import clock
from milkdelivery.core.models import EventDelivery
from milkdelivery.core.money import Money
from orders.models import Order
from payments.models import Payment
from payments.queries.recount import recount as recount_books
from tests.cart.shopping import DOOR, GUEST, purchase
from tests.concurrency.threads import in_threads
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world
from tests.payments.books import assert_books_add_up, counted, filled_wallet
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
CONNECTIONS = 8
ONE_IN_FOUR = 4
"""Pays from a wallet: the money is set aside on the spot, as with cash the order goes on at once."""

OF_ONE_BOTTLE = Money(2800 + 2000, "INR")
IN_WALLET = 100
"""Rupees, enough for one."""


@dataclass(frozen=True)
class Household:
    number: int
    cart: Cart
    wallet_of: User | None

    def press(self, world: World) -> Checkout:
        """The button of the checkout page. Raises CheckoutRefused where the page itself says no."""
        buyer = Buyer(name="Asha Rao", email=f"asha{self.number}@example.com")
        if self.wallet_of:
            buyer = Buyer(user_id=self.wallet_of.pk)
        method = "WALLET" if self.wallet_of else "COD"
        own_door = Destination(fields=DOOR | {"flat": f"{self.number}"})
        wish = replace(purchase(world, buyer=buyer, payment_method=method), destination=own_door)
        return run_checkout(place_order(self.cart.pk, wish, by=GUEST).pk, by=GUEST)


def households(world: World, number: int) -> Iterator[Household]:
    """So many, each with one bottle in the cart."""
    for n in range(number):
        user = UserFactory(password=None) if n % ONE_IN_FOUR == 0 else None
        if user:
            filled_wallet(user, IN_WALLET)
        cart = Cart.objects.create(customer=user)
        CartLine.objects.create(cart=cart, variant=world.milk, quantity=1)
        yield Household(n, cart, user)


def rush(number: int, bottles: int, *, seconds: float = 60) -> tuple[World, Counter[str]]:
    """So many households on so few bottles over eight connections; how each pressing ended."""
    world = small_world(on_hand=bottles)
    world.vendor.daily_order_limit = number
    world.vendor.save()
    with clock.override(NOW):
        waiting = iter(list(households(world, number)))
    ends: list[str] = []

    def door() -> None:
        for household in waiting:
            with clock.override(NOW):
                try:
                    run = household.press(world)
                except CheckoutRefused as refusal:
                    ends.extend(f"told by the page: {problem.code}" for problem in refusal.problems)
                else:
                    ends.append(f"{run.state} {run.failure_code}".strip())

    assert in_threads(*[door] * CONNECTIONS, seconds=seconds) == []
    return world, Counter(ends)


def assert_sold_what_there_was(world: World, ends: Counter[str], number: int, bottles: int) -> None:
    told = {"told by the page: line_unavailable", "told by the page: line_short", f"FAILED {OutOfStock.code}"}
    assert set(ends) <= told | {"DONE"}
    assert (ends["DONE"], sum(ends.values())) == (bottles, number)
    stock = Stock.objects.get(variant=world.milk)
    assert (stock.on_hand, stock.reserved) == (bottles, bottles)
    assert CapacityUse.objects.get().orders == bottles

    assert set(Checkout.objects.values_list("state", flat=True)) <= {"DONE", "FAILED"}  # none stuck
    sold = Order.objects.filter(status="CONFIRMED")
    assert sold.count() == Delivery.objects.count() == bottles
    assert set(Order.objects.values_list("status", flat=True)) <= {"CONFIRMED", "CANCELLED"}
    assert Cart.objects.filter(status="ORDERED").count() == bottles
    assert Cart.objects.filter(status="OPEN").count() == number - bottles  # whoever got none has the cart still

    waiting = Payment.objects.filter(status="PENDING")
    assert set(waiting.values_list("order_id", flat=True)) == set(sold.values_list("pk", flat=True))
    assert not Payment.objects.exclude(status="PENDING").exclude(order__status="CANCELLED").exists()
    assert counted().get("HELD", 0) == waiting.filter(method="WALLET").count() * OF_ONE_BOTTLE.minor
    assert_books_add_up()
    assert [*recount(world.region.pk), *recount_books("INR")] == []


def assert_all_is_told(drain: Callable[[], int]) -> None:
    """Every event finds its subscribers, none of whom gives up."""
    with clock.override(NOW):
        drain()
    assert set(EventDelivery.objects.values_list("status", flat=True)) == {"DONE"}


def test_eighty_households_share_ten_bottles(drain: Callable[[], int]) -> None:
    world, ends = rush(80, 10)
    assert_sold_what_there_was(world, ends, 80, 10)
    assert_all_is_told(drain)


@pytest.mark.slow
def test_ten_thousand_households_share_five_hundred_bottles(
    drain: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.perf_counter()
    world, ends = rush(10_000, 500, seconds=3600)
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n  10,000 checkouts on 500 bottles over {CONNECTIONS} connections in {took:.0f} s: {dict(ends)}")
    assert_sold_what_there_was(world, ends, 10_000, 500)
    assert_all_is_told(drain)
