"""Stock in the back office: changed by its actions only, and never broken."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Stock, StockMovement
from tests.factories.inventory import count_shelves
from tests.factories.orders import confirmed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db


def _url(action: str, stock: Stock) -> str:
    return reverse(f"admin:inventory_stock_{action}", args=(stock.pk,))


@pytest.mark.parametrize(
    ("action", "typed", "on_hand", "kind"),
    [
        ("receive", {"quantity": "25", "reason": ""}, 125, "RECEIVE"),
        ("adjust", {"quantity": "-5", "reason": "Broken on the shelf"}, 95, "ADJUST"),
        ("adjust", {"quantity": "5", "reason": "Found behind the crates"}, 105, "ADJUST"),
        ("count", {"quantity": "80", "reason": "Counted"}, 80, "SET"),
    ],
)
def test_stock_changes_with_a_movement(
    action: str, typed: dict[str, str], on_hand: int, kind: str, manager_client: Client, world: World
) -> None:
    stock = world.stocks[0]
    assert manager_client.post(_url(action, stock), typed).status_code == 302
    stock.refresh_from_db()
    movement = StockMovement.objects.filter(stock=stock).latest("pk")
    assert (stock.on_hand, movement.kind, movement.reason) == (on_hand, kind, typed["reason"])
    assert movement.actor.startswith("user:")


@pytest.mark.parametrize(
    ("action", "typed", "message"),
    [
        ("adjust", {"quantity": "-97", "reason": "Lost"}, "5 pieces are promised to orders"),
        ("adjust", {"quantity": "-101", "reason": "Lost"}, "less than nothing"),
        ("count", {"quantity": "4", "reason": "Counted"}, "5 pieces are promised to orders"),
        ("count", {"quantity": "-1", "reason": "Counted"}, "At least 0"),
        ("receive", {"quantity": "0", "reason": ""}, "At least 1"),
        ("receive", {"quantity": "two", "reason": ""}, "Enter a whole number"),
        ("adjust", {"quantity": "-3", "reason": ""}, "This field is required"),
    ],
)
def test_what_would_break_stock_is_refused_at_its_field(
    action: str, typed: dict[str, str], message: str, manager_client: Client, world: World
) -> None:
    stock = world.stocks[0]
    confirmed_order(basket=[(world.milk, 5)], slot=world.morning)
    before = StockMovement.objects.count()
    answer = manager_client.post(_url(action, stock), typed)
    assert answer.status_code == 200
    assert message in answer.content.decode()
    stock.refresh_from_db()
    assert (stock.on_hand, stock.reserved) == (100, 5)
    assert StockMovement.objects.count() == before


def test_stock_and_its_log_are_to_read(admin_client: Client, world: World) -> None:
    stock = world.stocks[0]
    assert admin_client.post(_url("change", stock), {"on_hand": "9"}).status_code == 403
    movement = StockMovement.objects.filter(stock=stock).latest("pk")
    for page in ("change", "delete"):
        url = reverse(f"admin:inventory_stockmovement_{page}", args=(movement.pk,))
        assert admin_client.post(url, {"post": "yes"}).status_code == 403
    assert StockMovement.objects.filter(pk=movement.pk).exists()


def test_low_stock_is_found(admin_client: Client, world: World) -> None:
    count_shelves(9, pk=world.stocks[0].pk)
    page = admin_client.get(reverse("admin:inventory_stock_changelist"), {"level": "LOW"}).content.decode()
    assert _url("change", world.stocks[0]) in page
    assert _url("change", world.stocks[1]) not in page


def test_the_later_of_two_counts_is_told_what_happened_meanwhile(manager_client: Client, world: World) -> None:
    stock = world.stocks[0]
    page = manager_client.get(_url("count", stock)).content.decode()
    assert '<input type="hidden" name="seen" value="100"' in page
    first = {"quantity": "7", "reason": "Counted", "seen": "100"}
    assert manager_client.post(_url("count", stock), first).status_code == 302
    later = {"quantity": "9", "reason": "Counted", "seen": "100"}
    answer = manager_client.post(_url("count", stock), later)
    assert "changed from 100 to 7 on hand" in answer.content.decode()
    stock.refresh_from_db()
    assert stock.on_hand == 7
    assert '<input type="hidden" name="seen" value="7"' in answer.content.decode()
    assert manager_client.post(_url("count", stock), {**later, "seen": "7"}).status_code == 302
    stock.refresh_from_db()
    assert stock.on_hand == 9
