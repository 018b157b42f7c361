"""Deliveries in the back office: the drops of a day, hubs with their areas, and drivers."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from deliveries import actions
from deliveries.admin.proofs import shown_photo, shown_place
from deliveries.models import Delivery, Driver, Hub, HubArea, proof_of
from deliveries.queries import nobody_drives
from deliveries.rules.proof import why_left_out
from deliveries.rules.taps import DELIVERED, DONE
from milkdelivery.backoffice.base import ActionAdmin, ReadOnlyAdmin
from milkdelivery.backoffice.fields import Limits
from milkdelivery.backoffice.filters import choices, days, flag, related
from milkdelivery.backoffice.forms import LONGEST_REASON, ReasonForm
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of

Status = Delivery.Status
COLOURS = {
    Status.SCHEDULED: "warning",
    Status.ASSIGNED: "info",
    Status.PICKED_UP: "info",
    Status.IN_TRANSIT: "info",
    Status.DELIVERED: "success",
    Status.FAILED: "danger",
    Status.CANCELLED: None,
}
LEAST_REASON = 3
WITH_THE_HUB = frozenset({Status.SCHEDULED, Status.ASSIGNED})
"""Not picked up yet: the driver can still change."""


class FarFilter(RadioFilter):
    title = gettext_lazy("where it was said")
    parameter_name = "far"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("FAR", gettext_lazy("Far from the door"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(proof__is_far=True) if self.value() == "FAR" else queryset


class DrivenFilter(RadioFilter):
    title = gettext_lazy("driver")
    parameter_name = "driven"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("NOBODY", gettext_lazy("Nobody drives it"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(pk__in=nobody_drives().values("pk")) if self.value() == "NOBODY" else queryset


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "order_link",
        "customer",
        "delivery_date",
        "shown_slot",
        "hub",
        "driver",
        "shown_status",
        "far_off",
        "cash_collected",
    )
    list_display_links = ("shown_status",)
    list_select_related = ("order__customer", "slot", "hub", "stop__route__driver__user", "proof")
    list_filter = (
        DrivenFilter,
        FarFilter,
        choices("status"),
        days("delivery_date"),
        choices("slot__code"),
        related("hub"),
    )
    search_fields = (
        "order__number",
        "order__customer__name",
        "order__customer__phone",
        "=order__pincode",
        "stop__route__driver__user__name",
    )
    search_help_text = gettext_lazy("Order number, person, pincode or driver")
    ordering = ("-delivery_date", "stop__sequence", "-id")
    actions_detail = ("give_to_driver", "take_back")
    readonly_fields = ("order_link", "driver", "sequence", "where_it_was", "door_photo")
    fieldsets = (
        (None, {"fields": (("order_link", "status"), ("delivery_date", "slot"), ("hub", "driver", "sequence"))}),
        (
            gettext_lazy("On the way"),
            {"fields": (("assigned_at", "picked_up_at"), ("delivered_at", "cash_collected"))},
        ),
        (gettext_lazy("Proof"), {"fields": ("where_it_was", "door_photo")}),
        (gettext_lazy("Trouble"), {"fields": (("failed_at", "failure_reason"),)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *self.readonly_fields]

    @display(description=gettext_lazy("order"), ordering="order__id")
    def order_link(self, delivery: Delivery) -> str:
        url = reverse("admin:orders_order_change", args=(delivery.order_id,))
        return format_html('<a href="{}">{}</a>', url, delivery.order.number)

    @display(description=gettext_lazy("driver"))
    def driver(self, delivery: Delivery) -> Driver | None:
        return delivery.driver

    @display(description=gettext_lazy("stop"))
    def sequence(self, delivery: Delivery) -> int | None:
        return delivery.sequence

    @display(description=gettext_lazy("customer"))
    def customer(self, delivery: Delivery) -> str:
        return str(delivery.order.customer)

    @display(description=gettext_lazy("slot"), ordering="slot__code")
    def shown_slot(self, delivery: Delivery) -> str:
        return delivery.slot.get_code_display()

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    @display(description=gettext_lazy("far from the door"))
    def far_off(self, delivery: Delivery) -> str:
        proof = proof_of(delivery)
        return proof.distance if proof is not None and proof.is_far else ""

    @display(description=gettext_lazy("where the driver was"))
    def where_it_was(self, delivery: Delivery) -> str:
        """A link to a map; or why there is none."""
        proof = proof_of(delivery)
        if proof is None or not proof.has_position:
            return _left_out(delivery) or _("Nobody knows")
        return shown_place(proof)

    @display(description=gettext_lazy("photo at the door"))
    def door_photo(self, delivery: Delivery) -> str:
        proof = proof_of(delivery)
        if proof is None or not proof.has_photo:
            word = delivery.actions.filter(kind=DELIVERED, result=DONE, payload__has_photo=True)
            return _("Was promised, has not come yet") if word.exists() else _("No photo")
        return shown_photo(proof)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Another driver while it is at the hub; taking back what was said while its round is on the road."""
        delivery = Delivery.objects.select_related("stop__route").filter(pk=object_id).first()
        if delivery is None:
            return []
        is_open = delivery.stop is not None and not delivery.stop.route.is_over
        unwanted = set()
        if delivery.status not in WITH_THE_HUB:
            unwanted.add("driver")
        if delivery.status not in (Status.DELIVERED, Status.FAILED) or not is_open:
            unwanted.add("take-back")
        return [each for each in super().get_actions_detail(request, object_id) if each.path not in unwanted]

    @action(
        description=gettext_lazy("Give to a driver"), permissions=["operate"], url_path="driver", icon="two_wheeler"
    )
    def give_to_driver(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = self.record(request, object_id)
        drivers = drivers_of(delivery)

        def perform(answer: dict[str, Any]) -> str:
            actions.assign_driver(delivery.pk, driver_id=int(answer["driver"]), by=actor_of(request))
            return _("%(driver)s brings order %(number)s.") % {
                "driver": dict(drivers)[answer["driver"]],
                "number": delivery.order.number,
            }

        question = Question(
            title=_("Who brings order %(number)s?") % {"number": delivery.order.number},
            submit=_("Assign"),
            form=driver_form(drivers),
            initial={"driver": str(delivery.driver_id or "")},
            facts=[
                (_("Day"), f"{delivery.delivery_date:%d.%m.%Y} · {delivery.slot.get_code_display()}"),
                (_("Hub"), delivery.hub),
                (_("Driver now"), delivery.driver or _("Nobody yet")),
            ],
            perform=perform,
        )
        return ask(self, request, delivery, question)

    @action(description=gettext_lazy("Take it back"), permissions=["operate"], url_path="take-back", icon="undo")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was said at the door was wrong. What the page showed goes along, so that no later word is taken back."""
        delivery = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.take_back(delivery.pk, reason=answer["reason"], seen=answer["seen"], by=actor_of(request))
            return _("Order %(number)s is in the van again.") % {"number": delivery.order.number}

        question = Question(
            title=_("Take back what was said of order %(number)s?") % {"number": delivery.order.number},
            intro=_(
                "The order is on its way again, and its driver has it as a stop. Money that moved at the door goes "
                "back to where it was. The driver can say it anew."
            ),
            submit=_("Take it back"),
            form=TakeBackForm,
            initial={"seen": actions.word_of(delivery)},
            facts=[
                (_("Said"), delivery.get_status_display()),
                (_("When"), _said_at(delivery)),
                (_("Driver"), delivery.driver or _("Nobody yet")),
                *([(_("Reason"), delivery.get_failure_reason_display())] if delivery.failure_reason else []),
                *([(_("Cash taken"), delivery.cash_collected.format())] if delivery.cash_collected else []),
            ],
            perform=perform,
        )
        return ask(self, request, delivery, question)


class TakeBackForm(ReasonForm):
    """Why, and the word that the page showed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=LEAST_REASON,
        max_length=LONGEST_REASON,
        strip=True,
        help_text=gettext_lazy("It stands in the log, and at the driver’s tap."),
        widget=UnfoldAdminTextInputWidget(),
    )
    seen = forms.CharField(widget=forms.HiddenInput)


def _left_out(delivery: Delivery) -> str:
    """Why the position of the tap that stands does not count; empty where none came."""
    told = delivery.actions.filter(kind=DELIVERED, result=DONE).values_list("payload", flat=True)
    return next((why_left_out(payload.get("position_left_out", "")) for payload in told), "")


def drivers_of(delivery: Delivery) -> list[tuple[str, str]]:
    """The active drivers of the delivery's hub, each with what they have in that slot. Two queries."""
    drivers = Driver.objects.filter(hub_id=delivery.hub_id, is_active=True).select_related("user")
    counts = dict(
        Delivery.objects.filter(
            stop__route__driver__in=drivers, delivery_date=delivery.delivery_date, slot=delivery.slot_id
        )
        .exclude(status=Status.CANCELLED)
        .order_by()
        .values_list("stop__route__driver_id")
        .annotate(count=Count("pk"))
    )
    return [(str(driver.pk), _with_drops(driver, counts.get(driver.pk, 0))) for driver in drivers]


def _said_at(delivery: Delivery) -> str:
    """When the word that stands was said, by the clock of where it goes."""
    at = delivery.delivered_at or delivery.failed_at
    zone = ZoneInfo(delivery.order.region.time_zone)
    return date_format(timezone.localtime(at, zone), "j M Y, H:i") if at else ""


def _with_drops(driver: Driver, count: int) -> str:
    words = ngettext("%(name)s · %(count)d drop", "%(name)s · %(count)d drops", count)
    return words % {"name": driver, "count": count}


def driver_form(drivers: list[tuple[str, str]]) -> type[forms.Form]:
    class DriverForm(forms.Form):
        driver = forms.ChoiceField(label=gettext_lazy("Driver"), choices=drivers, widget=UnfoldAdminSelectWidget())

    return DriverForm


class HubAreas(Limits, TabularInline):
    model = HubArea
    extra = 0
    autocomplete_fields = ("pincode",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[HubArea]:
        return super().get_queryset(request).select_related("pincode")


@admin.register(Hub)
class HubAdmin(ActionAdmin):
    list_display = ("name", "region", "address", "pincodes", "drivers_at_work", "is_active")
    list_select_related = ("region",)
    list_filter = (flag("is_active"), related("region"))
    search_fields = ("name", "address", "=areas__pincode__code")
    fieldsets = (
        (None, {"fields": ("name", "region", "address", ("latitude", "longitude"), "door_photo", "is_active")}),
    )
    inlines = (HubAreas,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hub]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                area_count=Count("areas", distinct=True),
                driver_count=Count("drivers", filter=Q(drivers__is_active=True), distinct=True),
            )
        )

    @display(description=gettext_lazy("pincodes"), ordering="area_count")
    def pincodes(self, hub: Any) -> int:
        return int(hub.area_count)

    @display(description=gettext_lazy("drivers"), ordering="driver_count")
    def drivers_at_work(self, hub: Any) -> int:
        return int(hub.driver_count)

    def get_inlines(self, request: HttpRequest, obj: Hub | None) -> tuple[type[TabularInline], ...]:
        return self.inlines if obj else ()

    def write(self, obj: Hub, *, by: Actor) -> object:
        return actions.save_hub(obj, by=by)

    def write_rows(self, parent: Hub, rows: type[Model], saved: list[Any], removed: list[Any], *, by: Actor) -> None:
        changed = [row.pk for row in saved if row.pk]
        before = HubArea.objects.filter(pk__in=changed).values_list("pincode_id", flat=True)
        gone = {row.pincode_id for row in removed} | set(before)
        actions.change_hub_areas(parent.pk, add={row.pincode_id for row in saved}, remove=gone, by=by)


@admin.register(Driver)
class DriverAdmin(ActionAdmin):
    list_display = ("user", "phone", "hub", "is_active")
    list_select_related = ("user", "hub")
    list_filter = (flag("is_active"), related("hub"))
    search_fields = ("user__name", "user__phone", "user__email", "hub__name")
    autocomplete_fields = ("user", "hub")

    @display(description=gettext_lazy("phone"))
    def phone(self, driver: Driver) -> str:
        return driver.user.phone_number

    def get_readonly_fields(self, request: HttpRequest, obj: Driver | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def write(self, obj: Driver, *, by: Actor) -> object:
        return actions.save_driver(obj, by=by)
