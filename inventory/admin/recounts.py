"""The nightly recounts, in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from inventory import actions
from inventory.models import Reconciliation, Stock
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import days, related
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.web import actor_of

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
class ReconciliationAdmin(ReadOnlyAdmin):
    change_form_template = "admin/inventory/reconciliation/change_form.html"
    list_display = (
        "date",
        "region",
        "shelves",
        "result",
        when("counted_at", gettext_lazy("counted at"), region="region"),
    )
    list_select_related = ("region",)
    list_filter = (related("region"), days("date"))
    actions_detail = ("again",)
    fields = (("date", "region"), ("shelves", "result_in_words"), "counted_at")
    readonly_fields = ("result_in_words",)

    @display(
        description=gettext_lazy("result"),
        ordering="drift_count",
        label={"AGREES": "success", "DIFFERS": "danger"},
    )
    def result(self, report: Reconciliation) -> tuple[str, str]:
        if not report.drift_count:
            return "AGREES", _("All agrees")
        return "DIFFERS", ngettext("%(count)d difference", "%(count)d differences", report.drift_count) % {
            "count": report.drift_count
        }

    @display(description=gettext_lazy("result"))
    def result_in_words(self, report: Reconciliation) -> str:
        return self.result(report)[1]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        report: Reconciliation | None = kwargs.get("obj")
        if report is not None:
            stocks = Stock.objects.select_related("vendor", "variant__product").in_bulk(
                {drift["stock_id"] for drift in report.drifts}
            )
            context["drifts"] = [
                {**drift, "stock": stocks.get(drift["stock_id"]), "claim": CLAIMS.get(drift["claim"], drift["claim"])}
                for drift in report.drifts
            ]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(description=gettext_lazy("Recount now"), permissions=["operate"], url_path="recount", icon="refresh")
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        report = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            fresh = actions.reconcile(report.region, by=actor_of(request))
            return ngettext("Counted: %(count)d difference.", "Counted: %(count)d differences.", fresh.drift_count) % {
                "count": fresh.drift_count
            }

        question = Question(
            _("Recount the stock"),
            _("Recount"),
            perform,
            intro=_("Counts everything from the logs again. Nothing is changed by it."),
            facts=[(_("Region"), report.region)],
        )
        return ask(self, request, report, question)
