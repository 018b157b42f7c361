"""Categories in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from catalog import actions
from catalog.admin.slugs import SluggedForm
from catalog.admin.switching import SwitchAdmin, Words
from catalog.models import Category
from milkdelivery.backoffice.filters import flag
from milkdelivery.core.actors import Actor


@admin.register(Category)
class CategoryAdmin(SwitchAdmin):
    form = SluggedForm
    list_display = ("name", "name_hi", "slug", "position", "products_on_sale", "is_active")
    list_filter = (flag("is_active"),)
    search_fields = ("name", "name_hi", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "name_hi", "slug", "illustration", "position", "is_active")
    readonly_fields = ("is_active",)
    actions_detail = ("deactivate", "activate")
    off = Words(
        gettext_lazy("Hide %(name)s?"),
        gettext_lazy("Its products are hidden with it. Carts drop them with a message, orders keep them."),
        gettext_lazy("Hide"),
        gettext_lazy("%(name)s is hidden."),
    )
    on = Words(
        gettext_lazy("Show %(name)s again?"),
        gettext_lazy("Its products that are on sale come back with it."),
        gettext_lazy("Show"),
        gettext_lazy("%(name)s is shown."),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        on_sale = Count("products", filter=Q(products__is_active=True))
        return super().get_queryset(request).annotate(on_sale=on_sale)

    @display(description=gettext_lazy("products on sale"), ordering="on_sale")
    def products_on_sale(self, category: Any) -> int:
        return int(category.on_sale)

    def write(self, obj: Category, *, by: Actor) -> object:
        return actions.save_category(obj, by=by)

    def switch(self, record: Category, *, on: bool, by: Actor) -> object:
        return actions.switch_category(record.pk, on=on, by=by)
