"""Claims in the back office: counted on the first page, seen whole, granted, granted in part, refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core.actors import Actor, Role
from orders.models import Claim
from payments.actions import Wish, refund_payment
from payments.models import Payment, Refund
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world
from tests.orders.claiming import brought, claim_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-31T08:00+05:30")
    return small_world()


@pytest.fixture
def manager() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER))
    return client


def url(action: str, claim: Claim) -> str:
    return reverse(f"admin:orders_claim_{action}", args=(claim.pk,))


def test_a_manager_sees_what_waits_and_grants_a_part(world: World, manager: Client) -> None:
    order = brought(world)
    claim = claim_of(order, 2, photo=None, words="Both smelled.")
    first = manager.get(reverse("admin:index"))
    assert {str(tile.label): tile.value for tile in first.context["tiles"]}["Claims to decide"] == 1
    page = manager.get(url("change", claim)).content.decode()
    for words in ("Both smelled.", "No photo of what can be seen", "₹56.00", order.number, "Grant", "Refuse"):
        assert words in page
    line = f"line_{order.lines.get().pk}"
    answer = manager.post(url("approve", claim), {line: "1", "reason": ""})
    assert "the household reads it" in answer.content.decode()
    assert answer.context["form"].errors.keys() == {"reason"}
    assert manager.post(url("approve", claim), {line: "3", "reason": "x"}).status_code == 200
    assert not Refund.objects.exists()
    answer = manager.post(url("approve", claim), {line: "1", "reason": "One was fresh."})
    assert answer.status_code == 302
    claim.refresh_from_db()
    assert (claim.status, claim.granted.minor, Payment.objects.get().refunded.minor) == ("APPROVED", 2800, 2800)
    page = manager.get(url("change", claim)).content.decode()
    assert "One was fresh." in page
    assert url("approve", claim) not in page, "it is decided"
    assert "28.00" in manager.get(reverse("admin:orders_order_change", args=(order.pk,))).content.decode()


def test_a_manager_refuses_and_sees_it_at_the_next_claim(world: World, manager: Client) -> None:
    one, two = brought(world), brought(world)
    claim = claim_of(one, 1, photo=None)
    assert "This field is required" in manager.post(url("refuse", claim), {"reason": ""}).content.decode()
    assert manager.post(url("refuse", claim), {"reason": "It was fresh."}).status_code == 302
    late = manager.post(url("approve", claim), {f"line_{one.lines.get().pk}": "1", "reason": ""})
    assert "decided meanwhile" in late.content.decode()
    page = manager.get(url("change", claim_of(two, 1, photo=None))).content.decode()
    assert one.number in page
    assert "Refused" in page


def test_a_claim_that_was_paid_back_another_way_is_closed_by_one_click(world: World, manager: Client) -> None:
    order = brought(world)
    claim = claim_of(order, 2, photo=None)
    assert url("settle", claim) not in manager.get(url("change", claim)).content.decode(), "nothing went back yet"
    line = order.lines.get()
    by = Actor.system("tests")
    refund_payment(Payment.objects.get().pk, Wish("sour", lines={line.pk: 1}), key="a", by=by)
    page = manager.get(url("change", claim)).content.decode()
    assert url("settle", claim) in page
    form = manager.get(url("approve", claim)).context["form"]
    assert form[f"line_{line.pk}"].value() == 1, "as many as were not paid back"
    assert manager.post(url("settle", claim), {}).status_code == 302
    claim.refresh_from_db()
    assert (claim.status, claim.granted.minor) == ("SETTLED", 0)
    assert url("settle", claim) not in manager.get(url("change", claim)).content.decode()
    rows = manager.get(reverse("admin:orders_claim_changelist")).content.decode()
    assert "By a manager" in rows
    household = Client()
    household.force_login(world.customer)
    told = household.get(reverse("orders:detail", args=[order.number])).content.decode()
    assert "Paid back already" in told
    assert "has gone back to you already" in told


def test_what_can_not_be_granted_any_more_is_told_on_the_page(world: World, manager: Client) -> None:
    claim = claim_of(brought(world), 1, photo=None)
    Payment.objects.update(refunded=Payment.objects.get().amount)
    assert "Nothing is left to pay back" in manager.get(url("change", claim)).content.decode()
    answer = manager.post(url("approve", claim), {f"line_{claim.lines.get().line_id}": "1", "reason": ""})
    assert "Nothing is left to pay back" in answer.content.decode()
    assert Claim.objects.get().status == "OPEN"
