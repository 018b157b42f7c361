"""Who is told of what, exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import transaction
from django_q.models import OrmQ

from accounts.models import Preferences
from cart.actions import Buyer, place_order, run_checkout
from cart.events import CheckoutCompleted
from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import Envelope, emit
from notifications import handlers
from notifications.channels.sms import MemoryBackend
from notifications.models import Notification
from notifications.tasks import send_queued
from orders.actions import cancel_order, pack_order
from orders.models import Order
from tests.cart.shopping import buy, filled_cart, purchase
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.inventory import count_shelves
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


def told() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("pk").values_list("kind", "address"))


def test_an_order_tells_its_household_and_its_dairy(world: World, drain: Callable[[], int]) -> None:
    order = buy(world).order
    assert told() == [], "the order does not wait for anybody to be told"
    drain()
    assert sorted(told()) == [("order_confirmed", "asha@example.com"), ("vendor_assignment", world.vendor.email)]
    row = Notification.objects.get(kind="order_confirmed")
    assert (row.recipient_id, row.role, row.language, row.status) == (order.customer_id, "CUSTOMER", "en", "QUEUED")
    assert (row.subject, row.body) == ("", ""), "written when it is sent"


def test_the_whole_way_to_the_door(world: World, drain: Callable[[], int], at: Callable[[str], datetime]) -> None:
    order = buy(world).order
    delivery = Delivery.objects.get(order=order)
    pack_order(order.pk, by=STAFF)
    at(DAWN)
    mark_picked_up(delivery.pk, by=STAFF)
    drain()
    mark_delivered(delivery.pk, by=STAFF)
    drain()
    assert [kind for kind, address in told() if address == "asha@example.com"] == [
        "order_confirmed",
        "out_for_delivery",
        "delivered",
    ]


def test_an_event_heard_twice_tells_once(world: World, drain: Callable[[], int]) -> None:
    order = buy(world).order
    drain()
    event_id = Notification.objects.get(kind="order_confirmed").event_id
    assert event_id is not None
    again = Envelope(event_id, CheckoutCompleted(order.pk, order.customer_id), STAFF, datetime.fromisoformat(EVENING))
    with transaction.atomic():
        handlers.on_checkout_completed([again])
        handlers.on_checkout_completed([again, again])
    assert Notification.objects.filter(kind="order_confirmed").count() == 1


def test_many_orders_are_told_with_the_same_number_of_queries(
    world: World, drain: Callable[[], int], django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(6):
        buy(world, buyer=Buyer(name="Asha Rao", email=f"asha{number}@example.com"))
    drain()
    orders = list(Order.objects.all())
    Notification.objects.all().delete()
    envelopes = [
        Envelope(
            1000 + order.pk, CheckoutCompleted(order.pk, order.customer_id), STAFF, datetime.fromisoformat(EVENING)
        )
        for order in orders
    ]
    with django_assert_max_num_queries(6), transaction.atomic():  # type: ignore[attr-defined]
        handlers.on_checkout_completed(envelopes)
    assert Notification.objects.count() == 6


def test_a_worker_is_woken_with_the_commit(world: World, drain: Callable[[], int]) -> None:
    OrmQ.objects.all().delete()
    buy(world)
    drain()
    assert "notifications.tasks.send_queued" in {task.func() for task in OrmQ.objects.all()}


def test_nobody_is_told_of_what_was_rolled_back(world: World, drain: Callable[[], int]) -> None:
    order = buy(world).order
    drain()
    Notification.objects.all().delete()
    with transaction.atomic():
        emit(CheckoutCompleted(order.pk, order.customer_id), actor=STAFF)
        transaction.set_rollback(True)
    drain()
    assert told() == []


def test_a_checkout_that_came_to_nothing_says_so_once(world: World, drain: Callable[[], int]) -> None:
    cart = filled_cart(world, (world.milk, 2))
    placed = place_order(cart.pk, purchase(world), by=Actor.guest())
    count_shelves(0, variant=world.milk)
    run_checkout(placed.pk, by=Actor.guest())
    drain()
    assert told() == [("checkout_failed", "asha@example.com")], "and not that an order was cancelled besides"


def test_a_cancelled_order_tells_both_sides(world: World, drain: Callable[[], int]) -> None:
    order = buy(world).order
    drain()
    send_queued()
    cancel_order(order.pk, by=STAFF, reason="changed my mind")
    drain()
    assert told()[2:] == [("order_cancelled", "asha@example.com"), ("vendor_cancellation", world.vendor.email)]


def test_where_only_a_phone_is_known_a_text_message_goes(world: World, drain: Callable[[], int]) -> None:
    MemoryBackend.outbox.clear()
    order = buy(world, buyer=Buyer(name="Asha Rao", phone="+919845012345")).order
    drain()
    send_queued()
    [(to, text)] = MemoryBackend.outbox
    assert to == "+919845012345"
    assert order.number in text
    assert "/track/" in text


def test_people_read_their_own_language(world: World, drain: Callable[[], int]) -> None:
    person = UserFactory(email="meera@example.com")
    Preferences.objects.create(user=person, language="hi")
    address = AddressFactory(user=person, pincode=world.pincode.code)
    buy(world, buyer=Buyer(user_id=person.pk), address=address)
    drain()
    send_queued()
    rows = Notification.objects.filter(kind="order_confirmed")
    seen = set(rows.values_list("channel", "language", "status"))
    assert seen == {("EMAIL", "hi", "SENT"), ("IN_APP", "hi", "SENT")}


def test_a_known_person_is_sent_to_the_order_and_a_guest_may_claim_it(world: World, drain: Callable[[], int]) -> None:
    person = UserFactory(email="meera@example.com")
    address = AddressFactory(user=person, pincode=world.pincode.code)
    known = buy(world, buyer=Buyer(user_id=person.pk), address=address).order
    guest = buy(world, buyer=Buyer(name="Meera", email="meera@example.com")).order
    stranger = buy(world, buyer=Buyer(name="Ravi", email="ravi@example.com")).order
    drain()
    send_queued()
    body = {
        row.data["order_id"]: row.body for row in Notification.objects.filter(kind="order_confirmed", channel="EMAIL")
    }
    assert f"/orders/{known.number}/" in body[known.pk]
    assert "claim" not in body[known.pk]
    assert "You have an account with this address" in body[guest.pk]
    assert "/orders/claim/" in body[guest.pk]
    assert "Sign up with this address" in body[stranger.pk]
