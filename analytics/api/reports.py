"""Reports for staff, as JSON and as files."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Permitted
from analytics.actions import NoReport
from analytics.files import file_response, json_of
from analytics.models import DailyReport
from milkdelivery.core.api import MoneyField
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.models import Region

LONGEST_CODE = 8


class ReportReaders(Permitted):
    who = "Managers and admins."
    needs = {"GET": "analytics.view_dailyreport"}


class WhichReport(serializers.Serializer[Any]):
    """The parameters that name a report."""

    date = serializers.DateField()
    region = serializers.CharField(max_length=LONGEST_CODE, required=False)


def _sum(words: str = "") -> serializers.ListField:
    return serializers.ListField(child=MoneyField(), help_text=words or None)


class PartSerializer(serializers.Serializer[Any]):
    """One of several that a number falls into: a status, a source, a way to pay, a kind of refund."""

    key = serializers.CharField()
    count = serializers.IntegerField()
    worth = _sum()


class ReportOrdersSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="All orders for the date.")
    standing = serializers.IntegerField(help_text="Neither cancelled nor returned.")
    worth = _sum("Of those that stand.")
    refunds = _sum("Decided on the day, for goods of orders that stand.")
    revenue = _sum("`worth` less `refunds`.")
    average = _sum("`worth` by `standing`.")


class PlacedThatDaySerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    worth = _sum()


class TopProductSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    pieces = serializers.IntegerField()
    worth = _sum()


class MissingProductSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    pieces = serializers.IntegerField()


class ShortagesSerializer(serializers.Serializer[Any]):
    lines = serializers.IntegerField()
    pieces = serializers.IntegerField()
    substituted_lines = serializers.IntegerField()
    substituted_pieces = serializers.IntegerField()
    lost_orders = serializers.IntegerField(help_text="Cancelled for want of goods.")
    products = MissingProductSerializer(many=True)


class SlotTimesSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="The slot.")
    delivered = serializers.IntegerField()
    on_time = serializers.IntegerField()
    early = serializers.IntegerField()
    late = serializers.IntegerField()


class ReportDeliveriesSerializer(serializers.Serializer[Any]):
    delivered = serializers.IntegerField()
    on_time = serializers.IntegerField(help_text="Within the window of their slot.")
    early = serializers.IntegerField()
    late = serializers.IntegerField()
    open = serializers.IntegerField(help_text="Neither handed over nor given up.")
    slots = SlotTimesSerializer(many=True)


class FailureSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    count = serializers.IntegerField()


class FailuresSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Attempts at a door that failed on the day.")
    again = serializers.IntegerField(help_text="Of those, brought another time.")
    reasons = FailureSerializer(many=True)


class HouseholdsSerializer(serializers.Serializer[Any]):
    served = serializers.IntegerField()
    new = serializers.IntegerField(help_text="Served for the first time.")
    lost = serializers.IntegerField(help_text="Last served 30 days before, nothing ordered since.")


class CashSerializer(serializers.Serializer[Any]):
    to_collect = _sum()
    collected = _sum()


class ReportClaimsSerializer(serializers.Serializer[Any]):
    opened = serializers.IntegerField()
    claimed = _sum()
    approved = serializers.IntegerField()
    granted = _sum()
    rejected = serializers.IntegerField()


class ReportRefundsSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    worth = _sum()
    kinds = PartSerializer(many=True)


class FiguresSerializer(serializers.Serializer[Any]):
    """What a day brought. Each sum is a list of money, that in the region's currency first."""

    orders = ReportOrdersSerializer()
    placed = PlacedThatDaySerializer(help_text="Placed on the day, for whichever date.")
    by_status = PartSerializer(many=True)
    by_source = PartSerializer(many=True)
    by_method = PartSerializer(many=True)
    products = TopProductSerializer(many=True, help_text="The ten that sold best, by worth.")
    shortages = ShortagesSerializer()
    deliveries = ReportDeliveriesSerializer()
    failures = FailuresSerializer()
    households = HouseholdsSerializer()
    cash = CashSerializer()
    claims = ReportClaimsSerializer()
    refunds = ReportRefundsSerializer()


class DailyReportSerializer(serializers.Serializer[Any]):
    """The report of a business date, as it stood when it was made."""

    region = serializers.CharField()
    date = serializers.DateField()
    currency = serializers.CharField()
    version = serializers.IntegerField()
    made_at = serializers.DateTimeField()
    times_made = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why it was made again; empty otherwise.")
    figures = FiguresSerializer()


PARAMETERS = [
    OpenApiParameter("date", OpenApiTypes.DATE, required=True, description="The business date."),
    OpenApiParameter(
        "region",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_CODE},
        description="Code of the region; left out: the first one.",
    ),
]
MISSING = OpenApiResponse(description="No report of this day, or no such region: `no_report`.")


def report_of(request: Request) -> DailyReport:
    """The report that the parameters name. Raises NoReport."""
    asked = WhichReport(data=request.query_params)
    asked.is_valid(raise_exception=True)
    regions = Region.objects.order_by("pk")
    code = asked.validated_data.get("region")
    region = (regions.filter(code=code) if code else regions).first()
    report = DailyReport.objects.of_day(region.pk, asked.validated_data["date"]) if region else None
    if report is None:
        raise NoReport(_("There is no report of this day yet."), field="date")
    return report


class DailyReports(APIView):
    """The report of a day."""

    permission_classes = [ReportReaders]

    @extend_schema(
        operation_id="reports_daily",
        parameters=PARAMETERS,
        responses={200: DailyReportSerializer, 404: MISSING},
        filters=False,
    )
    def get(self, request: Request) -> Response:
        """What a business date brought in a region. Reports are made at one o'clock of the night that follows."""
        return Response(json_of(report_of(request)))


class _File(BaseRenderer):
    """For apps that ask by `Accept`. The views answer with the file itself."""

    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


class Csv(_File):
    media_type, format = "text/csv", "csv"


class Pdf(_File):
    media_type, format = "application/pdf", "pdf"


class _ReportFile(APIView):
    permission_classes = [ReportReaders]
    throttle_classes = [Changes]
    kind = ""

    def get(self, request: Request) -> HttpResponse:
        return file_response(report_of(request), self.kind)


class DailyReportCsv(_ReportFile):
    """The report of a day as a table."""

    renderer_classes = [JSONRenderer, Csv]
    kind = "csv"

    @extend_schema(
        operation_id="reports_daily_csv",
        parameters=PARAMETERS,
        responses={(200, "text/csv"): OpenApiTypes.STR, 404: MISSING},
        filters=False,
    )
    def get(self, request: Request) -> HttpResponse:
        """A row for each figure and currency; what a spreadsheet would run is made harmless."""
        return super().get(request)


class DailyReportJson(_ReportFile):
    """The report of a day as a JSON file."""

    kind = "json"

    @extend_schema(
        operation_id="reports_daily_json",
        parameters=PARAMETERS,
        responses={200: DailyReportSerializer, 404: MISSING},
        filters=False,
    )
    def get(self, request: Request) -> HttpResponse:
        """What `reports/daily/` answers, to keep."""
        return super().get(request)


class DailyReportPdf(_ReportFile):
    """The report of a day on paper."""

    renderer_classes = [JSONRenderer, Pdf]
    kind = "pdf"

    @extend_schema(
        operation_id="reports_daily_pdf",
        parameters=PARAMETERS,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, 404: MISSING},
        filters=False,
    )
    def get(self, request: Request) -> HttpResponse:
        """On A4, in the language of `Accept-Language`."""
        return super().get(request)
