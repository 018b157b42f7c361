"""Held orders in the back office: the queue on the first page, the buttons of an order, many at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from orders.actions import hold_order, hold_suspect, pack_order
from orders.models import Hold, Order
from orders.rules.fraud import Finding, Rule, Screening
from tests.factories.accounts import UserFactory
from tests.factories.orders import confirmed_order, placed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
LIST = reverse("admin:orders_order_changelist")
SEEN = {"total": [612_000, "INR"], "limit": [500_000, "INR"]}
WHY = "New customer, and ₹6,120.00 is a lot (from ₹5,000.00)"


@pytest.fixture(autouse=True)
def _before_the_cut_off(at: Callable[[str], datetime]) -> None:
    at("2026-01-15T20:00+05:30")


def _held(world: World, reason: str = "Asks for another door", **options: Any) -> Order:
    order = confirmed_order(basket=[(world.milk, 1)], slot=world.morning, **options)
    return hold_order(order.pk, by=SYSTEM, reason=reason)


def _suspect(world: World) -> Order:
    with transaction.atomic():
        order = Order.objects.locked(placed_order(basket=[(world.milk, 1)], slot=world.morning).pk)
        hold_suspect(order, Screening((Finding(Rule.NEW_ACCOUNT, 100, SEEN),), 100), by=SYSTEM)
    return order


def _url(action: str, order: Order) -> str:
    return reverse(f"admin:orders_order_{action}", args=(order.pk,))


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def _page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_the_first_page_tells_what_waits_and_why(manager_client: Client, world: World) -> None:
    assert "Orders to decide about" not in _page(manager_client, reverse("admin:index"))
    ours, theirs = _held(world), _suspect(world)
    page = _page(manager_client, reverse("admin:index"))
    for fact in (ours.number, "Asks for another door", theirs.number, WHY, _url("change", theirs), "decide until"):
        assert fact in page, fact


def test_the_queue_asks_as_much_however_long_it_is(manager_client: Client, world: World) -> None:
    _held(world)
    manager_client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as before:
        manager_client.get(reverse("admin:index"))
    for _ in range(5):
        _held(world, customer=UserFactory())
    with CaptureQueriesContext(connection) as after:
        manager_client.get(reverse("admin:index"))
    assert len(after) == len(before)


def test_an_order_offers_what_its_status_allows(manager_client: Client, world: World) -> None:
    order = confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    offered = {name: _url(name, order) for name in ("hold", "approve", "reject")}
    page = _page(manager_client, _url("change", order))
    assert [name for name, url in offered.items() if f'href="{url}"' in page] == ["hold"]
    hold_order(order.pk, by=SYSTEM, reason="Wait")
    page = _page(manager_client, _url("change", order))
    assert [name for name, url in offered.items() if f'href="{url}"' in page] == ["approve", "reject"]


def test_a_manager_holds_with_a_reason_and_lets_go(manager_client: Client, world: World) -> None:
    order = confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    assert "This field is required" in manager_client.post(_url("hold", order), {"reason": " "}).content.decode()
    assert manager_client.post(_url("hold", order), {"reason": "Asks for another door"}).status_code == 302
    order.refresh_from_db()
    assert order.status == Order.Status.ON_HOLD
    assert "Asks for another door" in _page(manager_client, _url("approve", order)), "one sees why before deciding"
    assert manager_client.post(_url("approve", order)).status_code == 302
    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert "Approved" in _page(manager_client, _url("change", order))


def test_a_manager_rejects_what_the_screening_found(manager_client: Client, world: World) -> None:
    order = _suspect(world)
    assert WHY in _page(manager_client, _url("change", order))
    assert WHY in _page(manager_client, _url("reject", order))
    assert manager_client.post(_url("reject", order), {"reason": "Stolen card"}).status_code == 302
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELLED
    assert "Stolen card" in _page(manager_client, _url("change", order))


def test_what_a_colleague_decided_meanwhile_is_told_and_what_was_typed_stays(
    manager_client: Client, world: World
) -> None:
    order = _held(world)
    manager_client.post(_url("approve", order))
    page = manager_client.post(_url("reject", order), {"reason": "Not at home"}).content.decode()
    assert "is not on hold any more" in page
    assert "Not at home" in page
    pack_order(order.pk, by=SYSTEM)
    page = manager_client.post(_url("hold", order), {"reason": "Wait"}).content.decode()
    assert "be held any more" in page


def test_a_bulk_approval_shows_first_what_it_will_do(manager_client: Client, world: World) -> None:
    held, late = _held(world), _held(world, reason="Too late")
    Hold.objects.filter(order=late).update(keep_until=late.placed_at - timedelta(days=1))
    free = confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    chosen = {"action": "approve_selected", "_selected_action": [held.pk, late.pk, free.pk]}
    page = manager_client.post(LIST, chosen).content.decode()
    for fact in ("3 chosen", "1 will change", "Asks for another door", "has passed", "is not on hold"):
        assert fact in page, fact
    held.refresh_from_db()
    assert held.status == Order.Status.ON_HOLD
    answer = manager_client.post(LIST, {**chosen, "confirmed": "yes"})
    assert _said(answer)[0] == "1 order goes on."
    assert set(Order.objects.filter(pk__in=[held.pk, free.pk]).values_list("status", flat=True)) == {"CONFIRMED"}
    late.refresh_from_db()
    assert late.status == Order.Status.ON_HOLD


def test_the_list_finds_what_was_suspect(manager_client: Client, world: World) -> None:
    suspect, other = _suspect(world), _held(world)
    page = _page(manager_client, f"{LIST}?fraud_flag__exact=1")
    assert _url("change", suspect) in page
    assert _url("change", other) not in page


def test_amounts_are_told_in_their_own_currency() -> None:
    assert Finding(Rule.NEW_ACCOUNT, 100, SEEN).words == WHY
    assert Money(612_000, "INR").format() in WHY
