"""Packs in the back office, each with its price calendar."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from catalog import actions
from catalog.admin.calendar import month_of, price_calendar
from catalog.admin.switching import SwitchAdmin, Words
from catalog.models import PriceListEntry, Variant
from milkdelivery.backoffice.base import HistoryAdmin, Rows
from milkdelivery.backoffice.filters import flag, related
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.queries import region_book


class Prices(Rows):
    model = PriceListEntry
    fields = readonly_fields = ("region", "price", "mrp", "deposit", "valid_from", "valid_until")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceListEntry]:
        return super().get_queryset(request).select_related("region", "variant")


@admin.register(Variant)
class VariantAdmin(SwitchAdmin, HistoryAdmin):
    list_display = ("sku", "product", "name", "price", "mrp", "deposit", "hsn_code", "is_subscribable", "is_active")
    list_select_related = ("product",)
    list_filter = (flag("is_active"), flag("is_subscribable"), related("product__category"))
    search_fields = ("sku", "name", "product__name", "product__name_hi")
    search_help_text = gettext_lazy("SKU, product or size")
    autocomplete_fields = ("product",)
    readonly_fields = ("is_active",)
    fieldsets = (
        (None, {"fields": ("product", "name", ("unit", "size"), "sku", "position", "is_active", "is_subscribable")}),
        (gettext_lazy("Price in the home region"), {"fields": ("price", "mrp", "deposit", "hsn_code")}),
        (gettext_lazy("Freshness"), {"fields": ("shelf_life_days",)}),
    )
    inlines = (Prices,)
    actions_detail = ("prices", "deactivate", "activate")
    off = Words(
        gettext_lazy("Take %(name)s off sale?"),
        gettext_lazy("Carts drop it with a message. Orders that hold it go on, and its history stays."),
        gettext_lazy("Take off sale"),
        gettext_lazy("%(name)s is off sale."),
    )
    on = Words(
        gettext_lazy("Put %(name)s on sale again?"),
        gettext_lazy("It can be bought wherever a dairy has it."),
        gettext_lazy("Put on sale"),
        gettext_lazy("%(name)s is on sale."),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A pack keeps its product: orders, batches and "the usual" mean it by the pack."""
        return self.readonly_fields if obj is None else ("product", *self.readonly_fields)

    def write(self, obj: Variant, *, by: Actor) -> object:
        return actions.save_variant(obj, by=by)

    def switch(self, record: Variant, *, on: bool, by: Actor) -> object:
        return actions.switch_variant(record.pk, on=on, by=by)

    @action(description=gettext_lazy("Price calendar"), permissions=["view"], url_path="prices", icon="calendar_month")
    def prices(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One region, one month; what is wrong in the address shows the home region and this month."""
        variant: Variant = self.record(request, object_id)
        book = region_book()
        regions = list(book.regions.values())
        region = book.region(request.GET.get("region", "")) or book.region(settings.HOME_REGION) or regions[0]
        month = month_of(request.GET.get("month", ""), today=clock.today(region))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Prices of %(product)s %(pack)s") % {"product": variant.product, "pack": variant.name},
            "calendar": price_calendar(variant, region, month),
            "regions": regions,
            "may_change": request.user.has_perm("catalog.change_pricelistentry"),
            "back_url": reverse("admin:catalog_variant_change", args=(variant.pk,)),
        }
        return TemplateResponse(request, "admin/catalog/variant/prices.html", context)
