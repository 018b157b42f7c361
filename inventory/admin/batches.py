"""Batches in the back office: how old, how much is left, and which orders got some."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from inventory.models import Batch, BatchUse
from inventory.queries.shelves import SOON
from milkdelivery.backoffice.base import ReadOnlyAdmin, Rows
from milkdelivery.backoffice.filters import days, related
from milkdelivery.core import clock


class AgeFilter(RadioFilter):
    """By the days of each dairy's own region."""

    title = gettext_lazy("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("THERE", gettext_lazy("Something is left")),
            ("SOON", gettext_lazy("Expiring soon")),
            ("EXPIRED", gettext_lazy("Expired and still there")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        there = queryset.filter(remaining__gt=0)
        match self.value():
            case "THERE":
                return there
            case "SOON":
                return there.filter(until(SOON))
            case "EXPIRED":
                return there.filter(until(timedelta(days=-1)))
        return queryset


def until(ahead: timedelta) -> Q:
    """Batches that are good until so many days from now at most, by the latest day that any region has now."""
    return Q(expires_on__lte=clock.now().date() + ahead)


class Uses(Rows):
    model = BatchUse
    fields = ("order", "quantity")
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("Orders that got some")

    @display(description=gettext_lazy("order"))
    def order(self, use: BatchUse) -> str:
        url = reverse("admin:orders_order_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, use.reference, use.reference)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BatchUse]:
        return super().get_queryset(request).filter(quantity__gt=0)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("code", "pack", "vendor", "remaining", "received", "produced_on", "expires_on", "freshness")
    list_select_related = ("stock__vendor__region", "stock__variant__product")
    list_filter = (AgeFilter, days("expires_on"), related("stock__vendor"))
    search_fields = ("code", "stock__variant__sku", "stock__variant__product__name", "=uses__reference")
    search_help_text = gettext_lazy("Batch code, product, SKU or order number")
    inlines = (Uses,)
    fields = (
        ("code", "shelf"),
        ("remaining", "received"),
        ("produced_on", "expires_on"),
        ("fat_percent", "snf_percent", "temperature"),
        "received_at",
    )
    readonly_fields = ("shelf",)

    @display(description=gettext_lazy("pack"))
    def pack(self, batch: Batch) -> str:
        return f"{batch.stock.variant.product} {batch.stock.variant.name}"

    @display(description=gettext_lazy("dairy"), ordering="stock__vendor__name")
    def vendor(self, batch: Batch) -> str:
        return str(batch.stock.vendor)

    @display(description=gettext_lazy("shelf"))
    def shelf(self, batch: Batch) -> str:
        url = reverse("admin:inventory_stock_change", args=(batch.stock_id,))
        return format_html('<a href="{}">{}: {}</a>', url, batch.stock.vendor, self.pack(batch))

    @display(
        description=gettext_lazy("freshness"),
        ordering="expires_on",
        label={"FRESH": "success", "SOON": "warning", "EXPIRED": "danger", "GONE": "info"},
    )
    def freshness(self, batch: Batch) -> tuple[str, str]:
        today = clock.today(batch.stock.vendor.region)
        if not batch.remaining:
            return "GONE", _("All used")
        if batch.expires_on < today:
            return "EXPIRED", _("Expired")
        if batch.expires_on <= today + SOON:
            return "SOON", _("Expiring soon")
        return "FRESH", _("Fresh")
