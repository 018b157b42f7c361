"""Pieces that are gone, where nobody tells the batches apart."""

from __future__ import annotations

from datetime import date

import pytest

from inventory import actions
from inventory.models import Batch, StockMovement
from inventory.rules import StockWouldBreak
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(world: World) -> Shelf:
    """A shelf with nothing on it yet."""
    shelf = Shelf(world.vendor, world.milk)
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="Empty")
    return shelf


def _left() -> dict[str, int]:
    return dict(batches().values_list("code", "remaining"))


def test_what_expires_first_is_gone_first(shelf: Shelf) -> None:
    shelf.receive(3)
    shelf.receive(5, batch("LATE", expires=9))
    shelf.receive(4, batch("EARLY", expires=5))
    actions.take_away(**shelf.key, quantity=6, by=ME, reason="broken")
    assert (_left(), shelf.row.on_hand, shelf.row.batched) == ({"LATE": 3, "EARLY": 0}, 6, 6)
    actions.take_away(**shelf.key, quantity=4, by=ME, reason="broken")
    assert (_left(), shelf.row.on_hand) == ({"LATE": 0, "EARLY": 0}, 2)
    gone = StockMovement.objects.filter(reason="broken").order_by("pk").values_list("kind", "on_hand_change")
    assert list(gone) == [("ADJUST", -4), ("ADJUST", -2), ("ADJUST", -3), ("ADJUST", -1)]


def test_a_count_takes_off_the_batches_and_adds_to_that_of_the_day(shelf: Shelf) -> None:
    shelf.receive(5, batch("A", expires=9))
    actions.set_on_hand(**shelf.key, quantity=2, by=ME, reason="counted")
    assert (_left(), shelf.row.on_hand) == ({"A": 2}, 2)
    actions.set_on_hand(**shelf.key, quantity=4, by=ME, reason="counted")
    today = Batch.objects.get(stock=shelf.row, days_presumed=True)
    assert (_left(), today.remaining, today.received, today.expires_on) == ({"A": 2}, 2, 102, date(2026, 3, 31))
    actions.set_on_hand(**shelf.key, quantity=0, by=ME, reason="counted")
    assert (_left(), shelf.row.on_hand) == ({"A": 0}, 0)


def test_a_promise_keeps_what_it_needs(shelf: Shelf) -> None:
    shelf.receive(4, batch("EARLY", expires=5))
    shelf.receive(4, batch("LATE", expires=9))
    shelf.promise("M1", 4, on=8)
    shelf.promise("M2", 2, on=4)
    with pytest.raises(StockWouldBreak, match="6 pieces are promised"):
        actions.take_away(**shelf.key, quantity=3, by=ME, reason="broken")
    actions.take_away(**shelf.key, quantity=2, by=ME, reason="broken")
    assert _left() == {"EARLY": 2, "LATE": 4}
    with pytest.raises(StockWouldBreak, match="less than nothing"):
        actions.take_away(**shelf.key, quantity=7, by=ME, reason="broken")
