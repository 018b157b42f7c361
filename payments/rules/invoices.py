"""What an invoice and a credit note say, as plain data that is kept for good.

Indian rules: number and contents by CGST Rule 46, wholly exempt supplies by Rule 49, mixed ones by Rule 46A, credit
notes by Rule 53(1A); the tax is divided by where the delivery ends (IGST Act, sections 7 to 10).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from milkdelivery.core.money import divide_half_up
from payments.rules.places import WITHOUT_LEGISLATURE

VERSION = 1
"""Of the data: a later shape gets another number, and the printing knows both."""

LONGEST_NUMBER = 16
LONGEST_SERIES = 3
MOST_IN_SERIES = 9_999_999
"""Of a series in a year: 3 letters, a slash, 4 digits of the year, a slash and 7 digits are the sixteen allowed."""


class Title(StrEnum):
    """What the document is called, which says what it is."""

    TAX_INVOICE = "TAX_INVOICE"
    BILL_OF_SUPPLY = "BILL_OF_SUPPLY"
    INVOICE_CUM_BILL = "INVOICE_CUM_BILL"
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


class SeriesFull(Exception):
    """All numbers of a year that fit into sixteen characters are used up: the region needs another series."""


Data = dict[str, Any]


def year_of(day: date, *, starts_in: int) -> str:
    """The financial year of a day, by the month it starts in: "2026-27", or "2026" where it is the calendar's."""
    first = day.year if day.month >= starts_in else day.year - 1
    return str(first) if starts_in == 1 else f"{first}-{(first + 1) % 100:02}"


def number_of(series: str, year: str, serial: int) -> str:
    """BLR/2627/1, of at most sixteen characters. Raises SeriesFull."""
    if not 0 < serial <= MOST_IN_SERIES:
        raise SeriesFull(f"{series} {year}")
    short = year[2:4] + year[5:7] if "-" in year else year
    return f"{series}/{short}/{serial}"


def title_of(rates: Sequence[int], *, is_gst: bool) -> Title:
    """By the tax rates of what was sold."""
    if not is_gst:
        return Title.INVOICE
    if not any(rates):
        return Title.BILL_OF_SUPPLY
    return Title.TAX_INVOICE if all(rates) else Title.INVOICE_CUM_BILL


@dataclass(frozen=True, slots=True)
class Heads:
    """Under which names tax is charged: both halves within the state, one tax over its border, or a region's own."""

    names: tuple[str, ...]

    def split(self, tax: int) -> list[int]:
        """Minor units for each name. An odd one goes to the first, so that the parts sum to the tax."""
        share = tax // len(self.names)
        return [tax - share * (len(self.names) - 1), *[share] * (len(self.names) - 1)]


def heads_of(*, is_gst: bool, seller_state: str, supply_state: str, scheme: str) -> Heads:
    if not is_gst:
        return Heads((scheme or "Tax",))
    if seller_state != supply_state:
        return Heads(("IGST",))
    return Heads(("CGST", "UTGST" if supply_state in WITHOUT_LEGISLATURE else "SGST"))


def taxes_by_rate(lines: Sequence[Mapping[str, Any]], heads: Heads) -> list[Data]:
    """What each rate is on and comes to, the lowest first; what is exempt too, at 0. The halves are taken of the sum
    and not line by line, so they differ by one paisa at most."""
    sums: dict[int, list[int]] = {}
    for line in lines:
        known = sums.setdefault(line["basis_points"], [0, 0])
        known[0] += line["taxable"]
        known[1] += line["tax"]
    return [
        {"basis_points": rate, "taxable": taxable, "tax": tax, "parts": heads.split(tax)}
        for rate, (taxable, tax) in sorted(sums.items())
    ]


def ensure_adds_up(document: Mapping[str, Any]) -> None:
    """The document's parts sum to its total. Raises ValueError: another document must never be written."""
    lines, sums = document["lines"], document["sums"]
    goods = sum(line["taxable"] + line["tax"] for line in lines)
    deposits = sum(line["deposit"] for line in lines)
    by_rate = sum(share["taxable"] + sum(share["parts"]) for share in document["taxes"])
    is_right = (
        goods + deposits + sums["delivery"] == sums["total"]
        and goods == by_rate
        and deposits == sums["deposit"]
        and sum(line["tax"] for line in lines) == sums["tax"]
    )
    if not is_right:
        raise ValueError(f"the parts of {document['order']} don't sum to its total")


# -- what goes back ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Left:
    """What of a line of the invoice no credit note took yet, and how many of its pieces they named."""

    line: Mapping[str, Any]
    goods: int
    tax: int
    deposit: int
    pieces: int = 0
    taken_goods: int = 0
    taken_deposit: int = 0
    taken_pieces: int = 0

    def take_pieces(self, pieces: int, worth: int) -> int:
        """So many pieces for which so much goes back: the goods, and what is beyond them of their deposit (a bottle
        that the household keeps is not paid back). How much there was to take."""
        self.taken_pieces += pieces
        cost, count = self.line["taxable"] + self.line["tax"], self.line["quantity"]
        now = self.pieces + self.taken_pieces
        goods = divide_half_up(cost * now, count) - divide_half_up(cost * self.pieces, count) - self.taken_goods
        goods = max(0, min(goods, self.goods - self.taken_goods, worth))
        deposit = min(worth - goods, self.deposit - self.taken_deposit)
        self.taken_goods += goods
        self.taken_deposit += deposit
        return goods + deposit

    def row(self) -> Data:
        """The line of the credit note. Of the tax, what is contained in all that was ever credited of the line, less
        what was told before: however it is divided, the parts sum to the tax of the whole."""
        cost = self.line["taxable"] + self.line["tax"]
        before = cost - self.goods
        tax = divide_half_up(self.line["tax"] * (before + self.taken_goods), cost) if cost else 0
        tax -= self.line["tax"] - self.tax
        keys = ("line", "name", "pack", "hsn", "basis_points")
        return {
            **{key: self.line[key] for key in keys},
            "quantity": self.taken_pieces,
            "taxable": self.taken_goods - tax,
            "tax": tax,
            "deposit": self.taken_deposit,
            "total": self.taken_goods + self.taken_deposit,
        }


def credit_of(
    invoice: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    *,
    amount: int,
    shares: Sequence[Mapping[str, int]],
) -> Data | None:
    """Lines, taxes and sums of the credit note for a refund of `amount`, after `earlier` credit notes.

    `shares` name the lines it is for, with pieces and amount; what they do not name is taken off the goods that are
    left in proportion, then off the delivery, then off the deposits. Never past what the invoice charged; None where
    nothing of it is left. The tax goes back with the goods.
    """
    rows = {line["line"]: _left_of(line, earlier) for line in invoice["lines"]}
    rest = amount
    for share in shares:
        row = rows.get(share["line"])
        if row is not None:
            rest -= row.take_pieces(share["quantity"], min(rest, share["amount"]))
    rest = _take_off_goods(list(rows.values()), rest)
    told = sum(note["sums"]["delivery"] for note in earlier)
    delivery = min(rest, invoice["sums"]["delivery"] - told)
    rest = _take_off_deposits(list(rows.values()), rest - delivery)
    if rest == amount:
        return None
    lines = [row.row() for row in rows.values() if row.taken_goods or row.taken_deposit]
    return {
        "lines": lines,
        "taxes": _credited_taxes(invoice, earlier, lines),
        "sums": {
            "tax": sum(line["tax"] for line in lines),
            "deposit": sum(line["deposit"] for line in lines),
            "delivery": delivery,
            "total": sum(line["total"] for line in lines) + delivery,
        },
    }


def _left_of(line: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> _Left:
    told = [row for note in earlier for row in note["lines"] if row["line"] == line["line"]]
    goods = sum(row["taxable"] + row["tax"] for row in told)
    return _Left(
        line,
        goods=line["taxable"] + line["tax"] - goods,
        tax=line["tax"] - sum(row["tax"] for row in told),
        deposit=line["deposit"] - sum(row["deposit"] for row in told),
        pieces=sum(row["quantity"] for row in told),
    )


def _take_off_goods(rows: Sequence[_Left], amount: int) -> int:
    """Off the goods that are left, in proportion; what was too much."""
    taken = _proportional(amount, [row.goods - row.taken_goods for row in rows])
    for row, part in zip(rows, taken, strict=True):
        row.taken_goods += part
    return amount - sum(taken)


def _take_off_deposits(rows: Sequence[_Left], amount: int) -> int:
    taken = _proportional(amount, [row.deposit - row.taken_deposit for row in rows])
    for row, part in zip(rows, taken, strict=True):
        row.taken_deposit += part
    return amount - sum(taken)


def _proportional(amount: int, weights: Sequence[int]) -> list[int]:
    """As much of the amount as the weights hold, divided by them; left-over units go to the largest remainders."""
    whole = sum(weights)
    amount = min(amount, whole)
    if amount <= 0:
        return [0] * len(weights)
    shares = [divmod(amount * weight, whole) for weight in weights]
    extra = amount - sum(quotient for quotient, _ in shares)
    first = set(sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))[:extra])
    return [quotient + (i in first) for i, (quotient, _) in enumerate(shares)]


def _credited_taxes(
    invoice: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]
) -> list[Data]:
    """By rate, under the invoice's own heads, divided so that all notes together never credit more of one than it
    charged."""
    heads = Heads(tuple(invoice["heads"]))
    shares = taxes_by_rate(lines, heads)
    for share in shares:
        told = [s for note in earlier for s in note["taxes"] if s["basis_points"] == share["basis_points"]]
        before = sum(part["tax"] for part in told)
        parts = zip(heads.split(before + share["tax"]), heads.split(before), strict=True)
        share["parts"] = [now - then for now, then in parts]
    return shares
