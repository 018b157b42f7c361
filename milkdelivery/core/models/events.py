"""The event log: what happened, who is still to be told, and where it came from.

Rows are written by `milkdelivery.core.eventlog` only.
"""

from datetime import datetime
from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor, Role


class EventOrigin(models.Model):
    """Where a request came from. The only place where the log holds personal facts, so it can be erased."""

    request_id = models.CharField(_("request"), max_length=64, primary_key=True)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    device_id = models.CharField(_("device"), max_length=64, null=True, blank=True)
    user_agent = models.CharField(_("browser or app"), max_length=400, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("origin of events")
        verbose_name_plural = _("origins of events")
        indexes = [models.Index(fields=["ip"], name="event_origin_ip", condition=Q(ip__isnull=False))]

    def __str__(self) -> str:
        return self.request_id


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, subject: str) -> Self:
        """The history of one subject, oldest first."""
        return self.filter(subject=subject).order_by("id")

    def named(self, *names: str) -> Self:
        return self.filter(name__in=names)


class Event(models.Model):
    """One fact. Written in the transaction of the change it tells, and never altered: a trigger refuses."""

    name = models.CharField(_("name"), max_length=64)
    subject = models.CharField(_("subject"), max_length=80)
    data = models.JSONField(_("data"), default=dict)
    actor_kind = models.CharField(_("actor"), max_length=8)
    actor_id = models.BigIntegerField(_("actor's number"), null=True, blank=True)
    actor_name = models.CharField(_("part of the system"), max_length=64, blank=True)
    role = models.CharField(_("role"), max_length=16, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"), help_text=_("Business time"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    origin = models.ForeignKey(
        EventOrigin, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("origin")
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "id"], name="event_subject"),
            models.Index(fields=["name", "id"], name="event_name"),
            models.Index(fields=["actor_id", "id"], name="event_actor", condition=Q(actor_id__isnull=False)),
            models.Index(fields=["request_id"], name="event_request", condition=~Q(request_id="")),
            BrinIndex(fields=["occurred_at"], name="event_occurred_at"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}"

    @property
    def actor(self) -> Actor:
        """Who did it, without the facts of the request."""
        return Actor(
            kind=self.actor_kind,
            role=Role(self.role) if self.role else None,
            user_id=self.actor_id,
            name=self.actor_name,
        )


class EventDeliveryQuerySet(models.QuerySet["EventDelivery"]):
    def pending(self) -> Self:
        return self.filter(status=EventDelivery.Status.PENDING)

    def dead(self) -> Self:
        return self.filter(status=EventDelivery.Status.DEAD)

    def troubled(self) -> Self:
        """What staff should look at: given up, or failed at least once and still tried."""
        return self.filter(Q(status=EventDelivery.Status.DEAD) | Q(status=EventDelivery.Status.PENDING, attempts__gt=0))

    def finished_before(self, instant: datetime) -> Self:
        return self.filter(status__in=[EventDelivery.Status.DONE, EventDelivery.Status.DISCARDED], done_at__lt=instant)

    def waiting_behind(self, delivery: "EventDelivery") -> Self:
        """Later events of the subject, which this one holds up."""
        return self.pending().filter(
            subscriber=delivery.subscriber, subject=delivery.subject, event_id__gt=delivery.event_id
        )

    def locked(self, delivery_id: int) -> "EventDelivery":
        return self.select_for_update(of=("self",)).select_related("event").get(pk=delivery_id)


class EventDelivery(models.Model):
    """That one subscriber is to handle one event: the receipt, the retry counter and the dead letter in one row."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        DONE = "DONE", _("Done")
        DEAD = "DEAD", _("Dead letter")
        DISCARDED = "DISCARDED", _("Discarded")

    # No constraint in the database: both rows are born in one statement and events are never deleted, while checking
    # it would cost a lock on the event for each of hundreds of thousands of rows.
    event = models.ForeignKey(
        Event, models.PROTECT, related_name="deliveries", db_constraint=False, db_index=False, verbose_name=_("event")
    )
    subscriber = models.CharField(_("subscriber"), max_length=64)
    subject = models.CharField(_("subject"), max_length=80)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), db_default=Now())
    last_error = models.TextField(_("last error"), blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    objects = EventDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("event delivery")
        verbose_name_plural = _("event deliveries")
        ordering = ["event_id", "subscriber"]
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="event_delivered_once")]
        indexes = [
            models.Index(fields=["subscriber", "event"], name="event_delivery_pending", condition=Q(status="PENDING")),
            models.Index(
                fields=["subscriber", "subject", "event"],
                name="event_delivery_blocking",
                condition=Q(status__in=["PENDING", "DEAD"]),
            ),
            models.Index(
                fields=["done_at"], name="event_delivery_finished", condition=Q(status__in=["DONE", "DISCARDED"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ← {self.event_id}"
