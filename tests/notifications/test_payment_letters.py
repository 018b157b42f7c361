"""What a household reads of its money: once, of what the books say, and not what another message said already."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from cart.actions import Buyer, resume_checkout
from cart.models import Checkout
from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core import clock
from notifications.channels.sms import MemoryBackend
from notifications.models import Notification
from notifications.tasks import send_queued
from orders.actions import cancel_order, hold_order, pack_order
from payments.actions import Way, Wish, pay, pay_top_up, refund_payment, reroute_refund
from payments.links import pay_token, payable_order
from payments.models import DemoCharge, Payment, Refund
from tests.cart.shopping import GUEST, buy
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.world import World, small_world
from tests.payments.books import filled_wallet, rupees
from tests.payments.paying import EVENING, STAFF, by_card, try_card, unpaid, worker
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db(transaction=True)

Drain = Callable[[], int]


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING.isoformat())
    MemoryBackend.outbox.clear()
    return small_world()


def send_all(drain: Drain) -> None:
    """Everything that is to be sent, also what waits a while before it is."""
    drain()
    Notification.objects.filter(status="QUEUED").update(next_attempt_at=clock.real_now())
    send_queued()


def sent(kind: str) -> list[str]:
    rows = Notification.objects.filter(kind=kind, status="SENT").exclude(channel="IN_APP").order_by("pk")
    return [f"{row.subject}\n{row.body}" for row in rows]


def states(kind: str) -> list[str]:
    rows = Notification.objects.filter(kind=kind).exclude(channel="IN_APP").order_by("pk")
    return list(rows.values_list("status", flat=True))


def opens(text: str, run: Checkout) -> bool:
    """Whether the link in a text lets pay the order."""
    found = re.search(r"http://\S+/orders/pay/([^/\s]+)/", text)
    return found is not None and payable_order(found[1]) == run.order


def by_staff(run: Checkout) -> Checkout:
    """The same as if staff had placed it."""
    run.order.source = "STAFF"
    run.order.save(update_fields=["source"])
    return run


def test_an_order_that_is_paid_at_once_says_so_in_its_confirmation_alone(world: World, drain: Drain) -> None:
    try_card(unpaid(world), "success")
    send_all(drain)
    [confirmed] = sent("order_confirmed")
    assert "Paid: ₹76.00, Card." in confirmed
    assert states("payment_received") == ["SKIPPED"]
    assert len([m for m in mail.outbox if m.to == ["asha@example.com"]]) == 1


def test_money_for_an_order_on_hold_has_a_receipt_of_its_own(world: World, drain: Drain) -> None:
    run = unpaid(world)
    payment = pay(run.order_id, by_card("late"), by=GUEST)
    hold_order(run.order_id, by=STAFF, reason="Look at it")
    DemoCharge.objects.update(settles_at=clock.now())
    worker(drain)
    send_all(drain)
    payment.refresh_from_db()
    assert payment.status == "SUCCEEDED"
    [receipt] = sent("payment_received")
    assert "We have received ₹76.00" in receipt
    assert "still looking at the order" in receipt


def test_a_declined_card_is_told_with_what_to_do_and_until_when(world: World, drain: Drain) -> None:
    run = unpaid(world)
    payment = try_card(run, "declined")
    drain()
    send_queued()
    assert states("payment_failed") == ["QUEUED"], "whoever stands before the page reads it there"
    send_all(drain)
    [told] = sent("payment_failed")
    assert payment.expires_at is not None
    assert "8:15 pm" in told
    assert "2 times more" in told
    assert opens(told, run)


@pytest.mark.parametrize("then", ["pays", "cancels", "fails again"])
def test_a_failure_that_is_past_is_not_told(world: World, drain: Drain, then: str) -> None:
    run = unpaid(world)
    try_card(run, "declined")
    if then == "pays":
        try_card(run, "success")
    elif then == "cancels":
        cancel_order(run.order_id, by=STAFF, reason="called")
    else:
        try_card(run, "insufficient_funds")
    send_all(drain)
    assert states("payment_failed")[0] == "SKIPPED"
    assert len(sent("payment_failed")) == (1 if then == "fails again" else 0)


def test_what_nobody_refused_is_no_failure(world: World, drain: Drain) -> None:
    run = unpaid(world)
    cancel_order(run.order_id, by=STAFF, reason="called")
    worker(drain)
    assert Payment.objects.get().status == "FAILED"
    assert states("payment_failed") == []


def test_an_order_that_was_not_paid_says_that_and_owes_nothing(world: World, drain: Drain, at: Any) -> None:
    run = unpaid(world)
    at("2026-01-30T20:16+05:30")
    worker(drain)
    send_all(drain)
    [told] = sent("checkout_failed")
    assert "was not paid in time" in told
    run.refresh_from_db()
    assert run.state == "FAILED"


@pytest.mark.parametrize(
    ("destination", "words"),
    [
        ("SOURCE", ("on its way back to you", "the card that you paid with", "five to seven working days")),
        ("WALLET", ("is back in your wallet", "You can use it now.")),
    ],
)
def test_what_went_back_says_how_much_where_to_and_when(
    world: World, drain: Drain, destination: str, words: tuple[str, ...]
) -> None:
    payment = try_card(unpaid(world), "success")
    refund_payment(payment.pk, Wish("sour", amount=rupees(10), destination=destination), key="a", by=STAFF)
    assert sent("refund_made") == []
    worker(drain)
    send_all(drain)
    send_all(drain)
    [told] = sent("refund_made")
    assert "₹10.00" in told
    assert all(word in told for word in words)


def test_a_cancelled_order_says_that_money_goes_back_and_then_that_it_did(world: World, drain: Drain) -> None:
    payment = try_card(unpaid(world), "success")
    send_all(drain)
    cancel_order(payment.order_id or 0, by=STAFF, reason="called")
    worker(drain)
    worker(drain)
    send_all(drain)
    assert "What you paid goes back by itself" in sent("order_cancelled")[0]
    [told] = sent("refund_made")
    assert "₹76.00 is on its way back to you" in told
    assert "was cancelled" in told


def test_staff_hear_of_what_can_not_go_back_until_somebody_sent_it_elsewhere(world: World, drain: Drain) -> None:
    payment = try_card(unpaid(world), "success")
    DemoCharge.objects.update(refunds={"elsewhere": payment.amount.minor})
    refund_payment(payment.pk, Wish("sour"), key="a", by=STAFF)
    worker(drain)
    send_all(drain)
    [told] = sent("refund_failed")
    refund = Refund.objects.get()
    assert f"/admin/payments/refund/{refund.pk}/change/" in told
    assert "₹76.00" in told
    Notification.objects.filter(kind="refund_failed").update(status="QUEUED", next_attempt_at=clock.real_now())
    reroute_refund(refund.pk, Way("HAND", "The card was closed", "UTR-4711"), by=STAFF)
    send_all(drain)
    assert states("refund_failed") == ["SKIPPED"]
    [household] = sent("refund_made")
    assert "UTR-4711" in household


def test_a_wallet_says_what_is_set_aside_and_what_was_taken(world: World, drain: Drain, at: Any) -> None:
    person = UserFactory(email="meera@example.com")
    address = AddressFactory(user=person, pincode=world.pincode.code)
    filled_wallet(person, 500)
    order = buy(world, buyer=Buyer(user_id=person.pk), address=address, payment_method="WALLET").order
    send_all(drain)
    assert "₹76.00 is set aside in your wallet" in sent("order_confirmed")[0]
    pack_order(order.pk, by=STAFF)
    at("2026-01-31T05:30+05:30")
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    mark_delivered(delivery.pk, by=STAFF)
    at("2026-01-31T06:05+05:30")  # when the household's night is over
    send_all(drain)
    assert "Paid: ₹76.00, Wallet." in sent("delivered")[0]
    assert states("payment_received") == []


def test_a_top_up_that_the_bank_refuses_is_told_once(world: World, drain: Drain) -> None:
    person: User = UserFactory(email="meera@example.com")
    pay_top_up(person.pk, rupees(500), by_card("declined"), key="k", by=GUEST)
    send_all(drain)
    [told] = sent("payment_failed")
    assert "Your wallet is as it was" in told
    assert "/account/wallet/" in told


# -- the link to pay -------------------------------------------------------------------------------------------------


def test_a_link_goes_to_a_household_for_whom_staff_ordered(world: World, drain: Drain) -> None:
    run = by_staff(unpaid(world))
    try_card(run, "declined")
    send_all(drain)
    [told] = sent("pay_link")
    assert opens(told, run)
    assert "₹76.00" in told
    assert "until Fri 30 Jan, 8:15 pm" in told


def test_by_text_message_where_only_a_phone_is_known(world: World, drain: Drain) -> None:
    run = by_staff(unpaid(world, buyer=Buyer(name="Asha Rao", phone="+919845012345")))
    send_all(drain)
    [(to, text)] = MemoryBackend.outbox
    assert to == "+919845012345"
    assert opens(text, run)
    assert "\n" not in text


def test_an_order_that_was_paid_meanwhile_gets_no_link(world: World, drain: Drain) -> None:
    run = by_staff(unpaid(world))
    try_card(run, "success")
    send_all(drain)
    assert states("pay_link") == ["SKIPPED"]


def test_whoever_holds_the_link_pays_the_order_and_sees_nothing_else(world: World, client: Client) -> None:
    run = unpaid(world)
    pay_page = f"/orders/{run.order.number}/pay/"
    assert client.get(pay_page).headers["Location"].startswith("/accounts/login/")
    link = f"/orders/pay/{pay_token(run.order)}/"
    assert client.get(link).headers["Location"] == pay_page
    page = text_of(client.get(pay_page))
    assert "Pay ₹76.00" in page
    assert "Wallet" not in page.split("Security code")[0].split("How to pay")[1]
    card = {"how": "CARD", "number": "4242424242424242", "expires": "09/30", "cvc": "123", "attempt": 1}
    assert client.post(pay_page, card).headers["Location"] == link
    assert "It is paid. Thank you." in text_of(client.get(link))
    assert client.get(f"/orders/{run.order.number}/").status_code == 302, "the order's own page is not theirs"
    run.refresh_from_db()
    assert run.state == "DONE"


def test_a_link_of_another_order_opens_only_that(world: World, client: Client) -> None:
    mine = unpaid(world)
    other = unpaid(world, buyer=Buyer(name="Ravi", email="ravi@example.com"))
    client.get(f"/orders/pay/{pay_token(mine.order)}/")
    assert client.get(f"/orders/{other.order.number}/pay/").headers["Location"].startswith("/accounts/login/")


def test_a_link_ends_with_its_owner_and_with_its_signature(world: World, client: Client) -> None:
    run = unpaid(world)
    token = pay_token(run.order)
    assert client.get(f"/orders/pay/{token}x/").status_code == 410
    run.order.customer = world.customer
    run.order.save(update_fields=["customer"])
    assert client.get(f"/orders/pay/{token}/").status_code == 410


@pytest.mark.parametrize("state", ["CANCELLED", "ON_HOLD"])
def test_a_link_tells_how_an_order_stands_that_can_not_be_paid(
    world: World, client: Client, drain: Drain, state: str
) -> None:
    run = unpaid(world)
    if state == "CANCELLED":
        cancel_order(run.order_id, by=STAFF, reason="called")
        resume_checkout(run.pk, by=STAFF)
    else:
        hold_order(run.order_id, by=STAFF, reason="Look at it")
    page = text_of(client.get(f"/orders/pay/{pay_token(run.order)}/"))
    assert {"CANCELLED": "is cancelled", "ON_HOLD": "We are looking at this order"}[state] in page
