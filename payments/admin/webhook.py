"""What gateways told us, to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from payments.models import Webhook

COLOURS = {
    Webhook.Status.RECEIVED: "warning",
    Webhook.Status.PROCESSED: "success",
    Webhook.Status.IGNORED: "info",
    Webhook.Status.FAILED: "danger",
}


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = (
        when("received_at", gettext_lazy("received")),
        "gateway",
        "kind",
        "shown_status",
        "attempts",
        "error",
        "event_id",
    )
    list_filter = (choices("status"), instants("received_at"))
    search_fields = ("=event_id", "payment__order__number", "=payment__gateway_reference")
    search_help_text = gettext_lazy("Event, order number or gateway reference")

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, webhook: Webhook) -> tuple[str, str]:
        return webhook.status, webhook.get_status_display()
