"""Why money goes back or is free again, as its household and staff read it: never the code of a rule."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from cart.actions import Buyer
from deliveries.actions import mark_failed, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.money import Money
from notifications.models import Notification
from notifications.tasks import send_queued
from orders.actions import pack_order
from orders.models import Order
from payments import actions
from payments.actions import Way, reroute_refund, top_up
from payments.models import Refund, RefundMovement
from payments.words import reason_words, trouble_words
from tests.cart.shopping import buy
from tests.factories.accounts import AdminFactory
from tests.factories.world import World, small_world
from tests.payments.paying import STAFF, try_card, unpaid, worker
from tests.payments.test_order_books import make_short
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db(transaction=True)

Drain = Callable[[], int]
At = Callable[[str], datetime]


@pytest.fixture
def world(at: At) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Claim 5", "Claim"),
        ("not_delivered", "It did not get to your door"),
        ("line_short", "Not everything could come"),
        ("order_cancelled", "Order cancelled"),
        ("The cream was sour.", "The cream was sour."),
        ("", ""),
    ],
)
def test_a_reason_of_the_books_is_told_in_words(reason: str, words: str) -> None:
    assert reason_words(reason) == words


def household(world: World) -> Client:
    client = Client()
    client.force_login(world.customer)
    return client


def not_handed_over(order: Order, at: At) -> None:
    at("2026-01-31T04:30+05:30")
    pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    mark_failed(delivery.pk, reason="REFUSED", by=STAFF)


def test_an_order_that_did_not_get_to_its_door(world: World, at: At, drain: Drain) -> None:
    run = unpaid(world, buyer=Buyer(user_id=world.customer.pk))
    try_card(run, "success")
    not_handed_over(run.order, at)
    worker(drain)
    client = household(world)
    page = text_of(client.get(reverse("orders:detail", args=[run.order.number])))
    assert "back: It did not get to your door" in page
    assert "At your door" not in page, "what did not happen is not still to come"
    assert "Returned" in page
    payments = text_of(client.get("/account/payments/"))
    assert "not_delivered" not in payments
    told = client.get("/api/v1/payments/").json()["results"][0]["refunds"][0]
    assert (told["kind"], told["reason"]) == ("CANCELLED", "It did not get to your door")
    (letter,) = Notification.objects.filter(kind="refund_made", channel="EMAIL")
    send_queued()
    letter.refresh_from_db()
    assert f"Order {run.order.number} did not get to your door, so what you paid goes back." in letter.body
    assert "was cancelled" not in letter.body


def test_cash_that_was_never_taken_is_no_failure(world: World, at: At) -> None:
    order = buy(world, buyer=Buyer(user_id=world.customer.pk)).order
    not_handed_over(order, at)
    answer = household(world).get("/account/payments/")
    assert "Called off" in text_of(answer)
    assert "The order did not get to your door. Nothing is taken." in text_of(answer)
    assert "badge--danger" not in answer.content.decode()
    assert "called off" in text_of(household(world).get(reverse("orders:detail", args=[order.number])))


def test_money_that_is_free_again_says_why(world: World) -> None:
    top_up(world.customer.pk, Money(50_000, "INR"), key="t", reference="t", by=STAFF)
    items = [(world.milk, 2), (world.variants[1], 1)]
    order = buy(world, *items, payment_method="WALLET", buyer=Buyer(user_id=world.customer.pk)).order
    make_short(order, world)
    actions.lower_hold(order.pk, by=STAFF)
    client = household(world)
    assert "Not everything could come" in text_of(client.get("/account/wallet/"))
    assert "line_short" not in client.get("/account/wallet/statement.csv").content.decode()
    rows = client.get("/api/v1/wallet/entries/").json()["results"]
    assert (rows[0]["kind"], rows[0]["reason"]) == ("RELEASE", "Not everything could come")


def test_staff_read_what_happened_to_a_refund_and_who_did_it(world: World, at: At, drain: Drain) -> None:
    run = unpaid(world, buyer=Buyer(user_id=world.customer.pk))
    try_card(run, "success")
    not_handed_over(run.order, at)
    refund = Refund.objects.get()
    RefundMovement.objects.update(status="FAILED", failure_code="charge_not_refundable", attempts=1)
    admin = AdminFactory(name="Ravi Nair")
    reroute_refund(refund.pk, Way("HAND", "They asked.", "UTR 123"), by=Actor.user(admin.pk, Role.ADMIN))
    client = Client()
    client.force_login(admin)
    page = text_of(client.get(reverse("admin:payments_refund_change", args=[refund.pk])))
    assert "the card or account is closed" in page
    assert "Ravi Nair" in page
    for code in ("charge_not_refundable", f"user:{admin.pk}", "not_delivered"):
        assert code not in page
    assert trouble_words("something_new") == "something_new"


def test_payments_are_a_file_with_what_went_back(world: World, at: At, drain: Drain) -> None:
    run = unpaid(world, buyer=Buyer(user_id=world.customer.pk))
    try_card(run, "declined")
    try_card(run, "success")
    not_handed_over(run.order, at)
    worker(drain)
    answer = household(world).get("/account/payments/payments.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    paid, back, declined = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (paid["What"], paid["Order"], paid["Amount"], paid["Currency"]) == (
        "Payment", run.order.number, "76.00", "INR",
    )  # fmt: skip
    assert (back["What"], back["Amount"], back["Why"]) == ("Back", "-76.00", "It did not get to your door")
    assert (declined["Status"], declined["Amount"]) == ("Failed", "76.00")
    assert "declined" in declined["Why"]
    stranger = Client()
    stranger.force_login(AdminFactory())
    assert run.order.number not in stranger.get("/account/payments/payments.csv").content.decode()
