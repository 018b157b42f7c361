"""What watches over stock: alerts of what runs low, and the nightly recount."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.stock import Stock
from milkdelivery.core.models import Region


class LowStockAlert(models.Model):
    """A shelf ran low on a day. One a day: whoever was told need not be told again before tomorrow."""

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="low_alerts", verbose_name=_("stock"), db_index=False)
    date = models.DateField(_("day"))
    available = models.IntegerField(_("available"))
    threshold = models.PositiveIntegerField(_("low below"))
    raised_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("low stock alert")
        verbose_name_plural = _("low stock alerts")
        ordering = ["-date", "-id"]
        constraints = [models.UniqueConstraint(fields=["stock", "date"], name="low_alert_once_a_day")]

    def __str__(self) -> str:
        return f"{self.stock_id} {self.date}: {self.available}"


class Reconciliation(models.Model):
    """The recount of a region's stock on a day: what the rows say against what the logs add up to.

    `drifts` holds at most some hundreds of what does not agree, each {claim, stock_id, subject, row, counted}.
    Recounting never changes stock: people do, with a reason.
    """

    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    date = models.DateField(_("day"))
    shelves = models.PositiveIntegerField(_("shelves counted"))
    drift_count = models.PositiveIntegerField(_("differences"))
    drifts = models.JSONField(_("what differs"), default=list)
    counted_at = models.DateTimeField(_("counted at"))

    class Meta:
        verbose_name = _("stock recount")
        verbose_name_plural = _("stock recounts")
        ordering = ["-date", "-id"]
        constraints = [models.UniqueConstraint(fields=["region", "date"], name="recount_once_a_day")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.date}: {self.drift_count}"
