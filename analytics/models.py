"""The report of a day as it was told, and who reads it by mail."""

from datetime import date

from django.conf import settings
from django.db import connections, models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.models import Region


class DailyReportQuerySet(models.QuerySet["DailyReport"]):
    def lock_day(self, region_id: int, day: date) -> None:
        """One report of a region's day is made at a time. Held until the transaction ends."""
        with connections[self.db].cursor() as cursor:
            key = f"report:{region_id}:{day.isoformat()}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])

    def locked_of(self, region_id: int, day: date) -> "DailyReport | None":
        """The report of that day, locked."""
        return self.select_for_update(of=("self",)).select_related("region").filter(region=region_id, date=day).first()

    def of_day(self, region_id: int, day: date) -> "DailyReport | None":
        return self.select_related("region").filter(region=region_id, date=day).first()


class DailyReport(models.Model):
    """What a business date of a region brought, as it stood when the report was made.

    A report never changes by itself: what happens later counts on its own day. Made again by hand, with a reason, it
    keeps what it said before in `earlier`: [{figures, version, made_at, made_by, reason}], oldest first.
    """

    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    date = models.DateField(_("day"), help_text=_("The business date in the region’s time zone"))
    version = models.PositiveSmallIntegerField(_("version of the figures"), help_text=_("See analytics.rules"))
    figures = models.JSONField(_("figures"), help_text=_("See analytics.rules.Figures"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.CharField(_("made by"), max_length=80)
    times_made = models.PositiveSmallIntegerField(_("times made"), default=1, db_default=1)
    reason = models.CharField(_("why it was made again"), max_length=200, blank=True, default="", db_default="")
    earlier = models.JSONField(_("what it said before"), default=list, db_default=[], blank=True)

    objects = DailyReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("daily report")
        verbose_name_plural = _("daily reports")
        ordering = ["-date", "region"]
        constraints = [models.UniqueConstraint(fields=["region", "date"], name="daily_report_once")]

    def __str__(self) -> str:
        return f"{self.region} {date_format(self.date, 'j F Y')}"


class ReportReader(models.Model):
    """Somebody of the staff who wants the daily report by mail. ADMIN_EMAIL gets it in any case."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("who reads it")
    )
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("reader of reports")
        verbose_name_plural = _("readers of reports")

    def __str__(self) -> str:
        return str(self.user)
