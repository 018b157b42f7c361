"""Stock in the back office: what is there, and every movement that explains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display

from inventory import actions
from inventory.models import Stock, StockMovement
from inventory.rules import availability
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants, related
from milkdelivery.backoffice.forms import LONGEST_REASON, ReasonForm, quantity_field
from milkdelivery.backoffice.frame import list_url
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import names_of
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of

LAST_MOVEMENTS = 25


class LevelFilter(RadioFilter):
    title = gettext_lazy("level")
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("LOW", gettext_lazy("Low or out")),
            ("OUT", gettext_lazy("Out")),
            ("PROMISED", gettext_lazy("Promised to orders")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Stock]) -> QuerySet[Stock]:
        stocks = queryset.annotate(left=F("on_hand") - F("reserved"))
        match self.value():
            case "LOW":
                return stocks.filter(left__lt=F("low_threshold"))
            case "OUT":
                return stocks.filter(left__lte=0)
            case "PROMISED":
                return stocks.filter(reserved__gt=0)
        return queryset


class ReceiveForm(forms.Form):
    quantity = quantity_field(least=1, label=gettext_lazy("Pieces that came in"))
    reason = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Delivery note, batch"),
        widget=ReasonForm.base_fields["reason"].widget,
    )


class AdjustForm(ReasonForm):
    field_order = ("quantity", "reason")
    quantity = quantity_field(
        least=-1_000_000,
        label=pgettext_lazy("of a number", "Change"),
        help_text=gettext_lazy("Below zero takes away: -3"),
    )


class CountForm(ReasonForm):
    field_order = ("quantity", "reason")
    quantity = quantity_field(least=0, label=gettext_lazy("Pieces counted on the shelf"))


@admin.register(Stock)
class StockAdmin(ReadOnlyAdmin):
    change_form_template = "admin/inventory/stock/change_form.html"
    list_display = ("pack", "vendor", "on_hand", "reserved", "shown_available", "level", "low_threshold")
    list_select_related = ("vendor", "variant__product")
    list_filter = (LevelFilter, related("vendor"), related("variant__product__category"))
    search_fields = ("vendor__name", "variant__sku", "variant__product__name", "variant__name")
    search_help_text = gettext_lazy("Product, SKU or dairy")
    actions_detail = ("receive", "adjust", "count")
    fields = ("vendor", "variant", ("on_hand", "reserved", "shown_available"), "low_threshold")

    @display(description=gettext_lazy("pack"), ordering="variant__product__name")
    def pack(self, stock: Stock) -> str:
        return f"{stock.variant.product} {stock.variant.name}"

    @display(description=gettext_lazy("available"), ordering=F("on_hand") - F("reserved"))
    def shown_available(self, stock: Stock) -> int:
        return stock.available

    @display(description=gettext_lazy("level"), label={"IN_STOCK": "success", "LOW": "warning", "OUT": "danger"})
    def level(self, stock: Stock) -> tuple[str, str]:
        names = {"IN_STOCK": _("In stock"), "LOW": _("Low"), "OUT": _("Out")}
        state = availability(stock.available, stock.low_threshold)
        return state, names[state]

    def get_readonly_fields(self, request: HttpRequest, obj: Stock | None = None) -> tuple[str, ...]:
        return ("vendor", "variant", "on_hand", "reserved", "shown_available", "low_threshold")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        stock: Stock | None = kwargs.get("obj")
        if stock is not None:
            movements = list(stock.movements.order_by("-id")[:LAST_MOVEMENTS])
            names = names_of(movement.actor for movement in movements)
            context["movements"] = [(movement, names[movement.actor]) for movement in movements]
            context["movements_url"] = list_url(StockMovement, stock__id__exact=stock.pk)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(description=gettext_lazy("Receive"), permissions=["operate"], url_path="receive", icon="add_box")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(stock: Stock, answer: dict[str, Any], by: Actor) -> Stock:
            return actions.receive(
                vendor_id=stock.vendor_id,
                variant_id=stock.variant_id,
                quantity=answer["quantity"],
                reason=answer["reason"],
                by=by,
            )

        return self._ask(request, object_id, _("Goods came in"), _("Receive"), ReceiveForm, perform)

    @action(description=gettext_lazy("Adjust"), permissions=["operate"], url_path="adjust", icon="exposure")
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(stock: Stock, answer: dict[str, Any], by: Actor) -> Stock:
            return actions.adjust(
                vendor_id=stock.vendor_id,
                variant_id=stock.variant_id,
                change=answer["quantity"],
                reason=answer["reason"],
                by=by,
            )

        return self._ask(request, object_id, _("Add or take away"), _("Adjust"), AdjustForm, perform)

    @action(description=gettext_lazy("Set to a count"), permissions=["operate"], url_path="count", icon="fact_check")
    def count(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(stock: Stock, answer: dict[str, Any], by: Actor) -> Stock:
            return actions.set_on_hand(
                vendor_id=stock.vendor_id,
                variant_id=stock.variant_id,
                quantity=answer["quantity"],
                reason=answer["reason"],
                by=by,
            )

        return self._ask(request, object_id, _("The shelf was counted"), _("Set"), CountForm, perform)

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        title: str,
        submit: str,
        form: type[forms.Form],
        perform: Callable[[Stock, dict[str, Any], Actor], Stock],
    ) -> HttpResponse:
        stock = self.record(request, object_id)

        def done(answer: dict[str, Any]) -> str:
            after = perform(stock, answer, actor_of(request))
            return _("%(count)d on hand now, %(left)d of them free.") % {
                "count": after.on_hand,
                "left": after.available,
            }

        facts = [
            (_("Pack"), self.pack(stock)),
            (_("Dairy"), stock.vendor),
            (_("On hand"), stock.on_hand),
            (_("Promised to orders"), stock.reserved),
            (pgettext("pieces", "Free"), stock.available),
        ]
        return ask(self, request, stock, Question(title, submit, done, form=form, facts=facts))


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    """The log: nobody adds to it here, nobody changes it."""

    list_display = (
        when("occurred_at", gettext_lazy("when"), region="stock.vendor.region"),
        "kind_name",
        "pack",
        "vendor",
        "change",
        "promised",
        "order_link",
        "reason",
        "actor",
    )
    list_select_related = ("stock__vendor__region", "stock__variant__product")
    list_filter = (choices("kind"), instants("occurred_at"), related("stock__vendor"))
    search_fields = ("=reference", "stock__variant__sku", "stock__variant__product__name", "reason")
    search_help_text = gettext_lazy("Order number, product, SKU or reason")

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_name(self, movement: StockMovement) -> str:
        return movement.get_kind_display()

    @display(description=gettext_lazy("pack"))
    def pack(self, movement: StockMovement) -> str:
        variant = movement.stock.variant
        return f"{variant.product} {variant.name}"

    @display(description=gettext_lazy("dairy"))
    def vendor(self, movement: StockMovement) -> str:
        return str(movement.stock.vendor)

    @display(description=gettext_lazy("on hand"), ordering="on_hand_change")
    def change(self, movement: StockMovement) -> str:
        return f"{movement.on_hand_change:+d}" if movement.on_hand_change else ""

    @display(description=gettext_lazy("reserved"), ordering="reserved_change")
    def promised(self, movement: StockMovement) -> str:
        return f"{movement.reserved_change:+d}" if movement.reserved_change else ""

    @display(description=gettext_lazy("order"), ordering="reference")
    def order_link(self, movement: StockMovement) -> str:
        if not movement.reference:
            return ""
        url = reverse("admin:orders_order_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, movement.reference, movement.reference)
