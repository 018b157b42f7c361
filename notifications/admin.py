"""Messages in the back office: what people were told, and whether it arrived."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from notifications.models import Notification
from notifications.rules import KIND_NAMES

COLOURS = {
    Notification.Status.QUEUED: "info",
    Notification.Status.SENT: "success",
    Notification.Status.FAILED: "danger",
    Notification.Status.SKIPPED: None,
}


class KindFilter(RadioFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(str(kind), name) for kind, name in KIND_NAMES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> QuerySet[Notification]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        when("created_at", gettext_lazy("made")),
        "kind_name",
        "recipient",
        "channel",
        "address",
        "shown_status",
        "attempts",
        when("sent_at", gettext_lazy("sent")),
    )
    list_select_related = ("recipient",)
    list_filter = (KindFilter, choices("status"), choices("channel"), instants("created_at"))
    search_fields = ("address", "kind", "subject", "recipient__name")
    fieldsets = (
        (None, {"fields": (("recipient", "role"), ("kind_name", "channel"), ("address", "language"))}),
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

    def get_readonly_fields(self, request: HttpRequest, obj: Notification | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "kind_name"]

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_name(self, message: Notification) -> str:
        return str(KIND_NAMES.get(message.kind, message.kind))

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, message: Notification) -> tuple[str, str]:
        return message.status, message.get_status_display()
