"""What the days of a batch may be when it comes in: made by today, and not expired unless it came in spoiled."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from inventory import actions
from inventory.models import StockImport, StockImportRow, StockMovement
from inventory.rules import StockWouldBreak
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from milkdelivery.core.errors import InvalidInput
from tests.factories.accounts import UserFactory
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches, march

pytestmark = pytest.mark.django_db

WRONG_DAYS = [
    ("2026-03-02", "2026-03-05", "It can't have been produced after today."),
    ("2026-02-20", "2026-02-28", "It had expired when it came in."),
]


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.vendor, world.milk)


@pytest.mark.parametrize("days_ahead", [1, 1500])
def test_goods_of_tomorrow_do_not_come_in_today(shelf: Shelf, days_ahead: int) -> None:
    tomorrow = date.fromordinal(march(1).toordinal() + days_ahead)
    facts = actions.BatchFacts("T1", produced_on=tomorrow, expires_on=date(2035, 1, 1))
    for receive in (actions.receive, actions.receive_spoiled):
        with pytest.raises(InvalidInput) as refusal:
            receive(**shelf.key, quantity=5, batch=facts, by=ME)
        assert refusal.value.field == "produced_on"
    assert not batches().exists()
    assert not StockMovement.objects.filter(batch__code="T1").exists()


def test_the_market_says_what_today_is(shelf: Shelf) -> None:
    """Half past midnight in India is still yesterday in UTC."""
    with clock.override(datetime.fromisoformat("2026-03-02T00:30+05:30")):
        shelf.receive(5, batch("B2", produced=2, expires=4))
    assert batches().get().produced_on == march(2)


def test_goods_that_have_expired_come_in_as_spoiled_only(shelf: Shelf) -> None:
    before = shelf.row.on_hand
    old = actions.BatchFacts("OLD", produced_on=date(2020, 1, 1), expires_on=date(2020, 1, 4))
    with pytest.raises(InvalidInput) as refusal:
        shelf.receive(5, old)
    assert refusal.value.field == "expires_on"
    actions.receive_spoiled(**shelf.key, quantity=5, batch=old, reason="Warm on arrival", by=ME)
    found = batches().get()
    assert (found.received, found.remaining, shelf.row.on_hand) == (5, 0, before)
    moves = StockMovement.objects.filter(batch=found).order_by("pk").values_list("kind", "on_hand_change", "reason")
    assert list(moves) == [("RECEIVE", 5, "Warm on arrival"), ("SPOIL", -5, "Warm on arrival")]


def test_goods_are_good_on_their_last_day(shelf: Shelf) -> None:
    shelf.receive(5, batch("L1", produced=1, expires=1))
    assert batches().get().remaining == 5


def test_supply_that_is_written_down_late_may_have_expired_since(shelf: Shelf) -> None:
    shelf.plan(5, on=1)
    with clock.override(datetime.fromisoformat("2026-03-03T08:00+05:30")):
        shelf.receive_supply(5, on=1, facts=batch("S1", produced=1, expires=1))
    assert batches().get().remaining == 5


def test_what_came_in_spoiled_is_promised_to_nobody(shelf: Shelf) -> None:
    free = shelf.left(on=2)
    actions.receive_spoiled(**shelf.key, quantity=9, by=ME)
    assert shelf.left(on=2) == free
    with pytest.raises(StockWouldBreak):
        actions.take_away(**shelf.key, quantity=shelf.row.on_hand + 1, reason="?", by=ME)


@pytest.mark.parametrize(("made", "good", "message"), WRONG_DAYS)
def test_a_file_tells_wrong_days_at_their_line(shelf: Shelf, made: str, good: str, message: str) -> None:
    row = shelf.row
    text = (
        "vendor,sku,quantity,kind,batch_code,produced_on,expires_on\n"
        f"{row.vendor.name},{row.variant.sku},5,RECEIVE,X1,{made},{good}\n"
    )
    kept, _is_new = actions.upload_file(name="days.csv", content=text.encode(), by=ME)
    actions.read_file(kept.pk)
    line = StockImportRow.objects.get(stock_import=kept)
    assert line.state == StockImportRow.State.BAD
    assert message in line.problem
    assert StockImport.objects.get().state == StockImport.State.CHECKED


def test_a_line_that_expired_while_the_file_waited_is_refused_when_it_is_carried_out(shelf: Shelf) -> None:
    row = shelf.row
    text = (
        "vendor,sku,quantity,kind,batch_code,produced_on,expires_on\n"
        f"{row.vendor.name},{row.variant.sku},5,RECEIVE,X1,2026-03-01,2026-03-01\n"
    )
    kept, _is_new = actions.upload_file(name="days.csv", content=text.encode(), by=ME)
    actions.read_file(kept.pk)
    actions.start_file(kept.pk, by=ME)
    with clock.override(datetime.fromisoformat("2026-03-02T08:00+05:30")):
        actions.take_line(kept.pk)
    line = StockImportRow.objects.get(stock_import=kept)
    assert (line.state, batches().count()) == (StockImportRow.State.FAILED, 0)


def test_pages_say_it_at_the_field(shelf: Shelf, client: Client) -> None:
    client.force_login(UserFactory(role=Role.MANAGER))
    url = reverse("admin:inventory_stock_receive", args=(shelf.row.pk,))
    typed = {"quantity": "5", "batch_code": "X1", "produced_on": "2030-01-01", "expires_on": "2030-01-05"}
    answer = client.post(url, typed)
    assert answer.context["form"].errors == {"produced_on": ["It can't have been produced after today."]}
    typed.update(produced_on="2020-01-01", expires_on="2020-01-05")
    assert list(client.post(url, typed).context["form"].errors) == ["expires_on"]
    assert client.post(url, {**typed, "is_spoiled": "on"}).status_code == 302
    assert batches().get().remaining == 0
