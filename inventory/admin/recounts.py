"""The nightly recounts, in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import actions
from inventory.models import Reconciliation, Stock
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import days, related
from milkdelivery.backoffice.recounts import Difference, RecountAdmin
from milkdelivery.core.actors import Actor

CLAIMS = {
    "on_hand": gettext_lazy("On hand"),
    "reserved": gettext_lazy("Reserved"),
    "batched": gettext_lazy("In batches"),
    "in_a_batch": gettext_lazy("On hand, and in batches"),
    "promised_for_day": gettext_lazy("Promised for a day"),
    "batch": gettext_lazy("Left of a batch"),
    "batch_received": gettext_lazy("Received of a batch"),
    "batch_in_order": gettext_lazy("Batch in an order"),
    "supply_promised": gettext_lazy("Promised of a day's supply"),
    "keepable": gettext_lazy("More promised than will last"),
}


@admin.register(Reconciliation)
class ReconciliationAdmin(RecountAdmin):
    list_display = (
        "date",
        "region",
        "shelves",
        "result",
        when("counted_at", gettext_lazy("counted at"), region="region"),
    )
    list_select_related = ("region",)
    list_filter = (related("region"), days("date"))
    fields = (("date", "region"), ("shelves", "result_in_words"), "counted_at")
    place = gettext_lazy("Shelf")
    advice = gettext_lazy(
        "Nothing is mended by itself. Open the shelf, settle its log with a reason, and count the shelf."
    )
    question = gettext_lazy("Recount the stock")
    intro = gettext_lazy("Counts everything from the logs again. Nothing is changed by it.")

    def differences(self, report: Reconciliation) -> list[Difference]:
        ids = {drift["stock_id"] for drift in report.drifts}
        stocks = Stock.objects.select_related("vendor", "variant__product").in_bulk(ids)
        return [_difference(drift, stocks.get(drift["stock_id"])) for drift in report.drifts]

    def count_again(self, report: Reconciliation, *, by: Actor) -> Reconciliation:
        return actions.reconcile(report.region, by=by)

    def what_is_counted(self, report: Reconciliation) -> tuple[str, Any]:
        return _("Region"), report.region


def _difference(drift: dict[str, Any], stock: Stock | None) -> Difference:
    return Difference(
        where=f"{stock.vendor}: {stock.variant.product} {stock.variant.name}" if stock else str(drift["stock_id"]),
        link=reverse("admin:inventory_stock_change", args=[stock.pk]) if stock else "",
        claim=CLAIMS.get(drift["claim"], drift["claim"]),
        subject=drift["subject"],
        row=drift["row"],
        counted=drift["counted"],
    )
