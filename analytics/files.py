"""A report as a file: CSV for spreadsheets, JSON for programs, PDF for paper."""

from __future__ import annotations

import csv
import io
import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics.models import DailyReport
from analytics.rules import money_of
from analytics.words import headline, tables
from inventory.rules.files import guarded
from payments.printing import FONTS

MARK = "\ufeff"
"""By this a spreadsheet knows UTF-8."""

_HERE = Path(__file__).parent / "printing"
_OWN = threading.local()


def csv_of(report: DailyReport) -> str:
    """A row for each figure and currency: what it is in the codes of the API and in words, a count, an amount."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(["date", "region", "section", "key", "label", "count", "amount", "currency"])
    day, region = report.date.isoformat(), report.region.code
    for part in tables(report):
        for row in part.rows:
            count = "" if row.count is None else str(row.count)
            # Names of products are typed by people, and so guarded; amounts are ours, and a minus before them is meant.
            told = [day, region, part.key, row.key, guarded(row.label)]
            for place, amount in enumerate(row.amounts or (None,)):
                figures = [f"{amount.to_decimal():f}", amount.currency] if amount else ["", ""]
                writer.writerow([*told, count if place == 0 else "", *figures])
    return MARK + table.getvalue()


def json_of(report: DailyReport) -> dict[str, Any]:
    """The report as the API tells it: figures as they are kept, each sum as a list of money."""
    return {
        "region": report.region.code,
        "date": report.date.isoformat(),
        "currency": report.region.currency,
        "version": report.version,
        "made_at": report.made_at.isoformat(),
        "times_made": report.times_made,
        "reason": report.reason,
        "figures": _plain(report.figures, report.region.currency),
    }


SUMS = frozenset({"worth", "refunds", "revenue", "average", "to_collect", "collected", "claimed", "granted"})
"""Figures that are sums of money by currency."""


def _plain(value: Any, currency: str, name: str = "") -> Any:
    if isinstance(value, list):
        return [_plain(each, currency) for each in value]
    if not isinstance(value, dict):
        return value
    if name in SUMS and all(isinstance(minor, int) for minor in value.values()):
        return [
            {"amount": f"{money.to_decimal():f}", "currency": money.currency} for money in money_of(value, currency)
        ]
    return {key: _plain(each, currency, key) for key, each in value.items()}


def pdf_of(report: DailyReport) -> bytes:
    """On A4, set by Typst from data: nothing that a person typed is ever run. The same report gives the same bytes."""
    made = _compiler().compile(
        format="pdf",
        sys_inputs={"data": json.dumps(_sheet(report), ensure_ascii=False)},
        timestamp=int(report.made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _sheet(report: DailyReport) -> dict[str, Any]:
    made_at = date_format(timezone.localtime(report.made_at), "j F Y, H:i")
    made = _("Made %(when)s.") % {"when": made_at}
    if report.reason:
        made += " " + _("Made again: %(reason)s") % {"reason": report.reason}
    return {
        "language": (translation.get_language() or "en").split("-")[0],
        "brand": settings.BRAND_NAME,
        "title": _("Daily report"),
        "day": f"{date_format(report.date, 'l, j F Y')} · {report.region.name}",
        "facts": [[fact.label, fact.value, fact.note] for fact in headline(report)],
        "tables": [
            {
                "title": table.title,
                "note": table.note,
                "rows": [[row.label, "" if row.count is None else str(row.count), row.told] for row in table.rows],
            }
            for table in tables(report)
            if table.rows
        ],
        "notes": [made],
    }


def _compiler() -> typst.Compiler:
    """This thread's own: reading template and fonts costs more than setting a page. Few reports are printed, so it is
    never renewed."""
    if not hasattr(_OWN, "compiler"):
        _OWN.compiler = typst.Compiler(
            input=_HERE / "report.typ",
            root=_HERE,
            font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]),
            ignore_system_fonts=True,
        )
    compiler: typst.Compiler = _OWN.compiler
    return compiler


def file_response(report: DailyReport, kind: str) -> HttpResponse:
    """`kind` is csv, json or pdf. Nobody but its reader keeps it."""
    body: str | bytes
    if kind == "csv":
        body, content_type = csv_of(report), "text/csv; charset=utf-8"
    elif kind == "json":
        body, content_type = json.dumps(json_of(report), ensure_ascii=False), "application/json"
    else:
        body, content_type = pdf_of(report), "application/pdf"
    response = HttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name_of(report.region.code, report.date)}.{kind}"'
    response["Cache-Control"] = "private, no-store"
    return response


def name_of(region: str, day: date) -> str:
    return f"report-{region}-{day.isoformat()}"
