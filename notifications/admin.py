"""Messages in the back office: what people were told, and whether it arrived."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from notifications.models import Notification

COLOURS = {
    Notification.Status.QUEUED: "info",
    Notification.Status.SENT: "success",
    Notification.Status.FAILED: "danger",
    Notification.Status.SKIPPED: None,
}


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        when("created_at", gettext_lazy("made")),
        "kind",
        "recipient",
        "channel",
        "address",
        "shown_status",
        "attempts",
        when("sent_at", gettext_lazy("sent")),
    )
    list_select_related = ("recipient",)
    list_filter = (choices("status"), choices("channel"), instants("created_at"))
    search_fields = ("address", "kind", "subject", "recipient__name")
    fieldsets = (
        (None, {"fields": (("recipient", "role"), ("kind", "channel"), ("address", "language"))}),
        (gettext_lazy("Message"), {"fields": ("subject", "body")}),
        (
            gettext_lazy("Sending"),
            {
                "fields": (
                    ("status", "attempts"),
                    ("created_at", "sent_at"),
                    "next_attempt_at",
                    "last_error",
                    "provider_id",
                )
            },
        ),
    )

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, message: Notification) -> tuple[str, str]:
        return message.status, message.get_status_display()
