"""The catalogue in the back office: categories, products with their packs, and the price list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from catalog import actions
from catalog.models import Category, DietaryFact, PriceListEntry, Product, Variant
from milkdelivery.backoffice.base import ActionAdmin, HistoryAdmin, Rows
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import days, flag, instants, related
from milkdelivery.backoffice.pages import Effect, Question, ask, ask_about_many
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of


@admin.register(Category)
class CategoryAdmin(ActionAdmin):
    list_display = ("name", "slug", "position", "products_on_sale", "is_active")
    list_filter = (flag("is_active"),)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        on_sale = Count("products", filter=Q(products__is_active=True))
        return super().get_queryset(request).annotate(on_sale=on_sale)

    @display(description=gettext_lazy("products on sale"), ordering="on_sale")
    def products_on_sale(self, category: Any) -> int:
        return int(category.on_sale)

    def write(self, obj: Category, *, by: Actor) -> object:
        return actions.save_category(obj, by=by)


class ProductForm(ModelForm):
    dietary_facts = forms.MultipleChoiceField(
        label=gettext_lazy("Dietary facts"),
        choices=DietaryFact.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


class Packs(Rows):
    model = Variant
    verbose_name_plural = gettext_lazy("packs")
    fields = readonly_fields = ("name", "sku", "price", "mrp", "deposit", "is_subscribable", "is_active")
    show_change_link = True


@admin.register(Product)
class ProductAdmin(HistoryAdmin):
    form = ProductForm
    list_display = ("name", "category", "packs", "is_active", when("updated_at", gettext_lazy("changed")))
    list_select_related = ("category",)
    list_filter = (flag("is_active"), related("category"), instants("updated_at"))
    search_fields = ("name", "name_hi", "slug", "variants__sku")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("is_active", "created_by", "updated_by", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "name_hi", "slug", "category", "is_active")}),
        (gettext_lazy("In the shop"), {"fields": ("description", "dietary_facts", "position")}),
        (
            gettext_lazy("Record"),
            {"fields": (("created_by", "created_at"), ("updated_by", "updated_at")), "classes": ("collapse",)},
        ),
    )
    inlines = (Packs,)
    actions = ("deactivate_selected",)
    actions_detail = ("deactivate", "activate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return (
            super().get_queryset(request).annotate(packs_on_sale=Count("variants", filter=Q(variants__is_active=True)))
        )

    @display(description=gettext_lazy("packs on sale"), ordering="packs_on_sale")
    def packs(self, product: Any) -> int:
        return int(product.packs_on_sale)

    def write(self, obj: Product, *, by: Actor) -> object:
        return actions.save_product(obj, by=by)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """One of the two, whichever changes something."""
        product = Product.objects.filter(pk=object_id).only("is_active").first()
        unwanted = "activate" if product is None or product.is_active else "deactivate"
        return [button for button in super().get_actions_detail(request, object_id) if button.path != unwanted]

    @action(
        description=gettext_lazy("Take off sale"),
        permissions=["operate"],
        url_path="deactivate",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        product = self.record(request, object_id)
        question = Question(
            title=_("Take %(name)s off sale?") % {"name": product},
            intro=_("Carts drop it with a message. Orders that hold it go on, and its history stays."),
            submit=_("Take off sale"),
            is_dangerous=True,
            perform=lambda _answer: self._deactivated(product, actor_of(request)),
        )
        return ask(self, request, product, question)

    @action(description=gettext_lazy("Put on sale"), permissions=["operate"], url_path="activate", icon="storefront")
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        product = self.record(request, object_id)
        question = Question(
            title=_("Put %(name)s on sale again?") % {"name": product},
            intro=_("Its active packs can be bought wherever a dairy has them."),
            submit=_("Put on sale"),
            perform=lambda _answer: self._activated(product, actor_of(request)),
        )
        return ask(self, request, product, question)

    @admin.action(description=gettext_lazy("Take off sale"), permissions=["operate"])
    def deactivate_selected(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("category"),
            action="deactivate_selected",
            title=_("Take products off sale"),
            submit=_("Take off sale"),
            preview=lambda product: Effect(
                product, [str(product.category)], "" if product.is_active else _("Off sale already.")
            ),
            perform=lambda product: actions.deactivate_product(product.pk, by=actor_of(request)),
            done=lambda count: (
                ngettext("%(count)d product is off sale.", "%(count)d products are off sale.", count) % {"count": count}
            ),
            is_dangerous=True,
        )

    @staticmethod
    def _deactivated(product: Product, by: Actor) -> str:
        actions.deactivate_product(product.pk, by=by)
        return _("%(name)s is off sale.") % {"name": product}

    @staticmethod
    def _activated(product: Product, by: Actor) -> str:
        actions.activate_product(product.pk, by=by)
        return _("%(name)s is on sale.") % {"name": product}


class Prices(Rows):
    model = PriceListEntry
    fields = readonly_fields = ("region", "price", "mrp", "deposit", "valid_from", "valid_until")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceListEntry]:
        return super().get_queryset(request).select_related("region", "variant")


@admin.register(Variant)
class VariantAdmin(HistoryAdmin):
    list_display = ("sku", "product", "name", "price", "mrp", "deposit", "hsn_code", "is_subscribable", "is_active")
    list_select_related = ("product",)
    list_filter = (flag("is_active"), flag("is_subscribable"), related("product__category"))
    search_fields = ("sku", "name", "product__name", "product__name_hi")
    autocomplete_fields = ("product",)
    fieldsets = (
        (None, {"fields": ("product", "name", ("unit", "size"), "sku", "position", "is_active", "is_subscribable")}),
        (gettext_lazy("Price in the home region"), {"fields": ("price", "mrp", "deposit", "hsn_code")}),
        (gettext_lazy("Freshness"), {"fields": ("shelf_life_days",)}),
    )
    inlines = (Prices,)

    def write(self, obj: Variant, *, by: Actor) -> object:
        return actions.save_variant(obj, by=by)


class PriceForm(ModelForm):
    def _post_clean(self) -> None:
        """Amounts are in the region's currency: without a region there is nothing to build."""
        if "region" not in self.errors:
            super()._post_clean()  # type: ignore[misc]  # Django's own hook, unknown to its types


@admin.register(PriceListEntry)
class PriceListEntryAdmin(HistoryAdmin):
    form = PriceForm
    list_display = ("variant", "product", "region", "price", "mrp", "deposit", "valid_from", "valid_until")
    list_select_related = ("variant__product", "region")
    list_filter = (related("region"), days("valid_from"))
    search_fields = ("variant__sku", "variant__product__name")
    autocomplete_fields = ("variant",)
    ordering = ("-valid_from", "variant__sku")

    @display(description=gettext_lazy("product"), ordering="variant__product__name")
    def product(self, entry: PriceListEntry) -> str:
        return f"{entry.variant.product} {entry.variant.name}"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A price keeps what it is the price of."""
        return ("variant", "region") if obj else ()

    def write(self, obj: PriceListEntry, *, by: Actor) -> object:
        return actions.save_price(obj, by=by)
