"""What watches over the books: the nightly recount."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerRecount(models.Model):
    """The recount of one currency's books on a day: what rows say against what the entries add up to.

    `drifts` holds at most some hundreds of what does not agree, each {claim, account_id, subject, row, counted} in
    minor units. Recounting never moves money: people do, by a correction with a reason.
    """

    currency = models.CharField(_("currency"), max_length=3)
    date = models.DateField(_("day"))
    accounts = models.PositiveIntegerField(_("accounts counted"))
    entries = models.PositiveBigIntegerField(_("entries counted"))
    drift_count = models.PositiveIntegerField(_("differences"))
    drifts = models.JSONField(_("what differs"), default=list)
    counted_at = models.DateTimeField(_("counted at"))

    class Meta:
        verbose_name = _("recount of the books")
        verbose_name_plural = _("recounts of the books")
        ordering = ["-date", "-id"]
        constraints = [models.UniqueConstraint(fields=["currency", "date"], name="ledger_recount_once_a_day")]

    def __str__(self) -> str:
        return f"{self.currency} {self.date}: {self.drift_count}"
