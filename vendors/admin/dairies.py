"""Dairies in the back office: where they deliver, what they offer, who works there, how full their days are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from deliveries.queries import hub_names
from milkdelivery.backoffice.base import HistoryAdmin, ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.fields import Limits, in_percent
from milkdelivery.backoffice.filters import days, flag, instants, related
from milkdelivery.backoffice.pages import Effect, Question, ask, ask_about_many
from milkdelivery.core.actors import Actor
from milkdelivery.core.fields import MoneyField
from milkdelivery.core.web import actor_of
from orders.queries import open_days_of
from vendors import actions
from vendors.admin.days import days_page
from vendors.models import CapacityUse, Offer, ServiceArea, Vendor, VendorMember, Waiting
from vendors.queries import areas_of, waiting_by_pincode


class _VendorRows(Limits, TabularInline):
    extra = 0
    tab = True
    formfield_overrides = {MoneyField: {"widget": UnfoldAdminDecimalFieldWidget}}


class ServiceAreas(_VendorRows):
    """Where it delivers. Taking a pincode away does not touch orders that are promised already."""

    model = ServiceArea
    verbose_name_plural = gettext_lazy("service areas (orders that are promised stay, whatever is taken away here)")
    autocomplete_fields = ("pincode",)
    fields = ("pincode", "hub")
    readonly_fields = ("hub",)
    hubs: Mapping[str, str] = {}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceArea]:
        return super().get_queryset(request).select_related("pincode")

    def get_formset(self, request: HttpRequest, obj: Vendor | None = None, **kwargs: Any) -> Any:
        """Look the hubs up once for all rows: this object lives for one request."""
        if obj is not None:
            self.hubs = hub_names(areas_of(obj))
        return super().get_formset(request, obj, **kwargs)

    @display(description=gettext_lazy("hub"))
    def hub(self, area: ServiceArea) -> str:
        if area.pk is None:
            return ""
        return self.hubs.get(area.pincode.code) or _("No hub serves this pincode yet: nobody can order from there.")


class Offers(_VendorRows):
    """An offer is not deleted but made inactive: orders and settlements look back at it."""

    model = Offer
    verbose_name_plural = gettext_lazy("offers (orders that are promised stay, whatever is switched off here)")
    autocomplete_fields = ("variant",)
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        return super().get_queryset(request).select_related("variant", "vendor__region")


class Members(_VendorRows):
    model = VendorMember
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[VendorMember]:
        return super().get_queryset(request).select_related("user", "vendor")


@admin.register(Vendor)
class VendorAdmin(HistoryAdmin):
    list_display = ("name", "name_hi", "region", "phone", "areas", "packs", "rating", "daily_order_limit", "is_active")
    list_select_related = ("region",)
    list_filter = (flag("is_active"), related("region"))
    search_fields = ("name", "name_hi", "email", "phone", "pincode", "gstin")
    readonly_fields = ("rating", "gets_orders", "commission", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": (("name", "name_hi"), "region", "gets_orders", "rating", "daily_order_limit")}),
        (gettext_lazy("Contact"), {"fields": (("email", "phone"), "address", "pincode", ("latitude", "longitude"))}),
        (
            gettext_lazy("Papers"),
            {"fields": ("fssai_licence", "gstin", "commission_basis_points", "bank_reference")},
        ),
        (gettext_lazy("Record"), {"fields": (("created_at", "updated_at"),), "classes": ("collapse",)}),
    )
    inlines = (ServiceAreas, Offers, Members)
    actions = ("deactivate_selected",)
    actions_detail = ("days", "deactivate", "activate")

    def get_inlines(self, request: HttpRequest, obj: Vendor | None) -> tuple[type[TabularInline], ...]:
        """A new dairy is saved first: what it offers is priced in its region's currency."""
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whether it gets orders is said of a dairy that is kept, never of one that a form only proposes; and who only
        looks reads its commission in per cent, as those who change it type it."""
        (title, first), contact, (papers, kept), *others = self.fieldsets
        told = tuple(name for name in first["fields"] if obj is not None or name not in ("gets_orders", "rating"))
        shown = {} if self.may_change(request) else {"commission_basis_points": "commission"}
        fields = tuple(shown.get(name, name) for name in kept["fields"])
        return [(title, {**first, "fields": told}), contact, (papers, {**kept, "fields": fields}), *others]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vendor]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                area_count=Count("service_areas", distinct=True),
                offer_count=Count("offers", filter=Q(offers__is_active=True), distinct=True),
            )
        )

    @display(description=gettext_lazy("pincodes"), ordering="area_count")
    def areas(self, vendor: Any) -> int:
        return int(vendor.area_count)

    @display(description=gettext_lazy("packs offered"), ordering="offer_count")
    def packs(self, vendor: Any) -> int:
        return int(vendor.offer_count)

    @display(description=gettext_lazy("gets orders"))
    def gets_orders(self, vendor: Vendor) -> str:
        if not vendor.is_active:
            return _("No, it is not active.")
        return _("No, its FSSAI licence is missing.") if vendor.lacks_licence else _("Yes")

    @display(description=gettext_lazy("commission"))
    def commission(self, vendor: Vendor) -> str:
        return in_percent(vendor.commission_basis_points)

    def write(self, obj: Vendor, *, by: Actor) -> object:
        return actions.save_vendor(obj, by=by)

    def write_rows(self, parent: Vendor, rows: type[Model], saved: list[Any], removed: list[Any], *, by: Actor) -> None:
        if rows is ServiceArea:
            changed = [row.pk for row in saved if row.pk]
            before = ServiceArea.objects.filter(pk__in=changed).values_list("pincode_id", flat=True)
            gone = {row.pincode_id for row in removed} | set(before)
            actions.change_service_areas(parent.pk, add={row.pincode_id for row in saved}, remove=gone, by=by)
        elif rows is Offer:
            actions.save_offers(parent.pk, offers=saved, by=by)
        else:
            actions.change_members(parent.pk, add=saved, remove=removed, by=by)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """One of the two, whichever changes something."""
        vendor = Vendor.objects.filter(pk=object_id).only("is_active").first()
        unwanted = "activate" if vendor is None or vendor.is_active else "deactivate"
        return [button for button in super().get_actions_detail(request, object_id) if button.path != unwanted]

    @action(description=gettext_lazy("Coming days"), url_path="days", icon="calendar_month")
    def days(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return days_page(self, request, self.record(request, object_id))

    @action(
        description=gettext_lazy("Deactivate"),
        permissions=["operate"],
        url_path="deactivate",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        vendor = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.deactivate_vendor(vendor.pk, by=actor_of(request))
            return _("%(name)s gets no further orders.") % {"name": vendor}

        question = Question(
            title=_("Deactivate %(name)s?") % {"name": vendor},
            intro=_(
                "It gets no further orders. What it has not packed yet goes to other dairies, order by order; where "
                "nobody has it, the household is told and pays less. What is packed stays, and so does its history."
            ),
            submit=_("Deactivate"),
            facts=_moving_on(vendor),
            is_dangerous=True,
            perform=perform,
        )
        return ask(self, request, vendor, question)

    @action(description=gettext_lazy("Activate"), permissions=["operate"], url_path="activate", icon="check_circle")
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        vendor = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.activate_vendor(vendor.pk, by=actor_of(request))
            return _("%(name)s gets orders again.") % {"name": vendor}

        question = Question(
            title=_("Activate %(name)s?") % {"name": vendor},
            intro=_(
                "It gets orders again for its pincodes, as far as its stock and its day allow. What went to others "
                "meanwhile stays with them."
            ),
            submit=_("Activate"),
            perform=perform,
        )
        return ask(self, request, vendor, question)

    @admin.action(description=gettext_lazy("Deactivate"), permissions=["operate"])
    def deactivate_selected(self, request: HttpRequest, queryset: QuerySet[Vendor]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("region"),
            action="deactivate_selected",
            title=_("Deactivate dairies"),
            submit=_("Deactivate"),
            preview=lambda vendor: Effect(
                vendor, _in_short(vendor), "" if vendor.is_active else _("Inactive already.")
            ),
            perform=lambda vendor: actions.deactivate_vendor(vendor.pk, by=actor_of(request)),
            done=lambda count: (
                ngettext("%(count)d dairy gets no further orders.", "%(count)d dairies get no further orders.", count)
                % {"count": count}
            ),
            is_dangerous=True,
        )


def _moving_on(vendor: Vendor) -> list[tuple[str, str]]:
    """What goes to others when the dairy stops, by day."""
    days = open_days_of(vendor.pk)
    if not days:
        return [(_("Moves on"), _("Nothing is open."))]
    return [(date_format(day.date, "l j F"), _in_words(day.orders, day.pieces)) for day in days]


def _in_short(vendor: Vendor) -> list[str]:
    days = open_days_of(vendor.pk)
    open_work = _in_words(sum(day.orders for day in days), sum(day.pieces for day in days))
    return [str(vendor.region), _("Moves on: %(work)s") % {"work": open_work}]


def _in_words(orders: int, pieces: int) -> str:
    return ", ".join(
        (
            ngettext("%(count)d order", "%(count)d orders", orders) % {"count": orders},
            ngettext("%(count)d piece", "%(count)d pieces", pieces) % {"count": pieces},
        )
    )


@admin.register(CapacityUse)
class CapacityUseAdmin(ReadOnlyAdmin):
    """How full each dairy's days are. Orders count it; a day's limit is set on the dairy's page of coming days."""

    list_display = ("date", "vendor", "orders", "limit", "left", "note")
    list_select_related = ("vendor",)
    list_filter = (days("date"), related("vendor"))
    search_fields = ("vendor__name", "note")
    fields = ("vendor", "date", "orders", "order_limit", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CapacityUse]:
        found: QuerySet[CapacityUse] = super().get_queryset(request)
        return found.annotate(limit=Coalesce("order_limit", "vendor__daily_order_limit"))

    @display(description=gettext_lazy("limit"))
    def limit(self, use: Any) -> int:
        return int(use.limit)

    @display(description=gettext_lazy("left"))
    def left(self, use: Any) -> int:
        return max(0, int(use.limit) - int(use.orders))


@admin.register(Waiting)
class WaitingAdmin(ReadOnlyAdmin):
    """Households that wait for us, and where most of them do."""

    change_list_template = "admin/vendors/waiting/change_list.html"
    list_display = (
        "pincode",
        "contact",
        when("joined_at", gettext_lazy("joined")),
        when("told_at", gettext_lazy("told")),
    )
    list_filter = (instants("joined_at"), instants("told_at"))
    search_fields = ("pincode", "contact")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"waiting_by_pincode": waiting_by_pincode(), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response
