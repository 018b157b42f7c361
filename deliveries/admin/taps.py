"""What drivers tapped, in the back office: the log, and what came too late to count and somebody has to ask about."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from deliveries import actions
from deliveries.admin.proofs import shown_proof
from deliveries.models import DriverAction, Proof
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.filters import choices, flag
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.web import actor_of

Result = DriverAction.Result
COLOURS = {
    Result.WAITING: "warning",
    Result.DONE: "success",
    Result.ALREADY: "info",
    Result.TAKEN_BACK: "warning",
    Result.REFUSED: "danger",
}


@admin.register(DriverAction)
class DriverActionAdmin(ReadOnlyAdmin):
    list_display = ("kind", "driver", "order_number", "happened_at", "received_at", "shown_result", "said")
    list_select_related = ("driver__user", "delivery__order")
    list_filter = (flag("needs_look"), choices("result"), choices("kind"))
    search_fields = ("delivery__order__number", "driver__user__name", "=key")
    search_help_text = gettext_lazy("Order number, driver or key")
    ordering = ("-id",)
    actions_detail = ("looked_at",)
    fieldsets = (
        (None, {"fields": (("kind", "driver"), ("delivery", "route"), ("result", "said"), ("needs_look",))}),
        (gettext_lazy("When"), {"fields": (("happened_at", "received_at"), ("device_at", "key"))}),
        (gettext_lazy("What it says"), {"fields": ("payload", "came_along")}),
        (gettext_lazy("Looked at"), {"fields": (("looked_at_by", "looked_at"),)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: DriverAction | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "came_along"]

    @display(description=gettext_lazy("came along"))
    def came_along(self, tap: DriverAction) -> str:
        """Position and photo, also of a tap that does not count: staff ask about it."""
        proof = Proof.objects.of_tap(tap.driver_id, tap.key).first()
        return shown_proof(proof) if proof is not None else _("Nothing")

    @display(description=gettext_lazy("order"))
    def order_number(self, tap: DriverAction) -> str:
        return tap.delivery.order.number if tap.delivery is not None else ""

    @display(description=gettext_lazy("result"), ordering="result", label=COLOURS)
    def shown_result(self, tap: DriverAction) -> tuple[str, str]:
        return tap.result, tap.get_result_display()

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        waits = DriverAction.objects.to_look_at().filter(pk=object_id).exists()
        return super().get_actions_detail(request, object_id) if waits else []

    @action(description=gettext_lazy("Looked at"), permissions=["operate"], url_path="looked-at", icon="task_alt")
    def looked_at(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tap = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.look_at_action(tap.pk, by=actor_of(request))
            return _("It is off the list.")

        question = Question(
            title=_("Is it clear what happened?"),
            submit=_("Yes, take it off the list"),
            facts=[
                (_("Driver"), tap.driver),
                (_("Tapped"), f"{tap.get_kind_display()} · {tap.happened_at:%d.%m.%Y %H:%M}"),
                (_("The driver was told"), tap.said),
            ],
            perform=perform,
        )
        return ask(self, request, tap, question)
