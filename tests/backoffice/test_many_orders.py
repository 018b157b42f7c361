"""Bulk actions on orders: what will happen to each is shown first, each is its own transaction, each result is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core.models import Event
from orders.models import Order
from tests.factories.orders import confirmed_order, packed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db

LIST = "admin:orders_order_changelist"


def press(client: Client, action: str, orders: list[Order], **answer: str) -> Any:
    return client.post(reverse(LIST), {"action": action, "_selected_action": [order.pk for order in orders], **answer})


@pytest.fixture
def orders(world: World) -> list[Order]:
    return [confirmed_order(basket=[(world.milk, 1)], slot=world.morning) for _ in range(3)]


@pytest.mark.parametrize("action", ["pack_selected", "hold_selected", "cancel_selected"])
def test_the_question_changes_nothing_and_names_each(action: str, manager_client: Client, orders: list[Order]) -> None:
    text = press(manager_client, action, orders).content.decode()
    assert all(order.number in text for order in orders)
    assert set(Order.objects.values_list("status", flat=True)) == {"CONFIRMED"}


@pytest.mark.parametrize(
    ("action", "status", "event"),
    [("hold_selected", "ON_HOLD", "order.held"), ("cancel_selected", "CANCELLED", "order.cancelled")],
)
def test_all_are_done_for_the_reason_and_a_second_press_does_nothing(
    action: str, status: str, event: str, manager_client: Client, orders: list[Order]
) -> None:
    for _ in range(2):
        press(manager_client, action, orders, confirmed="yes", reason="Road closed")
    assert set(Order.objects.values_list("status", flat=True)) == {status}
    assert Event.objects.named(event).count() == 3


@pytest.mark.parametrize("action", ["hold_selected", "cancel_selected"])
def test_without_a_reason_the_question_comes_back(action: str, manager_client: Client, orders: list[Order]) -> None:
    answer = press(manager_client, action, orders, confirmed="yes", reason=" ")
    assert answer.context["form"].errors["reason"]
    assert len(answer.context["effects"]) == 3
    assert set(Order.objects.values_list("status", flat=True)) == {"CONFIRMED"}


def test_one_that_can_not_is_told_before_and_after(manager_client: Client, orders: list[Order], world: World) -> None:
    gone = packed_order(basket=[(world.milk, 1)], slot=world.morning)
    chosen = [*orders, gone]
    asked = press(manager_client, "hold_selected", chosen)
    assert asked.context["doable"] == 3
    assert [effect.record.pk for effect in asked.context["effects"] if effect.refusal] == [gone.pk]
    told = press(manager_client, "hold_selected", chosen, confirmed="yes", reason="Road closed")
    results = {result.record.pk: result.refusal for result in told.context["results"]}
    assert [bool(results[order.pk]) for order in chosen] == [False, False, False, True]
    assert results[gone.pk] in told.content.decode()
    gone.refresh_from_db()
    assert gone.status == "PACKED"


def test_what_a_colleague_did_meanwhile_is_told_of_that_row(
    manager_client: Client, orders: list[Order], admin_client: Client
) -> None:
    press(manager_client, "pack_selected", orders)
    press(admin_client, "cancel_selected", orders[:1], confirmed="yes", reason="Road closed")
    told = press(manager_client, "pack_selected", orders, confirmed="yes")
    assert [bool(result.refusal) for result in told.context["results"]] == [True, False, False]
    assert sorted(Order.objects.values_list("status", flat=True)) == ["CANCELLED", "PACKED", "PACKED"]


def test_five_hundred_at_most(manager_client: Client, orders: list[Order], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("milkdelivery.backoffice.pages.MOST_AT_ONCE", 2)
    answer = press(manager_client, "cancel_selected", orders, confirmed="yes", reason="Road closed")
    assert answer.status_code == 302
    assert set(Order.objects.values_list("status", flat=True)) == {"CONFIRMED"}
