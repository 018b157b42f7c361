"""Daily reports in the back office: a month at a glance, a day with its figures, files, and made again for a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from analytics.actions import make_report_again, want_reports
from analytics.files import file_response
from analytics.models import DailyReport
from analytics.queries import neighbours, reports_of_month, wants_reports
from analytics.rules import money_of, share
from analytics.words import headline, percent, revenue_of, tables
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import days, related
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import names_of
from milkdelivery.core import clock
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from orders.models import Order

HEIGHT = 100
"""Of the highest bar, in units of the drawing."""
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
"""Of this century: dates know no year 10000."""


made_at = when("made_at", gettext_lazy("made at"))


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the month. `top` and `height` in units of the drawing; without a report there is no bar."""

    day: date
    x: int
    report: DailyReport | None
    top: int = HEIGHT
    height: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """A region's month: its bars, what it came to, and the months beside it."""

    region: Region
    first: date
    bars: tuple[Bar, ...]
    revenue: Money
    highest: Money
    orders: int
    before: str
    after: str

    @property
    def width(self) -> int:
        return len(self.bars) * 10


@admin.register(DailyReport)
class DailyReportAdmin(ReadOnlyAdmin):
    change_form_template = "admin/analytics/dailyreport/change_form.html"
    change_list_template = "admin/analytics/dailyreport/change_list.html"
    list_display = ("date", "region", "orders", "revenue", "average", "on_time", "failed", made_at)
    list_display_links = ("date",)
    list_select_related = ("region",)
    list_filter = (related("region"), days("date"))
    ordering = ("-date", "region")
    fields = (("date", "region"), ("shown_maker", "shown_made"), "reason")
    readonly_fields = ("shown_maker", "shown_made")
    actions_detail = ("as_pdf", "as_csv", "as_json", "again")

    # -- columns -------------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("orders"))
    def orders(self, report: DailyReport) -> int:
        return int(report.figures["orders"]["count"])

    @display(description=gettext_lazy("revenue"))
    def revenue(self, report: DailyReport) -> str:
        return revenue_of(report)

    @display(description=gettext_lazy("average order"))
    def average(self, report: DailyReport) -> str:
        amounts = money_of(report.figures["orders"]["average"], report.region.currency)
        return " + ".join(amount.format() for amount in amounts)

    @display(description=gettext_lazy("on time"))
    def on_time(self, report: DailyReport) -> str:
        told = report.figures["deliveries"]
        return percent(share(told["on_time"], told["delivered"]))

    @display(description=gettext_lazy("failed at the door"))
    def failed(self, report: DailyReport) -> int:
        return int(report.figures["failures"]["count"])

    @display(description=gettext_lazy("made by"))
    def shown_maker(self, report: DailyReport) -> str:
        return names_of([report.made_by]).get(report.made_by, report.made_by)

    @display(description=gettext_lazy("made at"))
    def shown_made(self, report: DailyReport) -> str:
        return str(made_at(report))

    # -- a month -------------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with a month drawn above it. `month` and `of` (a region's code) are read here, not by the list."""
        asked = request.GET.copy()
        month, code = asked.pop("month", [""])[-1], asked.pop("of", [""])[-1]
        request.GET = asked  # type: ignore[assignment]
        request.META["QUERY_STRING"] = asked.urlencode()
        regions = list(region_book().regions.values())
        region = next((each for each in regions if each.code == code), regions[0] if regions else None)
        context = {
            **(extra_context or {}),
            "month": month_of(region, month) if region else None,
            "regions": regions if len(regions) > 1 else [],
            "wants_mail": request.user.pk is not None and wants_reports(request.user.pk),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    # -- a day ---------------------------------------------------------------------------------------------------------

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        report: DailyReport | None = kwargs.get("obj")
        if report is not None:
            before, after = neighbours(report)
            parts = report.figures["by_status"]
            context |= {
                "facts": headline(report),
                "tables": tables(report),
                "before": before,
                "after": after,
                "parts": _bar_of(parts),
                "whole": sum(part["count"] for part in parts),
                "said_before": [_earlier(report, told) for told in reversed(report.earlier)],
                "month_url": f"{reverse('admin:analytics_dailyreport_changelist')}"
                f"?month={report.date:%Y-%m}&of={report.region.code}",
            }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(description=gettext_lazy("PDF"), permissions=["view"], url_path="pdf", icon="print")
    def as_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return file_response(self.record(request, object_id), "pdf")

    @action(description=gettext_lazy("CSV"), permissions=["view"], url_path="csv", icon="download")
    def as_csv(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return file_response(self.record(request, object_id), "csv")

    @action(description=gettext_lazy("JSON"), permissions=["view"], url_path="json", icon="data_object")
    def as_json(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return file_response(self.record(request, object_id), "json")

    @action(description=gettext_lazy("Make again"), permissions=["operate"], url_path="again", icon="replay")
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        report: DailyReport = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            make_report_again(report.region, report.date, by=actor_of(request), reason=answer["reason"])
            return _("The report was made again.")

        question = Question(
            title=_("Make the report of %(day)s again?") % {"day": report},
            submit=_("Make again"),
            intro=_("From the books as they are now. What it said before is kept beneath it; nobody is mailed."),
            form=ReasonForm,
            perform=perform,
        )
        return ask(self, request, report, question)

    # -- by mail -------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        mine = path("mail/", self.admin_site.admin_view(self.choose_mail), name="analytics_dailyreport_mail")
        return [mine, *super().get_urls()]

    def choose_mail(self, request: HttpRequest) -> HttpResponse:
        """Whoever asks wants the report by mail from now on, or no more."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        wants = request.POST.get("wants") == "yes"
        want_reports(wants=wants, by=actor_of(request))
        told = _("You get the report by mail from now on.") if wants else _("You get no more mails with the report.")
        messages.success(request, told)
        return HttpResponseRedirect(reverse("admin:analytics_dailyreport_changelist"))


def month_of(region: Region, asked: str) -> Month:
    """A month's bars of revenue: the one that was asked for ("2026-03"), or that of yesterday."""
    found = _MONTH.fullmatch(asked)
    yesterday = clock.today(region) - timedelta(days=1)
    first = date(int(found[1]), int(found[2]), 1) if found else yesterday.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    reports = {report.date: report for report in reports_of_month(region, first)}
    worth = {day: _minor(report, region.currency) for day, report in reports.items()}
    highest = max([0, *worth.values()])
    bars = []
    for place in range((following - first).days):
        day = first + timedelta(days=place)
        height = max(0, worth.get(day, 0)) * HEIGHT // highest if highest else 0
        report = reports.get(day)
        words = f"{date_format(day, 'j F')}: {Money(worth[day], region.currency).format()}" if report else ""
        bars.append(Bar(day, place * 10, report, HEIGHT - height, height, words))
    return Month(
        region=region,
        first=first,
        bars=tuple(bars),
        revenue=Money(sum(worth.values()), region.currency),
        highest=Money(highest, region.currency),
        orders=sum(report.figures["orders"]["count"] for report in reports.values()),
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=f"{following:%Y-%m}" if following <= yesterday else "",
    )


def _minor(report: DailyReport, currency: str) -> int:
    return int(report.figures["orders"]["revenue"].get(currency, 0))


def _bar_of(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Orders by status as parts of one bar."""
    starts = accumulate((part["count"] for part in parts), initial=0)
    labels = dict(Order.Status.choices)
    return [
        {"status": part["key"], "label": labels.get(part["key"], part["key"]), "count": part["count"], "before": before}
        for part, before in zip(parts, starts, strict=False)
    ]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a report said before it was made again."""

    made_at: datetime
    made_by: str
    reason: str
    orders: int
    revenue: str


def _earlier(report: DailyReport, told: dict[str, Any]) -> Earlier:
    orders = told["figures"]["orders"]
    amounts = money_of(orders["revenue"], report.region.currency)
    revenue = " + ".join(amount.format() for amount in amounts)
    made_at = timezone.localtime(datetime.fromisoformat(told["made_at"]))
    return Earlier(made_at, told["made_by"], told["reason"], orders["count"], revenue)
