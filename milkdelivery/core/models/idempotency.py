"""Keys that clients send so that a repeated request has one effect."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def created_before(self, instant: datetime) -> Self:
        return self.filter(created_at__lt=instant)


class IdempotencyKey(models.Model):
    """One request of one caller, and its answer once there is one. All times are real time."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")

    caller = models.CharField(_("caller"), max_length=100)
    operation = models.CharField(_("operation"), max_length=200)
    key = models.CharField(_("key"), max_length=255)
    request_hash = models.CharField(_("hash of the request"), max_length=64)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.RUNNING)
    attempt = models.PositiveIntegerField(
        _("attempt"), default=1, help_text=_("Grows when a crashed request is taken over; only the latest may answer")
    )
    lease_until = models.DateTimeField(_("lease until"))
    response_status = models.PositiveSmallIntegerField(_("status of the answer"), null=True, blank=True)
    response_headers = models.JSONField(_("headers of the answer"), default=dict)
    response_body = models.BinaryField(_("body of the answer"), default=bytes)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["caller", "operation", "key"], name="idempotency_key_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"
