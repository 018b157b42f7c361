"""A wallet's statement in words, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.rules.files import guarded
from milkdelivery.core import clock
from payments.queries import Line
from payments.rules.ledger import TransferKind
from payments.words import reason_words

_WORDS: dict[str, tuple[Any, Any]] = {
    # kind: (with a reference, without one)
    TransferKind.TOP_UP: (gettext_lazy("Topped up"), gettext_lazy("Topped up")),
    TransferKind.HOLD: (gettext_lazy("Order %(reference)s"), gettext_lazy("Set aside")),
    TransferKind.RELEASE: (gettext_lazy("Back from order %(reference)s"), gettext_lazy("Given free")),
    TransferKind.REFUND: (gettext_lazy("Refund of order %(reference)s"), gettext_lazy("Refund")),
    TransferKind.CORRECTION: (gettext_lazy("Correction"), gettext_lazy("Correction")),
    TransferKind.PAY_OUT: (gettext_lazy("Paid out to your bank account"), gettext_lazy("Paid out")),
    TransferKind.TAKE_OVER: (gettext_lazy("From your orders as a guest"), gettext_lazy("From your orders as a guest")),
    TransferKind.OPENING: (gettext_lazy("Brought forward"), gettext_lazy("Brought forward")),
}
MARK = "\ufeff"
"""By this a spreadsheet knows UTF-8."""

ABOUT_ORDERS = (TransferKind.HOLD, TransferKind.RELEASE, TransferKind.REFUND)
"""Kinds whose reference is an order's number."""


def words_of(line: Line) -> str:
    """What a row is, as its household says it."""
    known = _WORDS.get(line.kind)
    if known is None:
        return str(TransferKind(line.kind).label)
    with_reference, without = known
    return str(with_reference) % {"reference": line.reference} if line.reference else str(without)


def statement_file(lines: Iterable[Line], *, currency: str, names: Mapping[str, str] | None = None) -> HttpResponse:
    """The rows as a CSV file that spreadsheets read, in the zone of the page. Nothing in it runs as a formula.

    `names` are for staff: who did what, by the label of the actor; the file tells that then.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    heads = [_("Date"), _("Time"), _("What"), _("Order"), _("Reason"), _("Amount"), _("Balance"), _("Currency")]
    writer.writerow([*heads, *([_("Who"), _("Reference")] if names is not None else [])])
    for line in lines:
        at = timezone.localtime(line.occurred_at)
        order = line.reference if line.kind in ABOUT_ORDERS else ""
        # The amounts are ours, and a minus before them is meant: only words can bring a formula in.
        writer.writerow(
            [
                at.date().isoformat(),
                at.strftime("%H:%M"),
                *map(guarded, (words_of(line), order, reason_words(line.reason))),
                f"{line.change.to_decimal():f}",
                f"{line.balance.to_decimal():f}",
                line.change.currency,
                *(map(guarded, (names.get(line.actor, line.actor), line.reference)) if names is not None else ()),
            ]
        )
    response = HttpResponse(MARK + table.getvalue(), content_type="text/csv; charset=utf-8")
    day = timezone.localtime(clock.now()).date().isoformat()
    response["Content-Disposition"] = f'attachment; filename="wallet-{currency}-{day}.csv"'
    return response
