"""What a file of counts and receipts says: from bytes to lines, each with what is wrong with it.

A file is a table with a header: `vendor`, `sku`, `quantity`, `kind` (RECEIVE, COUNT, SPOIL), and where goods have one
their `batch_code`, `produced_on`, `expires_on` (2026-03-31). Without a batch, what comes in is in that of the day, what
is counted is the whole shelf, and what goes is what expires first. Comma, semicolon or tab between the cells; UTF-8.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.text import has_unseen

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 50_000
MOST_PIECES = 1_000_000
LONGEST_SHOWN = 24

NEEDED = ("vendor", "sku", "quantity", "kind")
COLUMNS = (*NEEDED, "batch_code", "produced_on", "expires_on")
_ALIASES = {"dairy": "vendor", "batch": "batch_code", "produced": "produced_on", "expires": "expires_on"}
KINDS = ("RECEIVE", "COUNT", "SPOIL")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula, and runs it."""


class FileRefused(InvalidInput):
    """The file as a whole can't be read."""

    code = "stock_file_refused"


@dataclass(slots=True)
class Line:
    """A line as it was understood; `problem` says what is wrong with it, "" where nothing is."""

    number: int
    vendor: str = ""
    sku: str = ""
    quantity: int | None = None
    kind: str = ""
    batch_code: str = ""
    produced_on: date | None = None
    expires_on: date | None = None
    problem: str = field(default="")

    @property
    def key(self) -> tuple[str, ...]:
        """What it is about: two lines of one file about the same are one too many."""
        return (self.vendor.casefold(), self.sku.casefold(), self.kind, self.batch_code.casefold())


def text_of(content: bytes) -> str:
    """The text of a file. Raises FileRefused, with what to do, for what is none or in another encoding."""
    if not content.strip():
        raise FileRefused(_("The file is empty."), field="file")
    if len(content) > MOST_BYTES:
        raise FileRefused(
            _("The file is larger than %(most)d MB. Send it in parts.") % {"most": MOST_BYTES // 1024 // 1024},
            field="file",
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(_("The file is in UTF-16. Save it as “CSV UTF-8” and send that."), field="file")
    if b"\x00" in content:
        raise FileRefused(_("This is no table of text. Save it as “CSV UTF-8” and send that."), field="file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused(
            _("Some letters are not in UTF-8. Save it as “CSV UTF-8” and send that."), field="file"
        ) from None


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a file below its header, blank ones left out. Raises FileRefused for a file that is not such a
    table or has too many lines."""
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] | None = None
    seen: dict[tuple[str, ...], int] = {}
    count = 0
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells)
                continue
            count += 1
            if count > MOST_LINES:
                raise FileRefused(
                    _("The file has more than %(most)d lines. Send it in parts.") % {"most": MOST_LINES}, field="file"
                )
            line = _line(reader.line_num, columns, cells)
            if not line.problem:
                before = seen.setdefault(line.key, line.number)
                if before != line.number:
                    line.problem = _("Line %(line)d is about the same.") % {"line": before}
            yield line
    except csv.Error as problem:
        raise FileRefused(_unreadable(problem) % {"line": reader.line_num}, field="file") from problem
    if not count:
        raise FileRefused(_("There is no line below the header."), field="file")


def _unreadable(problem: csv.Error) -> str:
    """What Python's reader stumbled over, for whoever keeps the file."""
    if "field limit" in str(problem):
        return _("Line %(line)d holds a cell that is far too long. Is a quotation mark missing?")
    return _("Line %(line)d can't be read as a table: look for a quotation mark too many or too few.")


def _columns(cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    names = [_ALIASES.get(name, name) for name in names]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise FileRefused(
            _("The header lacks: %(columns)s.") % {"columns": ", ".join(missing)}, field="file", columns=missing
        )
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise FileRefused(
            _("These columns are there twice: %(columns)s.") % {"columns": ", ".join(twice)}, field="file"
        )
    return names


def _line(number: int, columns: Sequence[str], cells: Sequence[str]) -> Line:
    line = Line(number)
    if len(cells) > len(columns):
        line.problem = _("It has more cells than the header.")
    values = {name: _plain(cell) for name, cell in zip(columns, cells, strict=False) if name in COLUMNS}
    line.vendor, line.sku = values.get("vendor", ""), values.get("sku", "")
    line.kind, line.batch_code = values.get("kind", "").upper(), values.get("batch_code", "")
    problems = [line.problem] if line.problem else []
    for check in (_check_texts, _check_quantity, _check_days):
        problems.extend(check(line, values))
    line.problem = " ".join(problems)[:255]
    return line


def _check_texts(line: Line, values: dict[str, str]) -> Iterator[str]:
    if not line.vendor or not line.sku:
        yield _("Dairy and SKU are needed.")
    if line.kind not in KINDS:
        yield _("The kind must be one of %(kinds)s.") % {"kinds": ", ".join(KINDS)}
    if has_unseen(line.batch_code):
        yield _("The batch code holds a mark that nobody sees: type it anew.")
    for name, most in (("vendor", 120), ("sku", 64), ("batch_code", 40), ("kind", 16)):
        if len(values.get(name, "")) > most:
            yield _("%(column)s is too long.") % {"column": name}
            setattr(line, name, getattr(line, name)[:most])


def _check_quantity(line: Line, values: dict[str, str]) -> Iterator[str]:
    text = values.get("quantity", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        yield (
            _("“%(typed)s” is no number of pieces: write a whole one, such as 12.") % {"typed": text[:LONGEST_SHOWN]}
            if text
            else _("The quantity is missing.")
        )
        return
    line.quantity = int(text)
    if line.quantity > MOST_PIECES:
        yield _("The quantity is too large.")
    if not line.quantity and line.kind != "COUNT":
        yield _("The quantity must be above zero.")


def _check_days(line: Line, values: dict[str, str]) -> Iterator[str]:
    for name in ("produced_on", "expires_on"):
        text = values.get(name, "")
        if text:
            try:
                setattr(line, name, date.fromisoformat(text))
            except ValueError:
                yield _("%(column)s must be a day such as 2026-03-31.") % {"column": name}
    if (line.produced_on or line.expires_on) and not line.batch_code:
        yield _("Days belong to a batch: give it a code.")
    if line.kind == "RECEIVE" and line.batch_code and not (values.get("produced_on") and values.get("expires_on")):
        yield _("Say when the batch was produced and until when it is good.")
    if line.produced_on and line.expires_on and line.expires_on < line.produced_on:
        yield _("It can't expire before it was produced.")


def _plain(cell: str) -> str:
    """A cell without the apostrophe that guards it against being run, or the spaces around it."""
    cell = cell.strip()
    return cell[1:].strip() if cell[:1] == "'" and cell[1:2] in _RISKY else cell


def guarded(cell: object) -> str:
    """A cell as it is written into a file: what a spreadsheet would run gets an apostrophe before it."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_RISKY) else text
