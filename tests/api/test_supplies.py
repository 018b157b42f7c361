"""A dairy's days through the API: planned, promised, received once, and never a stranger's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inventory.models import Batch, DailySupply, Stock
from milkdelivery.core import clock
from tests.api.calls import Caller, new_key
from tests.factories.inventory import StockFactory
from tests.factories.orders import confirmed_order
from tests.factories.vendors import OfferFactory, VendorFactory
from tests.factories.world import World

pytestmark = pytest.mark.django_db

SUPPLIES, CAME_IN = "inventory/supplies/", "inventory/supplies/receive/"


def tomorrow(world: World) -> Any:
    return clock.today(world.region) + timedelta(days=1)


def plan(world: World, quantity: int | None, **more: Any) -> dict[str, Any]:
    which = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk, "date": str(tomorrow(world))}
    return {**which, "quantity": quantity, **more}


def test_a_day_is_planned_changed_and_taken_back(world: World, vendor: Caller) -> None:
    for _ in range(2):
        days = vendor.put(SUPPLIES, plan(world, 40)).json()
        assert [(day["quantity"], day["left"]) for day in days] == [(40, 40)]
    assert vendor.put(SUPPLIES, plan(world, 30)).json()[0]["quantity"] == 30
    which = f"?vendor_id={world.vendor.pk}&variant_id={world.milk.pk}"
    assert [day["date"] for day in vendor.get(SUPPLIES + which).json()] == [str(tomorrow(world))]
    assert vendor.put(SUPPLIES, plan(world, None)).json() == []
    assert not DailySupply.objects.exists()


def test_a_day_comes_in_once(world: World, vendor: Caller) -> None:
    today = clock.today(world.region)
    vendor.put(SUPPLIES, plan(world, 40, date=str(today)))
    before = Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand
    batch = {"code": "D1", "produced_on": str(today), "expires_on": str(today + timedelta(days=2))}
    came = plan(world, 38, batch=batch, date=str(today))
    answer = vendor.post(CAME_IN, came, key=new_key())
    assert (answer.status_code, answer.json()["received_quantity"]) == (200, 38)
    again = vendor.post(CAME_IN, came, key=new_key())
    assert (again.status_code, again.json()["code"]) == (409, "supply_received")
    assert Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand == before + 38
    assert Batch.objects.get(code="D1").remaining == 38


def test_a_day_does_not_come_in_before_its_day(world: World, vendor: Caller) -> None:
    """A wrong day in the app would take what is planned for it off sale for good."""
    vendor.put(SUPPLIES, plan(world, 40))
    answer = vendor.post(CAME_IN, plan(world, 5), key=new_key())
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["date"])
    assert DailySupply.objects.get().received_at is None


@pytest.mark.parametrize(
    ("quantity", "more", "status", "code", "field"),
    [
        (-1, {}, 400, "invalid", "quantity"),
        (2_000_000, {}, 400, "invalid", "quantity"),
        (5, {"date": "2020-01-01"}, 422, "invalid", "date"),
        (5, {"date": "2026-02-30"}, 400, "invalid", "date"),
        (5, {"vendor_id": 999_999}, 404, "not_found", "vendor_id"),
        (5, {"variant_id": 999_999}, 404, "not_found", "variant_id"),
        (3, {}, 422, "supply_below_promised", "quantity"),
    ],
)
def test_what_can_not_be_planned_is_refused(
    world: World, manager: Caller, quantity: int, more: dict[str, Any], status: int, code: str, field: str
) -> None:
    manager.put(SUPPLIES, plan(world, 40))
    order = confirmed_order(basket=[(world.milk, 4)], slot=world.morning)
    supply = DailySupply.objects.get()
    assert (order.delivery_date, supply.promised) == (supply.date, 4)
    answer = manager.put(SUPPLIES, plan(world, quantity, **more))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert field in answer.json()["errors"]
    supply.refresh_from_db()
    assert supply.quantity == 40


def test_a_batch_of_a_day_that_can_not_be_is_told_at_its_field(world: World, vendor: Caller) -> None:
    today = str(clock.today(world.region))
    vendor.put(SUPPLIES, plan(world, 40, date=today))
    batch = {"code": "D1", "produced_on": "2035-01-01", "expires_on": "2035-01-05"}
    answer = vendor.post(CAME_IN, plan(world, 38, batch=batch, date=today), key=new_key())
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["batch.produced_on"])
    assert DailySupply.objects.get().received_at is None


def test_a_strangers_day_is_not_found(world: World, vendor: Caller) -> None:
    other = VendorFactory(region=world.region)
    OfferFactory(vendor=other, variant=world.milk)
    StockFactory(vendor=other, variant=world.milk)
    asked = plan(world, 40, vendor_id=other.pk)
    assert vendor.put(SUPPLIES, asked).status_code == 404
    assert vendor.post(CAME_IN, asked, key=new_key()).status_code == 404
    assert vendor.get(f"{SUPPLIES}?vendor_id={other.pk}&variant_id={world.milk.pk}").status_code == 404
    assert not DailySupply.objects.exists()
