"""Making reports, and choosing who gets them by mail."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from analytics.events import DailyReportMade, PromoClicked, ReportReaderChanged, UiClicked
from analytics.models import DailyReport, ReportReader
from analytics.queries import figures_of
from analytics.rules import VERSION
from catalog.models import Promotion
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.erasing import Leaving
from milkdelivery.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Region

NIGHTLY = Actor.system("reports")
"""Makes the reports of the night. Only its own are mailed."""


class DayNotOver(DomainError):
    """A report tells of a day that has ended."""

    code = "day_not_over"


class NoReport(NotFound):
    code = "no_report"


def make_report(region: Region, day: date, *, by: Actor) -> DailyReport:
    """The report of a region's business date, made if it was not yet. Safe to repeat, and by two workers at once.

    Locks the day's report. Raises DayNotOver. Emits DailyReportMade where it is made.
    """
    _ensure_over(region, day)
    with transaction.atomic():
        DailyReport.objects.lock_day(region.pk, day)
        known = DailyReport.objects.of_day(region.pk, day)
        if known is not None:
            return known
        report = DailyReport.objects.create(
            region=region,
            date=day,
            version=VERSION,
            figures=figures_of(region, day),
            made_at=clock.now(),
            made_by=by.label,
        )
        emit(DailyReportMade(report.pk, region.pk, day), actor=by)
    return report


def make_report_again(region: Region, day: date, *, by: Actor, reason: str) -> DailyReport:
    """The report of a day from the books as they are now, in place of the one before, which it keeps.

    Locks the day's report. Raises InvalidInput without a reason, NoReport where there is none yet. Emits
    DailyReportMade.
    """
    why = " ".join(reason.split())
    if not why:
        raise InvalidInput(_("Say why the report is made again."), field="reason")
    with transaction.atomic():
        DailyReport.objects.lock_day(region.pk, day)
        report = DailyReport.objects.locked_of(region.pk, day)
        if report is None:
            raise NoReport(_("There is no report of this day yet."), field="date")
        told = {"figures": report.figures, "version": report.version, "made_at": report.made_at.isoformat()}
        report.earlier = [*report.earlier, {**told, "made_by": report.made_by, "reason": report.reason}]
        report.figures, report.version = dict(figures_of(region, day)), VERSION
        report.made_at, report.made_by, report.reason = clock.now(), by.label, why
        report.times_made += 1
        report.save()
        emit(DailyReportMade(report.pk, region.pk, day, report.times_made, why), actor=by)
    return report


def want_reports(*, wants: bool, by: Actor) -> None:
    """Somebody of the staff wants the daily report by mail, or no more. Safe to repeat. Raises NotAllowed for anybody
    else. Emits ReportReaderChanged where it changes."""
    if by.user_id is None or not by.is_staff:
        raise NotAllowed(_("Reports are for staff."))
    with transaction.atomic():
        if wants:
            _reader, changed = ReportReader.objects.get_or_create(user_id=by.user_id, defaults={"since": clock.now()})
        else:
            changed = bool(ReportReader.objects.filter(user_id=by.user_id).delete()[0])
        if changed:
            emit(ReportReaderChanged(by.user_id, wants), actor=by)


def note_click(*, element: str, page: str, by: Actor) -> None:
    """Somebody tapped something. One row of the log. Emits UiClicked."""
    with transaction.atomic():
        emit(UiClicked(element, page), actor=by)


def note_promo_click(promotion_id: int, *, page: str, by: Actor) -> None:
    """Somebody tapped a promotion. Raises NotFound where there is no such promotion. Emits PromoClicked."""
    if not Promotion.objects.filter(pk=promotion_id).exists():
        raise NotFound(_("There is no such promotion."), field="promotion")
    with transaction.atomic():
        emit(PromoClicked(promotion_id, page), actor=by)


def _ensure_over(region: Region, day: date) -> None:
    if day >= clock.today(region):
        raise DayNotOver(_("This day is not over yet."), field="date")


def forget_reader(leaving: Leaving) -> None:
    """Nobody reads reports any more who was erased. Part of that transaction, and told by its event."""
    ReportReader.objects.filter(user_id=leaving.user_id).delete()
