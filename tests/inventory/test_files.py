"""Files of counts and receipts: what is read, what is refused with which words, and that nothing happens twice."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from inventory import actions, tasks
from inventory.actions import BatchFacts
from inventory.models import Stock, StockImport, StockImportRow, StockMovement
from inventory.rules import StockWouldBreak, files
from inventory.rules.files import FileRefused, guarded, lines_of, text_of
from inventory.rules.stock import MOST_ON_SHELF
from milkdelivery.core.actors import Role
from tests.factories.accounts import UserFactory
from tests.factories.vendors import OfferFactory, VendorFactory
from tests.factories.world import World
from tests.inventory.helpers import ME, Shelf, batch, batches, march
from vendors.models import Vendor

HEADER = "vendor,sku,quantity,kind,batch_code,produced_on,expires_on"


def problems(text: str) -> list[str]:
    return [line.problem for line in lines_of(text)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\r\n", "empty"),
        (f"{HEADER}\nA,B,1,COUNT".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\nA,B,1,COUNT".encode("utf-16-le"), "no table of text"),
        ("vendor,sku,quantity,kind\nCafé,B,1,COUNT".encode("latin-1"), "not in UTF-8"),
        (b"PK\x03\x04\x00\x00sheet", "no table of text"),
        (b"\x89PNG\r\n\x1a\n\xff", "not in UTF-8"),
        (b"x" * (files.MOST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_table_of_text_is_refused_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        text_of(content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vendor,sku\nA,B", "lacks: quantity, kind"),
        ("vendor,sku,quantity,kind,SKU\nA,B,1,COUNT,C", "twice: sku"),
        (HEADER, "no line below"),
        (f'{HEADER}\n"A,B,1,COUNT', "can't be read as a table"),
        (f'{HEADER}\n"A"x,B,1,COUNT', "quotation mark too many"),
        (f"{HEADER}\n{'y' * 200_000},B,1,COUNT", "Line 2 holds a cell that is far too long"),
    ],
)
def test_a_file_that_is_not_such_a_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        problems(text)


def test_too_many_lines_are_refused_without_reading_on() -> None:
    def endless() -> str:
        return f"{HEADER}\n" + "A,B,1,COUNT\n" * (files.MOST_LINES + 1)

    with pytest.raises(FileRefused, match="more than 50000 lines"):
        problems(endless())


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheets_ways_are_understood(separator: str) -> None:
    header = "Dairy,SKU,Quantity,Kind,Batch code,Produced,Expires".replace(",", separator)
    cells = ["Nandi", "M-500", " 12 ", "receive", "A1", "2026-03-01", "2026-03-03"]
    text = text_of(f"\ufeff\r\n{header}\r\n\r\n{separator.join(cells)}\r\n{separator * 6}\r\n".encode())
    [line] = lines_of(text)
    assert (line.vendor, line.sku, line.quantity, line.kind) == ("Nandi", "M-500", 12, "RECEIVE")
    assert (line.batch_code, line.produced_on, line.expires_on, line.problem) == ("A1", march(1), march(3), "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A,B,-1,COUNT", "“-1” is no number of pieces"),
        ("A,B,1.5,COUNT", "“1.5” is no number"),
        ("A,B,１２,COUNT", "“１２” is no number"),
        ("A,B,,COUNT", "quantity is missing"),
        ("A,B,99999999999999999999,COUNT", "“99999999999999999999” is no number"),
        ("A,B,2000000,COUNT", "too large"),
        ("A,B,0,RECEIVE", "above zero"),
        ("A,B,1,STEAL", "must be one of"),
        (",B,1,COUNT", "are needed"),
        (f"A,{'s' * 65},1,COUNT", "sku is too long"),
        ("A,B,1,RECEIVE,X,2026-02-30,2026-03-03", "must be a day"),
        ("A,B,1,RECEIVE,X,03/01/2026,2026-03-03", "must be a day"),
        ("A,B,1,RECEIVE,X,2026-03-04,2026-03-03", "expire before"),
        ("A,B,1,RECEIVE,X,,", "Say when"),
        ("A,B,1,RECEIVE,,2026-03-01,2026-03-03", "give it a code"),
        ("A,B,1,COUNT,,,,,", "more cells"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_at_the_line(line: str, words: str) -> None:
    [problem] = problems(f"{HEADER}\n{line}")
    assert words in problem


def test_two_lines_about_the_same_are_one_too_many() -> None:
    found = problems(f"{HEADER}\nA,B,1,COUNT\nA,C,1,COUNT\na,b,2,count\nA,B,1,SPOIL")
    assert found == ["", "", "Line 2 is about the same.", ""]


@pytest.mark.parametrize("risky", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_what_a_spreadsheet_would_run_is_written_guarded_and_read_back(risky: str) -> None:
    assert guarded(risky).startswith("'")
    table = io.StringIO()
    csv.writer(table).writerows([HEADER.split(","), [guarded(risky), "B", "1", "COUNT", "", "", ""]])
    [line] = lines_of(table.getvalue())
    assert line.vendor == risky.strip()
    assert guarded("Nandi") == "Nandi"


# -- what becomes of them ----------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.vendor, world.milk)


def table_of(world: World, *lines: str) -> bytes:
    filled = [line.replace("V,", f"{world.vendor.name},").replace("M,", f"{world.milk.sku},") for line in lines]
    return "\n".join([HEADER, *filled]).encode()


def read(world: World, *lines: str) -> StockImport:
    kept, _is_new = actions.upload_file(name="count.csv", content=table_of(world, *lines), by=ME)
    return actions.read_file(kept.pk)


@pytest.mark.django_db
def test_a_file_is_looked_over_before_anything_changes(world: World, shelf: Shelf) -> None:
    kept = read(world, "V,M,20,RECEIVE,A1,2026-03-01,2026-03-05", "Nobody,M,5,COUNT", "V,X-1,5,COUNT", "V,M,40,COUNT")
    told = dict(kept.rows.values_list("line", "problem"))
    assert [bool(told[line]) for line in (2, 3, 4, 5)] == [False, True, True, False]
    assert "no dairy “Nobody”" in told[3]
    assert "no pack “X-1”" in told[4]
    assert shelf.row.on_hand == 100
    actions.start_file(kept.pk, by=ME)
    assert tasks.take_stock_file(kept.pk) == 2
    assert (shelf.row.on_hand, shelf.row.batched) == (40, 40)
    assert StockImport.objects.get().state == "DONE"
    assert StockMovement.objects.latest("pk").reason == "File count.csv, line 5"


@pytest.mark.django_db
def test_fewer_counted_than_are_promised_is_told_before_it_is_carried_out(world: World, shelf: Shelf) -> None:
    shelf.promise("M1", 3, on=4)
    row = read(world, "V,M,2,COUNT").rows.get()
    assert (row.state, row.problem) == ("READY", "Fewer than are promised now (3): refused unless some are freed.")


@pytest.mark.django_db
def test_more_spoiled_than_there_is_is_told_before_it_is_carried_out(world: World, shelf: Shelf) -> None:
    row = read(world, "V,M,101,SPOIL").rows.get()
    assert (row.state, row.problem) == ("READY", "More than there is now (100): refused unless more comes in first.")
    shelf.receive(1)
    actions.start_file(row.stock_import_id, by=ME)
    tasks.take_stock_file(row.stock_import_id)
    row.refresh_from_db()
    assert (row.state, row.problem, shelf.row.on_hand) == ("DONE", "", 0)


@pytest.mark.django_db
def test_case_decides_only_between_names_that_are_alike_but_for_it(world: World, shelf: Shelf) -> None:
    other = VendorFactory(name=world.vendor.name.upper(), region=world.region)
    OfferFactory(vendor=other, variant=world.milk)
    for name, meant in ((world.vendor.name, world.vendor), (other.name, other), (world.vendor.name.lower(), None)):
        row = read(world, f"{name},M,7,RECEIVE").rows.get()
        assert (row.vendor_key, row.state) == ((meant.pk, "READY") if meant else (None, "BAD"))


@pytest.mark.django_db
def test_a_sku_is_found_in_any_case(world: World, shelf: Shelf) -> None:
    row = read(world, f"V,{world.milk.sku.lower()},7,RECEIVE").rows.get()
    assert (row.variant_key, row.state) == (world.milk.pk, "READY")


@pytest.mark.django_db
def test_a_line_that_is_refused_keeps_its_reason_and_the_others_go_on(world: World, shelf: Shelf) -> None:
    shelf.receive(10, batch("A1", expires=9))
    shelf.promise("M1", 100, on=2)
    kept = read(world, "V,M,2,COUNT", "V,M,5,SPOIL,A1", "V,M,1,SPOIL,NONE", "V,M,3,COUNT,A1")
    actions.start_file(kept.pk, by=ME)
    tasks.take_stock_file(kept.pk)
    told = list(kept.rows.order_by("line").values_list("state", "problem"))
    assert [state for state, _problem in told] == ["FAILED", "DONE", "FAILED", "DONE"]
    assert "promised to orders" in told[0][1]
    assert "no such batch" in told[2][1]
    assert batches().get().remaining == 3
    assert (shelf.row.on_hand, shelf.row.unbatched) == (103, 0)


@pytest.mark.django_db
def test_a_line_that_would_fill_a_shelf_beyond_measure_is_refused(world: World, shelf: Shelf) -> None:
    Stock.objects.filter(pk=shelf.row.pk).update(on_hand=MOST_ON_SHELF - 1)
    kept = read(world, "V,M,2,RECEIVE,A1,2026-03-01,2026-03-09", "V,M,1,RECEIVE,A2,2026-03-01,2026-03-09")
    actions.start_file(kept.pk, by=ME)
    tasks.take_stock_file(kept.pk)
    told = list(kept.rows.order_by("line").values_list("state", "problem"))
    assert [state for state, _problem in told] == ["FAILED", "DONE"]
    assert "No shelf holds more than" in told[0][1]
    assert shelf.row.on_hand == MOST_ON_SHELF
    with pytest.raises(StockWouldBreak) as refusal:
        shelf.receive(1)
    assert refusal.value.field == "quantity"


@pytest.mark.django_db
def test_a_line_that_nobody_foresaw_fails_alone_and_the_file_ends(world: World, shelf: Shelf) -> None:
    kept = read(world, "V,M,1,RECEIVE,A1,2026-03-01,2026-03-09", "V,M,2,RECEIVE,A2,2026-03-01,2026-03-09")
    kept.rows.filter(line=2).update(variant_key=2**40)  # a pack that was there when the file was read
    actions.start_file(kept.pk, by=ME)
    tasks.take_stock_file(kept.pk)
    kept.refresh_from_db()
    told = list(kept.rows.order_by("line").values_list("state", "problem"))
    assert [state for state, _problem in told] == ["FAILED", "DONE"]
    assert "Nothing of it was booked" in told[0][1]
    assert kept.state == "DONE"
    assert shelf.row.on_hand == 102


@pytest.mark.django_db
def test_the_same_file_is_taken_once_a_day(world: World, shelf: Shelf) -> None:
    lines = ("V,M,20,RECEIVE,A1,2026-03-01,2026-03-05",)
    first = read(world, *lines)
    again, is_new = actions.upload_file(name="other name.csv", content=table_of(world, *lines), by=ME)
    assert (again.pk, is_new) == (first.pk, False)
    for _ in range(2):
        actions.start_file(first.pk, by=ME)
        tasks.read_stock_file(first.pk)
        tasks.take_stock_file(first.pk)
    assert shelf.row.on_hand == 120
    assert StockImportRow.objects.count() == 1


@pytest.mark.django_db
def test_a_worker_that_died_in_the_middle_is_carried_on(world: World, shelf: Shelf) -> None:
    kept = read(world, "V,M,5,RECEIVE", "V,M,2,SPOIL", "V,M,4,COUNT")
    actions.start_file(kept.pk, by=ME)
    assert actions.take_line(kept.pk)
    assert (shelf.row.on_hand, StockImport.objects.get().state) == (105, "RUNNING")
    tasks.take_stock_file(kept.pk)
    assert (shelf.row.on_hand, StockImport.objects.get().state) == (4, "DONE")


@pytest.mark.django_db
def test_a_large_file_is_the_workers(world: World) -> None:
    lines = [f"Nobody {number},M,1,COUNT" for number in range(4_000)]
    assert len(table_of(world, *lines)) > 100_000
    client = _manager()
    answer = client.post(reverse("admin:inventory_stockimport_upload"), {"file": _file(table_of(world, *lines))})
    kept = StockImport.objects.get()
    assert (answer.status_code, kept.state, kept.rows.count()) == (302, "UPLOADED", 0)
    assert client.get(answer["Location"])["Refresh"] == "4"
    assert OrmQ.objects.count() == 1
    tasks.read_stock_file(kept.pk)
    kept.refresh_from_db()
    assert (kept.state, kept.rows.count(), bytes(kept.content)) == ("CHECKED", 4_000, b"")
    page = client.get(answer["Location"])
    assert "The first 200 of them" in page.content.decode()
    assert "Refresh" not in page


@pytest.mark.django_db
def test_what_is_refused_at_the_upload_is_said_at_the_field_and_keeps_nothing(world: World) -> None:
    client = _manager()
    for content, words in ((b"vendor,sku\nA,B", "lacks: quantity, kind"), ("é".encode("latin-1"), "not in UTF-8")):
        answer = client.post(reverse("admin:inventory_stockimport_upload"), {"file": _file(content)})
        assert answer.status_code == 200
        assert words in answer.content.decode()
    assert not StockImport.objects.exists()


@pytest.mark.django_db
def test_the_stock_goes_out_as_a_file_that_comes_back_in(world: World, shelf: Shelf) -> None:
    Vendor.objects.update(name="=HYPERLINK(1)")
    actions.receive(**shelf.key, quantity=7, by=ME, batch=BatchFacts("-A1", march(1), march(5)))
    client = _manager()
    sent = b"".join(client.get(reverse("admin:inventory_stockimport_export")).streaming_content)  # type: ignore[attr-defined]
    assert b"'=HYPERLINK(1),MILK-500,100,COUNT,AUTO-2026-03-01,2026-03-01,2026-03-31" in sent
    assert b",0,COUNT" not in sent
    assert b"'=HYPERLINK(1),MILK-500,7,COUNT,'-A1,2026-03-01,2026-03-05" in sent
    before = list(Stock.objects.order_by("pk").values_list("on_hand", "batched"))
    kept, _is_new = actions.upload_file(name="stock.csv", content=sent, by=ME)
    actions.read_file(kept.pk)
    actions.start_file(kept.pk, by=ME)
    tasks.take_stock_file(kept.pk)
    assert set(kept.rows.values_list("state", flat=True)) == {"DONE"}
    assert list(Stock.objects.order_by("pk").values_list("on_hand", "batched")) == before
    assert batches().get().remaining == 7


def _manager() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER), backend="accounts.signin.backend.ContactBackend")
    return client


def _file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("count.csv", content, content_type="text/csv")
