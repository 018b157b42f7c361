"""Products in the back office, with their packs, pictures and alternatives."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminDecimalFieldWidget

from catalog import actions
from catalog.actions.images import Place
from catalog.admin.picture_forms import PicturesForm
from catalog.admin.slugs import SluggedForm
from catalog.admin.switching import SwitchAdmin, Words
from catalog.models import Alternative, DietaryFact, Product, ProductImage, Variant
from milkdelivery.backoffice.base import HistoryAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.fields import Limits
from milkdelivery.backoffice.filters import flag, instants, related
from milkdelivery.backoffice.pages import Effect, Question, ask, ask_about_many
from milkdelivery.core.actors import Actor
from milkdelivery.core.fields import MoneyField
from milkdelivery.core.web import actor_of


class ProductForm(SluggedForm):
    dietary_facts = forms.MultipleChoiceField(
        label=gettext_lazy("Dietary facts"),
        choices=DietaryFact.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


class PacksFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        """Two packs in one form must not clash either: neither is in the database yet."""
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            sku = str(getattr(form, "cleaned_data", {}).get("sku") or "").lower()
            if sku in seen:
                form.add_error("sku", _("Another pack has this SKU."))
            seen |= {sku} - {""}


class Packs(Limits, StackedInline):
    """A pack is not deleted but taken off sale: orders look back at it."""

    model = Variant
    formset = PacksFormSet
    verbose_name_plural = gettext_lazy("packs")
    extra = 0
    tab = True
    can_delete = False
    show_change_link = True
    formfield_overrides = {MoneyField: {"widget": UnfoldAdminDecimalFieldWidget}}
    fields = (
        ("name", "sku"),
        ("unit", "size"),
        ("price", "mrp"),
        ("deposit", "hsn_code"),
        ("shelf_life_days", "position"),
        ("is_subscribable", "is_active"),
    )


class Pictures(TabularInline):
    """In order; new ones come through the button above, where they are looked at first."""

    model = ProductImage
    verbose_name_plural = gettext_lazy("pictures")
    extra = 0
    tab = True
    fields = ("thumb", "alt", "position")
    readonly_fields = ("thumb",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description=gettext_lazy("picture"))
    def thumb(self, image: ProductImage) -> str:
        return format_html('<img class="bo-thumb" src="{}" alt="" width="80" height="80">', image.picture.thumb)


class Others(Limits, TabularInline):
    """What staff wants shown beside the product. What is computed from orders comes after it."""

    model = Alternative
    fk_name = "product"
    verbose_name_plural = gettext_lazy("alternatives")
    extra = 0
    tab = True
    fields = ("kind", "other", "position")
    autocomplete_fields = ("other",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alternative]:
        return super().get_queryset(request).filter(source=Alternative.Source.STAFF).select_related("other")


@admin.register(Product)
class ProductAdmin(SwitchAdmin, HistoryAdmin):
    form = ProductForm
    list_display = ("thumb", "name", "category", "packs", "is_active", when("updated_at", gettext_lazy("changed")))
    list_display_links = ("name",)
    list_select_related = ("category",)
    list_filter = (flag("is_active"), related("category"), instants("updated_at"))
    search_fields = ("name", "name_hi", "slug", "variants__sku")
    search_help_text = gettext_lazy("Name, slug or SKU")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("is_active", "created_by", "updated_by", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "name_hi", "slug", "category", "is_active")}),
        (gettext_lazy("In the shop"), {"fields": ("description", "description_hi", "dietary_facts", "position")}),
        (
            gettext_lazy("Record"),
            {"fields": (("created_by", "created_at"), ("updated_by", "updated_at")), "classes": ("collapse",)},
        ),
    )
    inlines = (Packs, Pictures, Others)
    actions = ("deactivate_selected",)
    actions_detail = ("add_pictures", "deactivate", "activate")
    off = Words(
        gettext_lazy("Take %(name)s off sale?"),
        gettext_lazy("Carts drop it with a message. Orders that hold it go on, and its history stays."),
        gettext_lazy("Take off sale"),
        gettext_lazy("%(name)s is off sale."),
    )
    on = Words(
        gettext_lazy("Put %(name)s on sale again?"),
        gettext_lazy("Its active packs can be bought wherever a dairy has them."),
        gettext_lazy("Put on sale"),
        gettext_lazy("%(name)s is on sale."),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        on_sale = Count("variants", filter=Q(variants__is_active=True))
        products: Any = super().get_queryset(request)
        return products.with_picture().annotate(packs_on_sale=on_sale)

    def get_inlines(self, request: HttpRequest, obj: Product | None) -> tuple[Any, ...]:
        """A new product has its packs; the rest comes once it is there."""
        return self.inlines if obj else (Packs,)

    @display(description="")
    def thumb(self, product: Product) -> str:
        picture = product.picture
        if picture is None:
            return ""
        return format_html(
            '<img class="bo-thumb bo-thumb-small" src="{}" alt="" width="40" height="40">', picture.thumb
        )

    @display(description=gettext_lazy("packs on sale"), ordering="packs_on_sale")
    def packs(self, product: Any) -> int:
        return int(product.packs_on_sale)

    def write(self, obj: Product, *, by: Actor) -> object:
        return actions.save_product(obj, by=by)

    def write_rows(
        self, parent: Product, rows: type[Model], saved: list[Any], removed: list[Any], *, by: Actor
    ) -> None:
        if rows is Variant:
            actions.save_packs(parent.pk, packs=saved, by=by)
        elif rows is ProductImage:
            places = {image.pk: Place(image.position, image.alt) for image in saved}
            actions.arrange_images(parent.pk, places=places, removed=[image.pk for image in removed], by=by)
        else:
            self._write_others(parent, saved, removed, by=by)

    @staticmethod
    def _write_others(parent: Product, saved: list[Alternative], removed: list[Alternative], *, by: Actor) -> None:
        """What staff chose, all of it anew in its order; a list of one kind that became empty too."""
        kept = {row.pk: row for row in parent.alternatives.filter(source=Alternative.Source.STAFF)}
        touched = {row.kind for row in (*kept.values(), *saved)}
        for row in removed:
            kept.pop(row.pk, None)
        for number, row in enumerate(saved):
            kept[row.pk or -1 - number] = row
        by_kind: dict[str, list[int]] = defaultdict(list)
        for row in sorted(kept.values(), key=lambda row: row.position):
            by_kind[row.kind].append(row.other_id)
        for kind in touched:
            others = {parent.pk: by_kind[kind]}
            actions.store_alternatives(others, source=Alternative.Source.STAFF, kind=kind, by=by)

    def switch(self, record: Product, *, on: bool, by: Actor) -> object:
        change = actions.activate_product if on else actions.deactivate_product
        return change(record.pk, by=by)

    @action(
        description=gettext_lazy("Add pictures"),
        permissions=["operate"],
        url_path="pictures",
        icon="add_photo_alternate",
    )
    def add_pictures(self, request: HttpRequest, object_id: str) -> HttpResponse:
        product = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            added = actions.add_images(
                product.pk, rendered=answer["pictures"], alt=answer["alt"], by=actor_of(request), field="pictures"
            )
            words = ngettext("%(count)d picture is added.", "%(count)d pictures are added.", len(added))
            return words % {"count": len(added)}

        question = Question(
            title=_("Add pictures of %(name)s") % {"name": product},
            intro=_("They come behind those that are there. The first one stands for the product on the shelf."),
            submit=_("Add"),
            form=PicturesForm,
            initial={"alt": product.name},
            perform=perform,
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
