"""The log of stock, to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from inventory.models import StockMovement
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, days, instants, related
from milkdelivery.backoffice.words import names_of


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
        "delivery_date",
        "batch",
        "order_link",
        "why",
        "who",
    )
    list_select_related = ("stock__vendor__region", "stock__variant__product", "batch")
    list_filter = (choices("kind"), instants("occurred_at"), days("delivery_date"), related("stock__vendor"))
    search_fields = ("=reference", "=batch__code", "stock__variant__sku", "stock__variant__product__name", "reason")
    search_help_text = gettext_lazy("Order number, batch, product, SKU or reason")
    exclude = ("reason", "actor")
    readonly_fields = ("why", "who")

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

    @display(description=gettext_lazy("reason"), ordering="reason")
    def why(self, movement: StockMovement) -> str:
        return movement.why

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the names of whoever moved goods, in one query."""
        page = super().get_changelist_instance(request)
        names = names_of(movement.actor for movement in page.result_list)
        for movement in page.result_list:
            movement.who = names[movement.actor]
        return page

    @display(description=gettext_lazy("who"), ordering="actor")
    def who(self, movement: StockMovement) -> str:
        return getattr(movement, "who", "") or names_of([movement.actor])[movement.actor]

    @display(description=gettext_lazy("order"), ordering="reference")
    def order_link(self, movement: StockMovement) -> str:
        if not movement.reference:
            return ""
        url = reverse("admin:orders_order_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, movement.reference, movement.reference)
