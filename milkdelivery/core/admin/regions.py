"""Markets: regions with their slots, holidays, tax rates and pincodes."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django import forms
from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelect2Widget

from catalog.queries.taxes import packs_losing
from milkdelivery.backoffice.asking import AskingForm
from milkdelivery.backoffice.base import ActionAdmin
from milkdelivery.backoffice.fields import in_percent
from milkdelivery.backoffice.filters import days, flag, related
from milkdelivery.core import actions, clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot, Holiday, Pincode, Region, TaxRate
from milkdelivery.core.rules import Span, keeps_past
from milkdelivery.core.web import actor_of


class RegionForm(ModelForm):
    currency = forms.ChoiceField(label=_("Currency"), widget=UnfoldAdminSelect2Widget())
    time_zone = forms.ChoiceField(label=_("Time zone"), widget=UnfoldAdminSelect2Widget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (("currency", list_currencies()), ("time_zone", available_timezones())):
            if name in self.fields:
                self.fields[name].choices = [(value, value) for value in sorted(known)]  # type: ignore[attr-defined]

    def clean_postal_code_pattern(self) -> str:
        pattern: str = self.cleaned_data["postal_code_pattern"]
        try:
            re.compile(pattern)
        except re.error as error:
            raise forms.ValidationError(_("This is not a regular expression: %s") % error) from error
        return pattern


@admin.register(Region)
class RegionAdmin(ActionAdmin):
    form = RegionForm
    list_display = ("name", "code", "currency", "time_zone", "tax", "delivery_fee", "free_delivery_from")
    search_fields = ("name", "code")
    fieldsets = (
        (None, {"fields": ("name", "code", "country", "time_zone")}),
        (_("Money"), {"fields": ("currency", "delivery_fee", "free_delivery_from")}),
        (_("Tax"), {"fields": ("tax_scheme", "tax_inclusive")}),
        (_("Addresses"), {"fields": ("postal_code_pattern", "phone_prefix")}),
    )

    @display(description=_("tax"))
    def tax(self, region: Region) -> str:
        inside = _("in the price") if region.tax_inclusive else _("on top")
        return f"{region.tax_scheme} · {inside}" if region.tax_scheme else str(inside)

    def get_readonly_fields(self, request: HttpRequest, obj: Region | None = None) -> tuple[str, ...]:
        """What figures of the past are read by stays as it was."""
        return ("code", "currency", "time_zone") if obj else ()

    def write(self, obj: Region, *, by: Actor) -> object:
        return actions.save_region(obj, by=by)


class SlotForm(ModelForm):
    open_weekdays = forms.TypedMultipleChoiceField(
        label=_("Open weekdays"),
        coerce=int,
        choices=list(WEEKDAYS.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and starts >= ends:
            self.add_error("ends_at", _("The slot must end after it starts."))
        return cleaned


@admin.register(DeliverySlot)
class DeliverySlotAdmin(ActionAdmin):
    form = SlotForm
    list_display = ("slot", "region", "window", "cutoff", "pack_time", "days", "is_active")
    list_select_related = ("region",)
    list_filter = (related("region"), flag("is_active"))
    fieldsets = (
        (None, {"fields": ("region", "code", "is_active")}),
        (_("Delivery"), {"fields": (("starts_at", "ends_at"), "open_weekdays")}),
        (_("Before it"), {"fields": ("cutoff_days_before", "cutoff_time", "pack_time", "grace_minutes")}),
    )

    @display(description=_("slot"), ordering="code")
    def slot(self, slot: DeliverySlot) -> str:
        return slot.get_code_display()

    @display(description=_("delivery"), ordering="starts_at")
    def window(self, slot: DeliverySlot) -> str:
        return f"{_clock(slot.starts_at)}–{_clock(slot.ends_at)}"

    @display(description=_("changes until"))
    def cutoff(self, slot: DeliverySlot) -> str:
        when = {0: _("the same day"), 1: _("the day before")}.get(slot.cutoff_days_before)
        return f"{_clock(slot.cutoff_time)}, {when or _('%d days before') % slot.cutoff_days_before}"

    @display(description=_("open"))
    def days(self, slot: DeliverySlot) -> str:
        if len(slot.open_weekdays) == len(WEEKDAYS):
            return str(_("Every day"))
        return ", ".join(str(WEEKDAYS_ABBR[day]) for day in slot.open_weekdays)

    def write(self, obj: DeliverySlot, *, by: Actor) -> object:
        return actions.save_slot(obj, by=by)


@admin.register(Holiday)
class HolidayAdmin(ActionAdmin):
    """The one record that is really deleted: a day that opens again leaves nothing behind."""

    list_display = ("date", "name", "region")
    list_select_related = ("region",)
    list_filter = (related("region"), days("date"))
    search_fields = ("name",)
    ordering = ("-date",)
    actions: Any = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete = request.user.has_perm("core.delete_holiday")
        return may_delete and (obj is None or obj.date >= clock.today(obj.region))

    def write(self, obj: Holiday, *, by: Actor) -> object:
        return actions.save_holiday(obj, by=by)

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        actions.remove_holiday(obj.pk, by=actor_of(request))


@admin.register(Pincode)
class PincodeAdmin(ActionAdmin):
    list_display = ("code", "name", "region", "is_served", "latitude", "longitude")
    list_select_related = ("region",)
    list_filter = (flag("is_served"), related("region"))
    search_fields = ("code", "name")
    readonly_fields = ("is_served",)

    def get_readonly_fields(self, request: HttpRequest, obj: Pincode | None = None) -> tuple[str, ...]:
        return ("code", "region", "is_served") if obj else ("is_served",)

    def write(self, obj: Pincode, *, by: Actor) -> object:
        return actions.save_pincode(obj, by=by)


NAMED = 3
"""Packs that are named where a rate would leave many without a tax."""


class TaxRateForm(AskingForm):
    """Asks once more before a rate leaves packs on sale without a tax: nobody could buy them from that day on."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if self.instance.pk is None or self.errors:
            return cleaned
        kept = self.instance  # as it is stored: what was typed is not in it yet
        span = Span(cleaned.get("valid_from", kept.valid_from), cleaned.get("valid_until"))
        if not keeps_past(kept.span, span, is_same=True, today=clock.today(kept.region)):
            return cleaned  # the action refuses it
        if losing := packs_losing(kept, span):
            field = "valid_until" if span.last != kept.valid_until else "valid_from"
            words = _off_sale([pack.name for pack in losing], losing[0].since)
            self.ask(field, words, about=(losing, span), tick=_("Save all the same: these packs go off sale"))
        return cleaned


def _has_held(rate: TaxRate) -> bool:
    return rate.valid_from < clock.today(rate.region)


def _off_sale(names: list[str], since: date) -> str:
    named = ", ".join(names[:NAMED])
    if more := len(names) - NAMED if len(names) > NAMED else 0:
        named = ngettext("%(named)s and %(more)d more", "%(named)s and %(more)d more", more) % {
            "named": named,
            "more": more,
        }
    text = ngettext(
        "%(count)d pack has no other tax rate and can't be sold from %(day)s on: %(named)s.",
        "%(count)d packs have no other tax rate and can't be sold from %(day)s on: %(named)s.",
        len(names),
    )
    advice = gettext("Add the rate that follows first, which ends this one by itself, or tick the box and save again.")
    return f"{text % {'count': len(names), 'day': date_format(since), 'named': named}} {advice}"


@admin.register(TaxRate)
class TaxRateAdmin(ActionAdmin):
    form = TaxRateForm
    fields = ("region", "hsn_code", "basis_points", "valid_from", "valid_until", "is_meant")
    held_by = "region"
    list_display = ("hsn_code", "rate", "region", "valid_from", "valid_until")
    list_select_related = ("region",)
    list_filter = (related("region"),)
    search_fields = ("hsn_code",)

    @display(description=_("rate"), ordering="basis_points")
    def rate(self, rate: TaxRate) -> str:
        return in_percent(rate.basis_points)

    def get_fields(self, request: HttpRequest, obj: TaxRate | None = None) -> list[str]:
        """Where the rate can't change, it is shown as people say it; and who only looks is asked nothing."""
        may_change = self.has_change_permission(request)
        hidden = {"is_meant"} if not may_change else set()
        is_shown = obj is not None and (_has_held(obj) or not may_change)
        named = (("rate" if name == "basis_points" and is_shown else name) for name in self.fields)
        return [name for name in named if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: TaxRate | None = None) -> tuple[str, ...]:
        """Past days keep their rate: of one that has been in force only the end can change."""
        if obj is None:
            return ()
        return ("region", "hsn_code", "rate", "valid_from") if _has_held(obj) else ("region", "hsn_code", "rate")

    def save_model(self, request: HttpRequest, obj: TaxRate, form: ModelForm, change: bool) -> None:
        if not form.changed_data and change:
            return
        saved = actions.save_tax_rate(obj, by=actor_of(request))
        if saved.ended is not None:
            messages.info(request, _("The rate before it ends: %(words)s.") % {"words": saved.ended.words})
        if saved.resumed is not None:
            day = date_format(saved.resumed.valid_from)
            messages.info(request, _("It goes on afterwards, from %(day)s.") % {"day": day})


def _clock(value: time) -> str:
    return time_format(value, "H:i")
