"""A shelf has an upper end, the same by every way in, and what is above it already can still go down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from inventory import actions, tasks
from inventory.models import Batch, Stock, StockImport
from inventory.rules import MOST_ON_SHELF, StockWouldBreak
from milkdelivery.core.actors import Role
from tests.api.calls import Caller, new_key
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches, release, sell, take_back

pytestmark = pytest.mark.django_db

HEADER = "vendor,sku,quantity,kind,batch_code,produced_on,expires_on"
WORDS = "No shelf holds more than 100,000,000 pieces"


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.vendor, world.milk)


def fill(shelf: Shelf, *, but: int = 0) -> None:
    """So many pieces below what a shelf holds, as if they had always been there."""
    Stock.objects.filter(pk=shelf.row.pk).update(on_hand=MOST_ON_SHELF - but, batched=MOST_ON_SHELF - but)
    Batch.objects.filter(stock=shelf.row).update(received=MOST_ON_SHELF - but, remaining=MOST_ON_SHELF - but)


def test_a_full_shelf_takes_nothing_more_and_says_so_at_the_number(shelf: Shelf) -> None:
    fill(shelf, but=5)
    more = (
        lambda: shelf.receive(6),
        lambda: shelf.receive(6, batch("A1", expires=9)),
        lambda: actions.adjust(**shelf.key, change=6, by=ME, reason="found"),
    )
    for add in more:
        with pytest.raises(StockWouldBreak, match="this one would hold 100,000,001") as refusal:
            add()
        assert refusal.value.field == "quantity"
    assert (shelf.row.on_hand, batches().exists()) == (MOST_ON_SHELF - 5, False)
    assert shelf.receive(5).on_hand == MOST_ON_SHELF


def test_what_came_in_of_a_batch_has_the_same_upper_end(shelf: Shelf) -> None:
    shelf.receive(10, batch("A1", expires=9))
    batches().update(received=MOST_ON_SHELF)
    with pytest.raises(StockWouldBreak, match="100,000,001"):
        shelf.receive(1, batch("A1", expires=9))


def test_a_shelf_that_has_too_much_can_be_emptied_and_takes_its_orders_back(shelf: Shelf) -> None:
    shelf.promise("M1", 4, on=2)
    sell("M1")
    fill(shelf, but=-5)
    Batch.objects.filter(stock=shelf.row).update(received=MOST_ON_SHELF + 9)
    take_back("M1")
    assert shelf.row.on_hand == MOST_ON_SHELF + 9
    release("M1")
    actions.take_away(**shelf.key, quantity=9, by=ME, reason="counted")
    assert shelf.row.on_hand == MOST_ON_SHELF


def signed_in(client: Any, user: User) -> Any:
    client.force_login(user, backend="accounts.signin.backend.ContactBackend")
    return client


def test_a_full_shelf_is_refused_in_the_office_the_portal_and_the_api(world: World, shelf: Shelf) -> None:
    fill(shelf, but=5)
    office = signed_in(Client(), UserFactory(role=Role.MANAGER)).post(
        reverse("admin:inventory_stock_receive", args=[shelf.row.pk]), {"quantity": "6", "reason": ""}
    )
    assert WORDS in office.content.decode()
    body = {**shelf.key, "operation": "ADD", "quantity": 6}
    keeper = VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user
    answer = Caller(signed_in(APIClient(), keeper)).post("inventory/movements/", body, key=new_key())
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["quantity"])
    portal = signed_in(Client(), keeper).post(reverse("vendors:receive", args=[world.milk.pk]), {"quantity": "6"})
    assert WORDS in portal.content.decode()
    assert shelf.row.on_hand == MOST_ON_SHELF - 5


def started(world: World, *lines: str) -> StockImport:
    filled = [f"{world.vendor.name},{world.milk.sku},{line}" for line in lines]
    kept, _is_new = actions.upload_file(name="in.csv", content="\n".join([HEADER, *filled]).encode(), by=ME)
    actions.read_file(kept.pk)
    return actions.start_file(kept.pk, by=ME)


def told(kept: StockImport) -> list[tuple[str, str]]:
    return list(kept.rows.order_by("line").values_list("state", "problem"))


def test_a_line_that_another_try_may_mend_waits_for_it(world: World, shelf: Shelf) -> None:
    kept = started(world, "3,RECEIVE,A,2026-03-01,2026-03-05")
    with pytest.raises(OperationalError), connection.execute_wrapper(_too_slow):
        actions.take_line(kept.pk)
    assert told(kept) == [("READY", "")]


def _too_slow(execute: Callable[..., object], sql: str, *rest: Any) -> object:
    """Movements take longer than the database allows."""
    if 'INSERT INTO "inventory_stockmovement"' in sql:
        execute("SET LOCAL statement_timeout = 20", None, *rest[1:])
        execute("SELECT pg_sleep(1)", None, *rest[1:])
    return execute(sql, *rest)


def test_after_a_large_file_the_planner_knows_what_came(world: World, shelf: Shelf, monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "MANY_LINES", 2)
    kept = started(world, "3,RECEIVE,A,2026-03-01,2026-03-05", "4,RECEIVE")
    with CaptureQueriesContext(connection) as asked:
        tasks.take_stock_file(kept.pk)
    told = [query["sql"] for query in asked if query["sql"].startswith("ANALYZE")]
    assert len(told) == 1
    assert '"inventory_batch"' in told[0]
