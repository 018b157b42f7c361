"""What a document says, from its data to words in the language at hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from milkdelivery.core.money import Money
from orders.rules.pricing import rate_of
from payments.models import Invoice, Payment, RefundMovement
from payments.rules.invoices import Title
from payments.words import reason_words

WIDTHS = (7, 0, 15, 12, 20, 18, 20, 26, 22)
NOTE_WIDTHS = (7, 0, 18, 14, 26, 30, 26)
"""Of the columns in millimetres; 0 takes what is left."""


def words_of(invoice: Invoice) -> dict[str, Any]:
    """All strings of the document, in the order in which the template sets them."""
    document = invoice.document
    is_note = document["title"] == Title.CREDIT_NOTE
    show = _Amounts(document["currency"])
    return {
        "language": document["language"].split("-")[0],
        "number": invoice.number,
        "title": title_of(document["title"]),
        "seller": {"name": document["seller"]["name"]},
        "seller_rows": _seller_rows(document["seller"]),
        "buyer_label": _("Customer") if is_note else _("Sold and delivered to"),
        "buyer_rows": _buyer_rows(document["buyer"]),
        "facts": _note_facts(invoice) if is_note else _invoice_facts(invoice),
        "columns": _columns(is_note=is_note),
        "widths": NOTE_WIDTHS if is_note else WIDTHS,
        "rows": [_row(place, line, show, is_note=is_note) for place, line in enumerate(document["lines"], start=1)],
        "tax_columns": [_("Rate"), _("Taxable value"), *document["heads"], _("Tax")],
        "tax_rows": [_tax_row(share, document, show) for share in _taxed(document)],
        "sums": _note_sums(document, show) if is_note else _sums(document, show),
        "total": [_("Credited") if is_note else _("Total"), show(document["sums"]["total"])],
        "notes": _notes(document, is_note=is_note),
    }


def title_of(title: str) -> str:
    return {
        Title.TAX_INVOICE: _("Tax invoice"),
        Title.BILL_OF_SUPPLY: _("Bill of supply"),
        Title.INVOICE_CUM_BILL: _("Invoice-cum-bill of supply"),
        Title.INVOICE: _("Invoice"),
        Title.CREDIT_NOTE: _("Credit note"),
    }[Title(title)]


class _Amounts:
    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, minor: int) -> str:
        return Money(minor, self.currency).format()


def _seller_rows(seller: Mapping[str, Any]) -> list[str]:
    number = _("GSTIN") if seller["is_gst"] else _("Tax number")
    facts = [(number, seller["tax_number"]), (_("State"), seller["state"]), ("FSSAI", seller["food_licence"])]
    return [*filter(None, [seller["address"]]), *(f"{name} {value}" for name, value in facts if value)]


def _buyer_rows(buyer: Mapping[str, str]) -> list[str]:
    text = buyer.get("text", "")
    pincode = buyer.get("pincode", "")
    return [row for row in (buyer.get("name", ""), text, "" if pincode in text else pincode) if row]


def _invoice_facts(invoice: Invoice) -> list[list[str]]:
    document = invoice.document
    paid = ", ".join(str(Payment.Method(method).label) for method in document["methods"])
    facts = [
        (_("Date of issue"), date_format(invoice.issued_on, "j F Y")),
        (_("Delivered on"), _day(document["delivered_on"])),
        (_("Order"), document["order"]),
        (_("Place of supply"), document["place_of_supply"]),
        (_("Paid by"), paid),
        (_("Reverse charge"), _("No") if document["seller"]["is_gst"] else ""),
    ]
    return [[name, value] for name, value in facts if value]


def _note_facts(invoice: Invoice) -> list[list[str]]:
    document = invoice.document
    of = document["invoice"]
    facts = [
        (_("Date of issue"), date_format(invoice.issued_on, "j F Y")),
        (title_of(of["title"]), f"{of['number']}, {_day(of['issued_on'])}"),
        (_("Order"), document["order"]),
        (_("Place of supply"), document["place_of_supply"]),
        (_("Reason"), reason_words(document["reason"])),
        (_("Paid back"), str(RefundMovement.Destination(document["destination"]).label)),
    ]
    return [[name, value] for name, value in facts if value]


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "j F Y")


def _columns(*, is_note: bool) -> list[str]:
    price = [] if is_note else [_("Price"), _("Discount")]
    return ["#", _("Goods"), "HSN", _("Pieces"), *price, _("Taxable value"), _("Tax"), _("Amount")]


def _row(place: int, line: Mapping[str, Any], show: _Amounts, *, is_note: bool) -> list[str]:
    price = [] if is_note else [show(line["unit_price"]), show(line["discount"]) if line["discount"] else "–"]
    tax = f"{show(line['tax'])} ({rate_of(line['basis_points'])} %)" if line["basis_points"] else _("exempt")
    what = [str(place), f"{line['name']}, {line['pack']}", line["hsn"], str(line["quantity"] or "–")]
    return [*what, *price, show(line["taxable"]), tax, show(line["taxable"] + line["tax"])]


def _taxed(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rates to tell apart: none where nothing is taxed."""
    return list(document["taxes"]) if any(share["basis_points"] for share in document["taxes"]) else []


def _tax_row(share: Mapping[str, Any], document: Mapping[str, Any], show: _Amounts) -> list[str]:
    rate = share["basis_points"]
    each = rate_of(rate // len(document["heads"])) if rate % len(document["heads"]) == 0 else ""
    is_divided = bool(each and rate and len(share["parts"]) > 1)
    parts = [f"{show(part)} ({each} %)" if is_divided else show(part) for part in share["parts"]]
    name = f"{rate_of(rate)} %" if rate else _("exempt")
    return [name, show(share["taxable"]), *parts, show(share["tax"])]


def _sums(document: Mapping[str, Any], show: _Amounts) -> list[list[str]]:
    sums = document["sums"]
    discount = _("Discount") + (f" · {document['promotion']}" if document["promotion"] else "")
    rows = [(_("Goods"), sums["items"], True), (discount, -sums["discount"], False)]
    if not document["tax_inclusive"]:
        rows.append((", ".join(document["heads"]), sums["tax"], False))
    rows += [(_("Delivery"), sums["delivery"], False), (_("Bottle deposits, refundable"), sums["deposit"], False)]
    return [[name, show(amount)] for name, amount, always in rows if amount or always]


def _note_sums(document: Mapping[str, Any], show: _Amounts) -> list[list[str]]:
    sums = document["sums"]
    goods = sum(line["taxable"] for line in document["lines"])
    rows = [
        (_("Taxable value"), goods),
        (_("Tax"), sums["tax"]),
        (_("Delivery"), sums["delivery"]),
        (_("Bottle deposits"), sums["deposit"]),
    ]
    return [[name, show(amount)] for name, amount in rows if amount]


def _notes(document: Mapping[str, Any], *, is_note: bool) -> list[str]:
    notes = []
    if not is_note and document["tax_inclusive"] and document["sums"]["tax"]:
        tax = Money(document["sums"]["tax"], document["currency"]).format()
        notes.append(_("Tax of %(tax)s is contained in the total.") % {"tax": tax})
    if document["seller"]["is_gst"]:
        if any(not line["basis_points"] for line in document["lines"]):
            notes.append(_("Goods marked exempt are free of GST."))
        if not is_note and document["sums"]["deposit"]:
            notes.append(_("Bottle deposits are no part of the price: they come back with the bottle."))
        notes.append(_("Made electronically, valid without a signature."))
    return notes
