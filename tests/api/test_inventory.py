"""Stock through the API: who sees what, what is done to it, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Batch, Stock, StockMovement
from tests.api.calls import Caller, new_key
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.orders import confirmed_order
from tests.factories.vendors import OfferFactory, VendorFactory
from tests.factories.world import World

pytestmark = pytest.mark.django_db


BACKWARDS = {"code": "A", "produced_on": "2026-02-02", "expires_on": "2026-02-01"}
OF_2030 = {"code": "A", "produced_on": "2030-02-01", "expires_on": "2030-02-05"}
OF_2020 = {"code": "A", "produced_on": "2020-02-01", "expires_on": "2020-02-05"}


def body(world: World, operation: str, quantity: int, **more: Any) -> dict[str, Any]:
    return {
        "vendor_id": world.vendor.pk,
        "variant_id": world.milk.pk,
        "operation": operation,
        "quantity": quantity,
        "reason": "Counted at noon",
        **more,
    }


@pytest.mark.parametrize(
    ("operation", "more", "on_hand", "kind"),
    [
        ("ADD", {}, 107, "RECEIVE"),
        ("ADD", {"kind": "ADJUST"}, 107, "ADJUST"),
        ("SUBTRACT", {}, 93, "ADJUST"),
        ("SUBTRACT", {"kind": "SPOIL"}, 93, "SPOIL"),
        ("SET", {}, 7, "SET"),
    ],
)
def test_a_movement_changes_the_shelf_once(
    world: World, vendor: Caller, operation: str, more: dict[str, Any], on_hand: int, kind: str
) -> None:
    key = new_key()
    for _ in range(2):
        answer = vendor.post("inventory/movements/", body(world, operation, 7, **more), key=key)
        assert answer.status_code == 201, answer.json()
        assert answer.json()["on_hand"] == on_hand
    movement = StockMovement.objects.latest("pk")
    assert (movement.kind, movement.stock.on_hand, movement.reason) == (kind, on_hand, "Counted at noon")
    assert movement.actor.startswith("user:")


def test_a_batch_comes_in_and_is_thrown_away_by_its_id(world: World, manager: Caller) -> None:
    days = {"code": "A7", "produced_on": "2026-01-14", "expires_on": "2026-01-18", "fat_percent": "3.5"}
    answer = manager.post("inventory/movements/", body(world, "ADD", 20, batch=days), key=new_key())
    assert (answer.status_code, answer.json()["in_batches"]) == (201, 120)
    batch = Batch.objects.get(code="A7")
    spoiled = body(world, "SUBTRACT", 5, kind="SPOIL", batch_id=batch.pk)
    assert manager.post("inventory/movements/", spoiled, key=new_key()).json()["in_batches"] == 115


def test_it_needs_a_key(world: World, manager: Caller) -> None:
    answer = manager.post("inventory/movements/", body(world, "ADD", 1))
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"operation": "SUBTRACT", "quantity": 101}, 422, "stock_would_break", "quantity"),
        ({"operation": "SUBTRACT", "quantity": 96}, 422, "stock_would_break", "quantity"),
        ({"operation": "SET", "quantity": 4}, 422, "stock_would_break", "quantity"),
        ({"quantity": 0}, 400, "invalid", "quantity"),
        ({"quantity": -1}, 400, "invalid", "quantity"),
        ({"quantity": 10_000_000}, 400, "invalid", "quantity"),
        ({"quantity": "many"}, 400, "invalid", "quantity"),
        ({"operation": "MULTIPLY"}, 400, "invalid", "operation"),
        ({"kind": "SPOIL"}, 400, "invalid", "kind"),
        ({"operation": "SUBTRACT", "reason": " "}, 400, "invalid", "reason"),
        ({"batch_id": 1}, 400, "invalid", "batch_id"),
        ({"operation": "SET", "batch_id": 999}, 404, "not_found", "batch"),
        ({"vendor_id": 999_999}, 404, "not_found", "vendor_id"),
        ({"variant_id": 999_999}, 404, "not_found", "variant_id"),
        (
            {"batch": {"code": "A", "produced_on": "2026-01-02", "expires_on": "2026-01-01"}},
            422,
            "invalid",
            "batch.expires_on",
        ),
        ({"batch": OF_2030}, 422, "invalid", "batch.produced_on"),
        ({"batch": OF_2020}, 422, "invalid", "batch.expires_on"),
        ({"operation": "SUBTRACT", "is_spoiled": True}, 400, "invalid", "is_spoiled"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    world: World, manager: Caller, changes: dict[str, Any], status: int, code: str, field: str
) -> None:
    confirmed_order(basket=[(world.milk, 5)], slot=world.morning)
    before = list(Stock.objects.order_by("pk").values_list("on_hand", "reserved", "batched"))
    answer = manager.post("inventory/movements/", {**body(world, "ADD", 5), **changes}, key=new_key())
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert field in problem["errors"], problem
    assert list(Stock.objects.order_by("pk").values_list("on_hand", "reserved", "batched")) == before


def test_what_came_in_spoiled_is_written_down_and_thrown_away(world: World, manager: Caller) -> None:
    asked = body(world, "ADD", 20, batch=OF_2020, is_spoiled=True)
    answer = manager.post("inventory/movements/", asked, key=new_key())
    assert (answer.status_code, answer.json()["on_hand"], answer.json()["in_batches"]) == (201, 100, 100)
    moves = StockMovement.objects.filter(batch__code="A").order_by("pk").values_list("kind", "on_hand_change")
    assert list(moves) == [("RECEIVE", 20), ("SPOIL", -20)]


def test_set_counts_the_whole_shelf_and_what_expires_first_is_gone(world: World, manager: Caller) -> None:
    days = {"code": "A7", "produced_on": "2026-01-14", "expires_on": "2026-01-18"}
    manager.post("inventory/movements/", body(world, "ADD", 20, batch=days), key=new_key())
    answer = manager.post("inventory/movements/", body(world, "SET", 105), key=new_key())
    assert (answer.status_code, answer.json()["on_hand"], answer.json()["in_batches"]) == (201, 105, 105)
    assert Batch.objects.get(code="A7").remaining == 5


def test_another_dairy_is_not_there_for_a_dairys_people(world: World, vendor: Caller) -> None:
    other = VendorFactory(region=world.region)
    OfferFactory(vendor=other, variant=world.milk)
    StockFactory(vendor=other, variant=world.milk, on_hand=3)
    foreign = body(world, "ADD", 5, vendor_id=other.pk)
    unknown = body(world, "ADD", 5, vendor_id=999_999)
    told = [vendor.post("inventory/movements/", sent, key=new_key()) for sent in (foreign, unknown)]
    assert [answer.status_code for answer in told] == [404, 404]
    assert told[0].json()["detail"] == told[1].json()["detail"]
    assert vendor.get(f"vendors/{other.pk}/inventory/").status_code == 404
    assert {row["vendor_id"] for row in vendor.get("inventory/").json()["results"]} == {world.vendor.pk}
    assert Stock.objects.get(vendor=other).on_hand == 3


def test_the_list_is_filtered(world: World, manager: Caller) -> None:
    count_shelves(4, pk=world.stocks[1].pk)
    count_shelves(0, pk=world.stocks[2].pk)

    def found(query: str) -> list[int]:
        return [row["variant_id"] for row in manager.get(f"inventory/?{query}").json()["results"]]

    milk, curd, paneer = (variant.pk for variant in world.variants)
    assert found("") == [milk, curd, paneer]
    assert found("level=LOW") == [curd, paneer]
    assert found("level=OUT") == [paneer]
    assert found(f"variant={milk}") == [milk]
    assert found(f"sku={world.milk.sku.lower()}") == [milk]
    assert found("vendor=999999") == []
    assert manager.get("inventory/?level=SOME").status_code == 400


def test_the_list_takes_as_many_queries_however_long(world: World, manager: Caller) -> None:
    manager.get("inventory/")
    with CaptureQueriesContext(connection) as few:
        assert len(manager.get("inventory/").json()["results"]) == 3
    for _ in range(10):
        StockFactory(on_hand=5)
    with CaptureQueriesContext(connection) as many:
        assert len(manager.get("inventory/").json()["results"]) == 13
    assert len(many) == len(few)


def test_a_dairys_stock_at_a_glance(world: World, vendor: Caller) -> None:
    confirmed_order(basket=[(world.milk, 5)], slot=world.morning)
    count_shelves(0, pk=world.stocks[2].pk)
    glance = vendor.get(f"vendors/{world.vendor.pk}/inventory/").json()
    assert (glance["shelves"], glance["on_hand"], glance["reserved"], glance["available"]) == (3, 200, 5, 195)
    assert (glance["low"], glance["out"], glance["coming"]) == (1, 1, [])
