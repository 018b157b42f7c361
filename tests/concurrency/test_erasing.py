"""Somebody closes their account in one tab and orders in another. First without the look that keeps them apart."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.actions import erase_person
from accounts.models import User, UserManager
from accounts.rules.erasing import NotErasable, PersonErased
from cart.actions import Buyer, place_order
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.erasing import obstacles_of
from orders.models import Order
from tests.cart.shopping import filled_cart, purchase
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import AddressFactory
from tests.factories.orders import placed_order
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


def order_while_erasing(world: World, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """An order that names its household before it is erased, and is written when it has been."""
    looked, erased = Meeting(2, seconds=5), Meeting(2, seconds=2)
    me = Actor.user(world.customer.pk, Role.CUSTOMER)
    create: Any = Order.objects.create

    def look_and_wait(user_id: int) -> Any:
        found = obstacles_of(user_id)
        looked.wait()
        erased.wait()  # time for the order to be written, where nothing keeps it away
        return found

    def write_later(**fields: Any) -> Any:
        looked.wait()
        return create(**fields)

    monkeypatch.setattr("accounts.actions.erasing.obstacles_of", look_and_wait)
    monkeypatch.setattr(Order.objects, "create", write_later)

    def order() -> None:
        try:
            placed_order(customer=world.customer, slot=world.morning, basket=[(world.milk, 1)])
        finally:
            erased.wait()

    return in_threads(lambda: erase_person(world.customer.pk, by=me), order)


def test_without_the_look_an_order_is_written_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    monkeypatch.setattr(UserManager, "keep", lambda *_: None)
    assert order_while_erasing(world, monkeypatch) == []
    assert User.objects.get(pk=world.customer.pk).erased_at is not None
    assert Order.objects.get().address["name"] == "Asha Rao"  # of somebody who was to be forgotten


def test_an_order_waits_for_the_erasing_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    looked = Meeting(2, seconds=5)

    def look_and_tell(user_id: int) -> Any:
        found = obstacles_of(user_id)
        looked.wait()
        return found

    monkeypatch.setattr("accounts.actions.erasing.obstacles_of", look_and_tell)

    def order() -> None:
        looked.wait()
        placed_order(customer=world.customer, slot=world.morning, basket=[(world.milk, 1)])

    me = Actor.user(world.customer.pk, Role.CUSTOMER)
    problems = in_threads(lambda: erase_person(world.customer.pk, by=me), order)
    assert [type(problem) for problem in problems] == [PersonErased]
    assert not Order.objects.exists()
    assert User.objects.get(pk=world.customer.pk).erased_at is not None


def test_an_order_that_came_first_stands_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """From their cart: erasing waits for whoever presses the button, and then sees the order."""
    world = small_world()
    door = AddressFactory(user=world.customer, pincode="560034")
    cart = filled_cart(world, customer_id=world.customer.pk)
    pressed = Meeting(2, seconds=5)
    me = Actor.user(world.customer.pk, Role.CUSTOMER)

    def order() -> None:
        with transaction.atomic():
            place_order(cart.pk, purchase(world, buyer=Buyer(user_id=world.customer.pk), address=door), by=me)
            pressed.wait()

    def erase() -> None:
        pressed.wait()
        erase_person(world.customer.pk, by=me)

    problems = in_threads(order, erase)
    assert [type(problem) for problem in problems] == [NotErasable]
    assert Order.objects.get().number in str(problems[0])
    assert User.objects.get(pk=world.customer.pk).erased_at is None


def test_pressed_twice_it_happens_once() -> None:
    world = small_world()
    me = Actor.user(world.customer.pk, Role.CUSTOMER)
    problems = in_threads(*[lambda: erase_person(world.customer.pk, by=me)] * 3)
    assert problems == []
    assert User.objects.get(pk=world.customer.pk).erased_at is not None
