"""The books of the pretend bank behind the `demo` gateway. Ours never read them: they ask the bank."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyField


class DemoChargeQuerySet(models.QuerySet["DemoCharge"]):
    def locked(self, reference: str) -> "DemoCharge | None":
        return self.select_for_update().filter(reference=reference).first()

    def locked_due(self, now: datetime, limit: int) -> list["DemoCharge"]:
        """Charges that the bank settles or writes about by now, leaving out those being worked on."""
        due = self.select_for_update(skip_locked=True).filter(Q(settles_at__lte=now) | Q(letter_at__lte=now))
        return list(due.order_by("pk")[:limit])


class DemoCharge(models.Model):
    """What the pretend bank knows of one charge."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("Waits for details")
        CHALLENGED = "CHALLENGED", _("Waits for the person")
        WORKING = "WORKING", _("Being worked on")
        PAID = "PAID", _("Paid")
        FAILED = "FAILED", _("Failed")

    key = models.CharField(_("key"), max_length=80, unique=True)
    reference = models.CharField(_("reference"), max_length=60, unique=True)
    secret = models.CharField(_("secret of its page"), max_length=60, unique=True)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("method"), max_length=12)
    order_number = models.CharField(_("order"), max_length=20, blank=True)
    return_url = models.CharField(_("way back"), max_length=255, blank=True)
    scenario = models.CharField(_("scenario"), max_length=30, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    failure_code = models.CharField(_("failure code"), max_length=60, blank=True)
    instrument = models.JSONField(_("paid with"), default=dict, blank=True, help_text=_("Brand and last digits"))
    refunds = models.JSONField(_("given back"), default=dict, blank=True, help_text=_("Minor units by key"))
    settles_at = models.DateTimeField(_("settles at"), null=True, blank=True)
    letter_at = models.DateTimeField(_("writes at"), null=True, blank=True)
    letters = models.PositiveSmallIntegerField(_("letters to write"), default=0)
    created_at = models.DateTimeField(_("created at"))

    objects = DemoChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("charge at the pretend bank")
        verbose_name_plural = _("charges at the pretend bank")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["settles_at"], condition=Q(settles_at__isnull=False), name="demo_charge_settles"),
            models.Index(fields=["letter_at"], condition=Q(letter_at__isnull=False), name="demo_charge_writes"),
        ]

    def __str__(self) -> str:
        return self.reference
