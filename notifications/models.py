"""What people were told, on which channel, and whether it arrived; and where to push it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.rules import AT_LEISURE, IN_HASTE


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, now: datetime) -> "NotificationQuerySet":
        """What waits to be sent and is not held by another sender. `now` is real time."""
        return self.filter(status=Notification.Status.QUEUED, next_attempt_at__lte=now)

    def on(self, channel: str, *, in_haste: bool) -> "NotificationQuerySet":
        """What goes out on the channel in the lane of those in haste, or in the other."""
        found = self.filter(channel=channel)
        return found.filter(kind__in=IN_HASTE) if in_haste else found.exclude(kind__in=IN_HASTE)

    def next_locked(self, now: datetime) -> "Notification | None":
        """The one that has been due longest, locked; what is at leisure only where nothing else is due. One that
        somebody else looks at is passed over."""
        waiting = self.select_for_update(skip_locked=True).due(now).order_by("next_attempt_at", "id")
        return waiting.exclude(kind__in=AT_LEISURE).first() or waiting.first()

    def in_bell(self, user_id: int) -> "NotificationQuerySet":
        """What the person's bell shows, the latest first."""
        told = self.filter(recipient_id=user_id, channel=Notification.Channel.IN_APP)
        return told.filter(status=Notification.Status.SENT).order_by("-id")

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def locked(self, pk: int) -> "Notification":
        return self.select_for_update(of=("self",)).get(pk=pk)


class Notification(models.Model):
    """One message to one person or address, on one channel.

    What it says is rendered from the books when it is sent (`data` names the records), so that it agrees with them, and
    kept as it was told. One in the app is sent by being written here; the bell shows it.
    A message that somebody else wrote, such as a sign-in code, waits here with its text and loses it once sent.
    """

    class Channel(models.TextChoices):
        EMAIL = "EMAIL", _("E-mail")
        SMS = "SMS", _("SMS")
        PUSH = "PUSH", _("Push")
        IN_APP = "IN_APP", _("In the app")

    class Status(models.TextChoices):
        QUEUED = "QUEUED", _("Queued")
        SENT = "SENT", _("Sent")
        FAILED = "FAILED", _("Failed")
        SKIPPED = "SKIPPED", _("Skipped")

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("recipient")
    )
    role = models.CharField(_("in the role of"), max_length=10)
    kind = models.CharField(_("kind"), max_length=40)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    language = models.CharField(_("language"), max_length=8, default="en")
    address = models.CharField(
        _("address"), max_length=254, blank=True, help_text=_("E-mail address or phone number; none in the app")
    )
    data = models.JSONField(_("about"), default=dict, blank=True, help_text=_("Ids of the records it tells of"))
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), blank=True)
    body_html = models.TextField(_("HTML"), blank=True)
    link = models.CharField(
        _("page"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where the bell leads, on our site"),
    )
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.QUEUED)
    provider_id = models.CharField(_("provider id"), max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=255, blank=True)
    dedupe_key = models.CharField(_("de-duplication key"), max_length=120, unique=True)
    event_id = models.BigIntegerField(_("event"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="QUEUED"), name="notification_queued"),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status="QUEUED") & ~Q(kind__in=sorted(AT_LEISURE)),
                name="notification_queued_soon",
            ),
            models.Index(fields=["recipient", "-id"], name="notification_by_recipient"),
            models.Index(
                fields=["recipient", "-id"], condition=Q(channel="IN_APP", status="SENT"), name="notification_bell"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.address or self.recipient_id}"


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    def alive(self) -> "PushSubscriptionQuerySet":
        """Those of devices that were not signed out."""
        return self.filter(Q(device=None) | Q(device__revoked_at=None))

    def locked_of(self, user_id: int) -> list["PushSubscription"]:
        """All of a person's, the oldest first, locked."""
        return list(self.filter(user_id=user_id).order_by("pk").select_for_update(of=("self",)))


class PushSubscription(models.Model):
    """A browser or an app that lets us push, by its own service: where to, and the keys to write in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    device = models.ForeignKey(
        "accounts.Device", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("device")
    )
    endpoint = models.CharField(_("endpoint"), max_length=500, unique=True)
    p256dh = models.CharField(_("public key"), max_length=100)
    auth = models.CharField(_("shared secret"), max_length=40)
    created_at = models.DateTimeField(_("created at"))
    used_at = models.DateTimeField(_("last pushed to at"), null=True, blank=True)

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.pk)
