"""The price list in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from catalog import actions
from catalog.actions.prices import SavedPrice
from catalog.admin.calendar import calendar_url
from catalog.models import PriceListEntry
from catalog.queries import price_on
from milkdelivery.backoffice.base import HistoryAdmin
from milkdelivery.backoffice.filters import days, related
from milkdelivery.core import clock
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of


class MoneyOfRegionForm(ModelForm):
    def _post_clean(self) -> None:
        """Amounts are in the region's currency: without a region there is nothing to build."""
        if "region" not in self.errors:
            super()._post_clean()  # type: ignore[misc]  # Django's own hook, unknown to its types

    def _update_errors(self, errors: ValidationError) -> None:
        """A field that could not be read says that alone, not what follows from its being empty then."""
        found = getattr(errors, "error_dict", {})
        for field in set(found) & set(self.errors):
            del found[field]
        super()._update_errors(errors)  # type: ignore[misc]  # as above


@admin.register(PriceListEntry)
class PriceListEntryAdmin(HistoryAdmin):
    """Past days keep their price: of an entry that has been in force only the end can change."""

    form = MoneyOfRegionForm
    list_display = ("variant", "product", "region", "price", "mrp", "deposit", "valid_from", "valid_until", "shown")
    list_select_related = ("variant__product", "region")
    list_filter = (related("region"), days("valid_from"))
    search_fields = ("variant__sku", "variant__product__name")
    search_help_text = gettext_lazy("SKU or product")
    autocomplete_fields = ("variant",)
    fieldsets = (
        (None, {"fields": ("variant", "region")}),
        (gettext_lazy("Price"), {"fields": ("price", "mrp", "deposit")}),
        (gettext_lazy("On which days"), {"fields": ("valid_from", "valid_until")}),
    )
    ordering = ("-valid_from", "variant__sku")
    actions: Any = None
    held_by = "variant"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "deposit":  # a bottle must not lose it because nobody looked there
            made.initial, made.required = None, False
            made.help_text = _("Left empty: as it is on the first day.")
        return made

    @display(description=gettext_lazy("product"), ordering="variant__product__name")
    def product(self, entry: PriceListEntry) -> str:
        return f"{entry.variant.product} {entry.variant.name}"

    @display(description=gettext_lazy("calendar"))
    def shown(self, entry: PriceListEntry) -> str:
        url = calendar_url(entry.variant_id, entry.region, entry.valid_from)
        return format_html('<a class="bo-link" href="{}">{}</a>', url, _("Show"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A price keeps what it is the price of, and a price that has been in force keeps its terms."""
        if not isinstance(obj, PriceListEntry):
            return ()
        if _has_held(obj):
            return ("variant", "region", "price", "mrp", "deposit", "valid_from")
        return ("variant", "region", "valid_from") if _has_begun(obj) else ("variant", "region")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What holds on no day up to today may vanish; the rest can only be ended."""
        if not request.user.has_perm("catalog.delete_pricelistentry"):
            return False
        return isinstance(obj, PriceListEntry) and not _has_begun(obj)

    def save_model(self, request: HttpRequest, obj: PriceListEntry, form: ModelForm, change: bool) -> None:
        if obj.deposit is None:
            before = price_on(obj.variant_id, region=obj.region, on=obj.valid_from)
            obj.deposit = before.deposit if before else Money.zero(obj.currency)
        if form.changed_data or not change:
            saved = actions.save_price(obj, by=actor_of(request))
            for note in _notes(saved):
                messages.info(request, note)

    def delete_model(self, request: HttpRequest, obj: PriceListEntry) -> None:
        variant_id, region, first = obj.variant_id, obj.region, obj.valid_from
        goes_on = actions.remove_price(obj.pk, by=actor_of(request))
        if goes_on is not None:
            messages.info(request, _("The price before it goes on: %(words)s.") % {"words": goes_on.words})
        held = PriceListEntry.objects.in_force(region_id=region.pk, on=first).filter(variant_id=variant_id)
        if not held.exists():
            text = _("From %(day)s on no price of the list holds now. Lengthen the one before it, or add another.")
            messages.warning(request, text % {"day": date_format(first)})

    def response_post_save_add(self, request: HttpRequest, obj: PriceListEntry) -> HttpResponse:
        """Where it can be seen among the others: when it begins, or today."""
        day = max(obj.valid_from, clock.today(obj.region))
        return HttpResponseRedirect(calendar_url(obj.variant_id, obj.region, day))

    response_post_save_change = response_post_save_add


def _has_begun(entry: PriceListEntry) -> bool:
    return entry.valid_from <= clock.today(entry.region)


def _has_held(entry: PriceListEntry) -> bool:
    return entry.valid_from < clock.today(entry.region)


def _notes(saved: SavedPrice) -> list[str]:
    """What saving did besides."""
    notes = []
    if saved.ended is not None:
        notes.append(_("The price before it ends: %(words)s.") % {"words": saved.ended.words})
    if saved.resumed is not None:
        start = date_format(saved.resumed.valid_from)
        notes.append(_("It goes on afterwards, from %(day)s.") % {"day": start})
    if saved.extended is not None:
        notes.append(_("The price before it goes on: %(words)s.") % {"words": saved.extended.words})
    if saved.moved is not None:
        notes.append(_("The price after it: %(words)s.") % {"words": saved.moved.words})
    return notes
