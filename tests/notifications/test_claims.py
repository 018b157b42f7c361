"""Letters about claims: who hears what, and that it agrees with the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from django.core import mail

from notifications.models import Notification
from notifications.tasks import send_queued
from orders.actions import reject_claim
from orders.models import Order
from payments.actions import Wish, approve_claim, refund_payment
from payments.models import Payment, Refund
from tests.factories.world import World, small_world
from tests.orders.claiming import STAFF, brought, claim_of

pytestmark = pytest.mark.django_db(transaction=True)

Drain = Callable[[], int]


@pytest.fixture
def order(at: Callable[[str], datetime], drain: Drain) -> Order:
    at("2026-01-31T08:00+05:30")
    return delivered(small_world(), drain)


def delivered(world: World, drain: Drain) -> Order:
    """With everything of the delivery told."""
    order = brought(world)
    told(drain)
    return order


def told(drain: Drain) -> list[tuple[str, str]]:
    """What was sent since the last time: to whom, and the text."""
    drain()
    Notification.objects.filter(status="QUEUED").update(next_attempt_at="2020-01-01T00:00Z")
    mail.outbox.clear()
    send_queued()
    return [(message.to[0], f"{message.subject}\n{message.body}") for message in mail.outbox]


def test_what_the_rule_grants_is_one_letter(order: Order, drain: Drain) -> None:
    claim_of(order, 1)
    [(to, words)] = told(drain)
    assert to == order.customer.email
    assert Refund.objects.get().amount.format() in words
    assert "within a minute" in words
    assert f"/orders/{order.number}/#claims" in words


def test_what_waits_is_told_to_household_and_staff_and_then_decided(order: Order, drain: Drain) -> None:
    claim = claim_of(order, 2, photo=None, destination="SOURCE")
    letters = dict(told(drain))
    assert letters.keys() == {order.customer.mail_address, settings.ADMIN_EMAIL}
    assert "Somebody looks at it" in letters[order.customer.mail_address]
    assert "No photo of what can be seen" in letters[settings.ADMIN_EMAIL]
    assert f"/admin/orders/claim/{claim.pk}/" in letters[settings.ADMIN_EMAIL]
    line = order.lines.get()
    approve_claim(claim.pk, granted={line.pk: 1}, reason="One was fresh.", by=STAFF)
    [(_to, words)] = told(drain)
    for part in ("₹28.00 goes back", "One was fresh.", "1 granted", "where you paid from"):
        assert part in words


def test_a_refusal_says_why(order: Order, drain: Drain) -> None:
    claim = claim_of(order, 1, photo=None)
    told(drain)
    reject_claim(claim.pk, reason="It was fresh.", by=STAFF)
    [(_to, words)] = told(drain)
    assert "could not grant it" in words
    assert "It was fresh." in words


def test_nobody_is_called_to_decide_what_is_decided(order: Order, drain: Drain) -> None:
    claim = claim_of(order, 1, photo=None)
    drain()
    approve_claim(claim.pk, by=STAFF)
    assert [to for to, _words in told(drain)] == [order.customer.email]
    assert Notification.objects.filter(kind="claim_to_decide", status="SKIPPED").count() == 1


def test_a_guest_finds_the_way_in_the_mail_of_the_delivery(at: Callable[[str], datetime], drain: Drain) -> None:
    at("2026-01-31T06:00+05:30")
    brought(small_world(), method="COD", is_guest=True)
    letters = [words for _to, words in told(drain) if "/orders/wrong/" in words]
    assert len(letters) == 1


def test_what_was_paid_back_another_way_is_no_refusal(order: Order, drain: Drain) -> None:
    claim_of(order, 2, photo=None)
    told(drain)
    line = order.lines.get()
    payment = Payment.objects.get(order=order)
    refund_payment(payment.pk, Wish("sour", lines={line.pk: 2}), key="a", by=STAFF)
    told(drain)  # the claim is settled by what was told
    letters = [row.body for row in Notification.objects.filter(kind="claim_decided", channel="EMAIL")]
    assert len(letters) == 1
    assert "has gone back to you already" in letters[0]
    assert "could not grant" not in letters[0]
