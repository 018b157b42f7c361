"""Batches and daily supplies in the back office."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from inventory import actions
from inventory.models import Batch, DailySupply, Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from tests.factories.orders import confirmed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db
ME = Actor.system("tests")


def _url(model: str, action: str, pk: int) -> str:
    return reverse(f"admin:inventory_{model}_{action}", args=(pk,))


def test_goods_come_in_as_a_batch_and_its_life_follows_the_pack(manager_client: Client, world: World) -> None:
    today = clock.today(world.region)
    typed = {"quantity": "25", "batch_code": "A7", "produced_on": str(today), "reason": "", "temperature": "3.5"}
    assert manager_client.post(_url("stock", "receive", world.stocks[0].pk), typed).status_code == 302
    batch = Batch.objects.get(code="A7")
    assert (batch.remaining, str(batch.temperature)) == (25, "3.5")
    assert (batch.produced_on, batch.expires_on) == (today, today + timedelta(days=world.milk.shelf_life_days))
    page = manager_client.get(_url("stock", "change", world.stocks[0].pk)).content.decode()
    assert _url("batch", "change", batch.pk) in page


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"batch_code": "A7"}, "Say when batch A7 was produced"),
        ({"produced_on": "2026-03-01"}, "give it a code"),
        ({"batch_code": "A7", "produced_on": "2026-03-05", "expires_on": "2026-03-04"}, "expire before"),
        ({"batch_code": "A7", "produced_on": "31 of May"}, "Enter a valid date"),
    ],
)
def test_a_batch_that_can_not_be_is_said_at_its_field(
    typed: dict[str, str], message: str, manager_client: Client, world: World
) -> None:
    answer = manager_client.post(_url("stock", "receive", world.stocks[0].pk), {"quantity": "5", **typed})
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert not Batch.objects.filter(days_presumed=False).exists()


def test_a_day_that_was_not_sent_keeps_its_plan(manager_client: Client, world: World) -> None:
    stock, tomorrow = world.stocks[0], clock.today(world.region) + timedelta(days=1)
    actions.plan_supply(vendor_id=stock.vendor_id, variant_id=stock.variant_id, on=tomorrow, quantity=40, by=ME)
    assert manager_client.post(_url("stock", "plan", stock.pk), {}).status_code == 302
    assert DailySupply.objects.get().quantity == 40


def test_what_comes_next_stands_first(manager_client: Client, world: World) -> None:
    today = clock.today(world.region)
    for ahead in (3, 1):
        stock = world.stocks[0]
        day = today + timedelta(days=ahead)
        actions.plan_supply(vendor_id=stock.vendor_id, variant_id=stock.variant_id, on=day, quantity=40, by=ME)
    DailySupply.objects.create(stock=world.stocks[0], date=today - timedelta(days=3), quantity=5)
    rows = manager_client.get(reverse("admin:inventory_dailysupply_changelist")).context["cl"].result_list
    assert [(row.date - today).days for row in rows] == [1, 3, -3]


def test_the_coming_days_are_planned_on_one_page(manager_client: Client, world: World) -> None:
    stock = world.stocks[0]
    tomorrow = clock.today(world.region) + timedelta(days=1)
    page = _url("stock", "plan", stock.pk)
    assert manager_client.get(page).status_code == 200
    manager_client.post(page, {f"on_{tomorrow}": "40", f"on_{tomorrow + timedelta(days=1)}": "0"})
    assert list(DailySupply.objects.order_by("date").values_list("quantity", flat=True)) == [40, 0]
    confirmed_order(basket=[(world.milk, 5)], slot=world.morning, delivery_date=tomorrow)
    refused = manager_client.post(page, {f"on_{tomorrow}": "4"})
    assert refused.status_code == 200
    assert "5 pieces of that day are promised" in refused.content.decode()
    assert DailySupply.objects.count() == 2
    typed = {f"on_{tomorrow}": "5", f"on_{tomorrow + timedelta(days=1)}": ""}
    assert manager_client.post(page, typed).status_code == 302
    assert list(DailySupply.objects.values_list("quantity", flat=True)) == [5]


def test_a_supply_is_received_with_its_batch(manager_client: Client, world: World) -> None:
    today = clock.today(world.region)
    key: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    typed = {"quantity": "38", "batch_code": "A7", "produced_on": str(today), "reason": ""}
    early = actions.plan_supply(**key, on=today + timedelta(days=1), quantity=40, by=ME)
    refused = manager_client.post(_url("dailysupply", "come_in", early.pk), typed)
    assert "can be received on that day, not before" in refused.content.decode()
    with clock.override(clock.now() - timedelta(days=1)):
        supply = actions.plan_supply(**key, on=today, quantity=40, by=ME)
        confirmed_order(basket=[(world.milk, 5)], slot=world.morning, delivery_date=today)
    assert manager_client.post(_url("dailysupply", "come_in", supply.pk), typed).status_code == 302
    stock = Stock.objects.get(pk=world.stocks[0].pk)
    assert (stock.on_hand, stock.reserved, stock.batched) == (138, 5, 138)
    again = manager_client.post(_url("dailysupply", "come_in", supply.pk), typed)
    assert "came in already" in again.content.decode()
    page = manager_client.get(_url("stock", "change", stock.pk)).content.decode()
    assert "38 of 40 came" in page


def test_bad_goods_are_thrown_away_of_their_batch(manager_client: Client, world: World) -> None:
    today = clock.today(world.region)
    key: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    facts = actions.BatchFacts("A7", produced_on=today, expires_on=today + timedelta(days=5))
    actions.receive(**key, quantity=10, batch=facts, by=ME)
    batch = Batch.objects.get(code="A7")
    page = _url("stock", "spoil", world.stocks[0].pk)
    assert "A7: 10, good until" in manager_client.get(page).content.decode()
    too_many = manager_client.post(page, {"quantity": "11", "batch": str(batch.pk), "reason": "Sour"})
    assert "Only 10 pieces of batch A7" in too_many.content.decode()
    assert manager_client.post(page, {"quantity": "4", "batch": str(batch.pk), "reason": "Sour"}).status_code == 302
    batch.refresh_from_db()
    assert batch.remaining == 6


def test_a_batch_of_next_year_is_named_with_its_year(manager_client: Client, world: World) -> None:
    today = clock.today(world.region)
    world.milk.shelf_life_days = 400
    world.milk.save()
    key: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    actions.receive(**key, quantity=3, batch=actions.BatchFacts("A7", today, today), by=ME)
    actions.receive(**key, quantity=4, batch=actions.BatchFacts("A8", today, today + timedelta(days=366)), by=ME)
    page = manager_client.get(_url("stock", "spoil", world.stocks[0].pk)).content.decode()
    assert f"A7: 3, good until {date_format(today, 'j M')}<" in page
    assert f"A8: 4, good until {date_format(today + timedelta(days=366), 'j M Y')}<" in page


def test_a_recount_names_the_shelf_that_differs(manager_client: Client, world: World) -> None:
    Stock.objects.filter(pk=world.stocks[0].pk).update(on_hand=97, batched=97)
    Batch.objects.filter(stock=world.stocks[0]).update(remaining=97)
    report = actions.reconcile(world.region)
    page = manager_client.get(_url("reconciliation", "change", report.pk)).content.decode()
    assert _url("stock", "change", world.stocks[0].pk) in page
    settled = manager_client.post(_url("stock", "settle", world.stocks[0].pk), {"reason": "Restored"})
    assert settled.status_code == 302
    manager_client.post(_url("reconciliation", "again", report.pk))
    report.refresh_from_db()
    assert report.drift_count == 0
