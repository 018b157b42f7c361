"""What gateways tell us by themselves, kept as it came."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.payment import Payment


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def locked(self, pk: int) -> "Webhook":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def locked_due(self, now: datetime, limit: int) -> list["Webhook"]:
        """Those not processed yet and due by that (real) instant, leaving out those being claimed."""
        due = self.select_for_update(skip_locked=True).filter(status=Webhook.Status.RECEIVED, next_attempt_at__lte=now)
        return list(due.order_by("next_attempt_at")[:limit])


class Webhook(models.Model):
    """One event of a gateway. It may come many times, late and out of order: it is kept once and processed once."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", _("Received")
        PROCESSED = "PROCESSED", _("Processed")
        IGNORED = "IGNORED", _("Nothing to do")
        FAILED = "FAILED", _("Could not be processed")

    gateway = models.CharField(_("gateway"), max_length=20)
    event_id = models.CharField(_("event"), max_length=120)
    kind = models.CharField(_("kind"), max_length=80)
    body = models.TextField(_("as it came"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RECEIVED)
    payment = models.ForeignKey(
        Payment, models.SET_NULL, null=True, blank=True, related_name="webhooks", verbose_name=_("payment")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=255, blank=True)
    received_at = models.DateTimeField(_("received at"))
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("word of a gateway")
        verbose_name_plural = _("words of gateways")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="webhook_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="RECEIVED"), name="webhook_to_process"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.kind} {self.event_id}"
