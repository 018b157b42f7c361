"""A wallet's statement in words and as a file, and a household's payments as one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.rules.files import guarded
from milkdelivery.core import clock
from payments.models import Invoice, Payment
from payments.queries import Line, movements_of
from payments.rules.ledger import TransferKind
from payments.words import failure_words, reason_words, refund_words

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
    heads.append(_("Still set aside"))
    writer.writerow([*heads, *([_("Who"), _("Reference")] if names is not None else [])])
    for line in lines:
        order = line.reference if line.kind in ABOUT_ORDERS else ""
        # The amounts are ours, and a minus before them is meant: only words can bring a formula in.
        writer.writerow(
            [
                *_at(line.occurred_at),
                *map(guarded, (words_of(line), order, reason_words(line.reason))),
                f"{line.change.to_decimal():f}",
                f"{line.balance.to_decimal():f}",
                line.change.currency,
                _("yes") if line.is_held else "",
                *(map(guarded, (names.get(line.actor, line.actor), line.reference)) if names is not None else ()),
            ]
        )
    return _download(table, f"wallet-{currency}")


def payments_file(payments: Iterable[Payment], papers: Mapping[int, Sequence[Invoice]]) -> HttpResponse:
    """A household's payments as its page shows them, a row each, newest first; what went back in a row below its
    payment, with a minus. `papers` are the invoices and credit notes of each order."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(
        [
            *(_("Date"), _("Time"), _("What"), _("Order"), _("How it was paid"), _("Status"), _("Amount")),
            *(_("Currency"), _("Why"), _("Documents")),
        ]
    )
    for payment in payments:
        number = payment.order.number if payment.order else ""
        what = _("Payment") if payment.order else _("Wallet top-up")
        how = str(payment.saved_method or payment.get_method_display())
        status = _("Called off") if payment.is_called_off else payment.get_status_display()
        is_told = payment.is_captured and not payment.is_surplus
        named = ", ".join(paper.number for paper in papers.get(payment.order_id or 0, ())) if is_told else ""
        words = (number, how, status, f"{payment.amount.to_decimal():f}", payment.currency)
        writer.writerow([*_at(payment.created_at), what, *map(guarded, words), guarded(failure_words(payment)), named])
        for refund, movement in movements_of(payment.refunds.all()):
            to = movement.get_destination_display() if movement else refund.get_destination_display()
            done = movement.get_status_display() if movement else ""
            amount = f"-{refund.amount.to_decimal():f}"
            why = guarded(refund_words(refund))
            writer.writerow([*_at(refund.decided_at), _("Back"), number, to, done, amount, refund.currency, why, ""])
    return _download(table, "payments")


def _at(moment: datetime) -> tuple[str, str]:
    """Day and time in the zone of the page."""
    local = timezone.localtime(moment)
    return local.date().isoformat(), local.strftime("%H:%M")


def _download(table: io.StringIO, name: str) -> HttpResponse:
    response = HttpResponse(MARK + table.getvalue(), content_type="text/csv; charset=utf-8")
    day = timezone.localtime(clock.now()).date().isoformat()
    response["Content-Disposition"] = f'attachment; filename="{name}-{day}.csv"'
    return response
