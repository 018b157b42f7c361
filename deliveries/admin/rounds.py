"""Rounds with their stops, and who drives when, in which vehicle."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import display

from deliveries import actions
from deliveries.admin.desk import DispatchActions
from deliveries.models import Delivery, Route, Shift, Stop, Vehicle, proof_of
from milkdelivery.backoffice.base import ActionAdmin
from milkdelivery.backoffice.filters import choices, days, flag, related
from milkdelivery.core.actors import Actor

COLOURS = {
    Route.Status.PLANNED: "info",
    Route.Status.STARTED: "warning",
    Route.Status.CLOSED: "success",
    Route.Status.CALLED_OFF: "danger",
}


class Stops(TabularInline):
    model = Stop
    extra = 0
    can_delete = False
    fields = ("sequence", "door", "planned_arrival", "drops")
    readonly_fields = fields
    ordering = ("sequence",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stop]:
        return super().get_queryset(request).prefetch_related("deliveries__order", "deliveries__proof")

    @display(description=gettext_lazy("orders"))
    def drops(self, stop: Stop) -> str:
        return ", ".join(f"{drop.order.number} ({_standing(drop)})" for drop in stop.deliveries.all())


def _standing(drop: Delivery) -> str:
    """What became of it, and how far from its door that was said."""
    proof = proof_of(drop)
    words = [str(drop.get_status_display()), proof.distance_words if proof is not None else ""]
    return ", ".join(word for word in words if word)


@admin.register(Route)
class RouteAdmin(DispatchActions):
    list_display = ("date", "shown_slot", "hub", "number", "driver", "vehicle", "doors", "minutes", "shown_status")
    list_select_related = ("slot", "hub", "driver__user", "vehicle")
    list_filter = (choices("status"), days("date"), choices("slot__code"), related("hub"))
    search_fields = ("driver__user__name", "vehicle__plate", "hub__name")
    search_help_text = gettext_lazy("Driver, number plate or hub")
    ordering = ("-date", "slot__starts_at", "hub", "number")
    inlines = (Stops,)
    actions_list = ("desk",)
    actions_detail = ("on_the_desk", "sheet", "call_off")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("hub", "number"),
                    ("date", "slot"),
                    ("driver", "vehicle"),
                    ("status", "is_locked"),
                    ("planned_metres", "planned_minutes"),
                    ("planned_at", "call_off_reason"),
                    ("started_at", "closed_at"),
                )
            },
        ),
    )

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """What is over is not called off any more."""
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        alive = Route.objects.open().filter(pk=object_id).exists()
        return buttons if alive else [each for each in buttons if not each.path.startswith("call")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        return super().get_queryset(request).annotate(door_count=Count("stops"))

    @display(description=gettext_lazy("slot"), ordering="slot__code")
    def shown_slot(self, route: Route) -> str:
        return route.slot.label

    @display(description=gettext_lazy("stops"), ordering="door_count")
    def doors(self, route: Any) -> int:
        return int(route.door_count)

    @display(description=gettext_lazy("minutes"), ordering="planned_minutes")
    def minutes(self, route: Route) -> int | None:
        return route.planned_minutes or None

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, route: Route) -> tuple[str, str]:
        return route.status, route.get_status_display()


@admin.register(Vehicle)
class VehicleAdmin(ActionAdmin):
    list_display = ("plate", "hub", "crates", "is_active")
    list_select_related = ("hub",)
    list_filter = (flag("is_active"), related("hub"))
    search_fields = ("plate", "hub__name")
    fields = ("plate", "hub", "crates", "is_active")

    def write(self, obj: Vehicle, *, by: Actor) -> object:
        return actions.save_vehicle(obj, by=by)


@admin.register(Shift)
class ShiftAdmin(ActionAdmin):
    list_display = ("date", "shown_slot", "driver", "vehicle", "is_absent")
    list_select_related = ("slot", "driver__user", "vehicle")
    list_filter = (days("date"), choices("slot__code"), flag("is_absent"), related("driver__hub"))
    search_fields = ("driver__user__name", "vehicle__plate")
    autocomplete_fields = ("driver", "vehicle")
    fields = ("driver", ("date", "slot"), "vehicle", "is_absent")

    @display(description=gettext_lazy("slot"), ordering="slot__code")
    def shown_slot(self, shift: Shift) -> str:
        return shift.slot.label

    def write(self, obj: Shift, *, by: Actor) -> object:
        return actions.save_shift(obj, by=by)
