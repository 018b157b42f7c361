"""A batch code is read off a crate: in any case it is one batch, and it holds nothing that nobody sees."""

from __future__ import annotations

import pytest

from inventory import actions, tasks
from inventory.rules import BatchDiffers
from inventory.rules.files import lines_of
from milkdelivery.core.errors import InvalidInput
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches

HEADER = "vendor,sku,quantity,kind,batch_code,produced_on,expires_on"


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.vendor, world.milk)


@pytest.mark.django_db
def test_large_and_small_letters_name_one_batch(shelf: Shelf) -> None:
    shelf.receive(5, batch("X1", expires=9))
    shelf.receive(2, batch("x1", expires=9))
    assert list(batches().values_list("code", "remaining")) == [("X1", 7)]
    with pytest.raises(BatchDiffers, match="Batch X1 is here already"):
        shelf.receive(2, batch("x1", expires=8))


@pytest.mark.django_db
def test_of_two_from_before_the_one_that_is_written_so_is_meant(shelf: Shelf) -> None:
    shelf.receive(5, batch("X1", expires=9))
    shelf.receive(5, batch("X2", expires=9))
    batches().filter(code="X2").update(code="x1")
    shelf.receive(3, batch("x1", expires=9))
    assert dict(batches().values_list("code", "remaining")) == {"X1": 5, "x1": 8}


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["X\u200b1", "\u202eX1", "X\n1"])
def test_a_mark_that_nobody_sees_is_refused(shelf: Shelf, code: str) -> None:
    for receive in (actions.receive, actions.receive_spoiled):
        with pytest.raises(InvalidInput, match="a mark that nobody sees") as refusal:
            receive(**shelf.key, quantity=5, batch=batch(code, expires=9), by=ME)
        assert refusal.value.field == "batch_code"
    assert not batches().exists()


@pytest.mark.django_db
def test_a_file_finds_the_batch_in_any_case(world: World, shelf: Shelf) -> None:
    shelf.receive(5, batch("X1", expires=9))
    table = f"{HEADER}\n{world.vendor.name},{world.milk.sku},2,SPOIL,x1,,"
    kept, _is_new = actions.upload_file(name="out.csv", content=table.encode(), by=ME)
    actions.read_file(kept.pk)
    actions.start_file(kept.pk, by=ME)
    tasks.take_stock_file(kept.pk)
    assert batches().get().remaining == 3


def test_a_file_says_which_of_its_codes_are_wrong() -> None:
    days = "2026-03-01,2026-03-05"
    lines = (f"N,M,1,RECEIVE,A,{days}", f"N,M,1,RECEIVE,a,{days}", f"N,M,1,RECEIVE,B\u200b,{days}")
    told = [line.problem for line in lines_of("\n".join([HEADER, *lines]))]
    assert told == ["", "Line 2 is about the same.", "The batch code holds a mark that nobody sees: type it anew."]
