"""A dairy's coming days: how full they are, and how many orders it takes on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from vendors.actions import DayLimit, set_day_limits
from vendors.models import Vendor
from vendors.queries import CapacityDay, capacity_days


class DayForm(forms.Form):
    """One day. An empty limit is the usual one. `seen_…` is what the page showed when it was opened."""

    order_limit = forms.IntegerField(
        label=gettext_lazy("Orders it takes"),
        required=False,
        min_value=0,
        max_value=100_000,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Why"), required=False, max_length=80, widget=UnfoldAdminTextInputWidget()
    )
    seen_limit = forms.IntegerField(required=False, widget=forms.HiddenInput())
    seen_note = forms.CharField(required=False, widget=forms.HiddenInput())

    @property
    def seen(self) -> DayLimit:
        return DayLimit(self.cleaned_data["seen_limit"], self.cleaned_data["seen_note"])

    @property
    def wanted(self) -> DayLimit:
        limit = self.cleaned_data["order_limit"]
        return DayLimit(limit, "" if limit is None else self.cleaned_data["note"])


def days_page(admin: ModelAdmin, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Two weeks with a field for each day's limit; saves those that were changed on this page.

    A day that somebody else changed since the page was opened is told, with what it is now; nothing is saved then.
    """
    may_change = request.user.has_perm("vendors.change_vendor")
    days = capacity_days(vendor, since=clock.today(vendor.region))
    if request.method != "POST":
        return _page(admin, request, vendor, [(day, _form(day, vendor)) for day in days], may_change=may_change)
    if not may_change:
        raise PermissionDenied
    rows = [(day, _form(day, vendor, request.POST)) for day in days]
    valid = [form.is_valid() for _day, form in rows]
    if all(valid):
        changed = {day.date: (form.seen, form.wanted) for day, form in rows if form.seen != form.wanted}
        try:
            count = set_day_limits(vendor.pk, changed, by=actor_of(request))
        except DomainError as refusal:
            rows = [_refused(day, form, vendor, refusal.facts["days"]) for day, form in rows]
        else:
            told = ngettext("%(count)d day was changed.", "%(count)d days were changed.", count) % {"count": count}
            messages.success(request, told)
            return HttpResponseRedirect(request.path)
    return _page(admin, request, vendor, rows, may_change=may_change)


def _page(
    admin: ModelAdmin,
    request: HttpRequest,
    vendor: Vendor,
    rows: list[tuple[CapacityDay, DayForm]],
    *,
    may_change: bool,
) -> TemplateResponse:
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("Coming days of %(name)s") % {"name": vendor},
        "media": admin.media,
        "vendor": vendor,
        "rows": rows,
        "may_change": may_change,
        "today": clock.today(vendor.region),
    }
    return TemplateResponse(request, "admin/vendors/vendor/days.html", context)


def _form(day: CapacityDay, vendor: Vendor, sent: Any = None) -> DayForm:
    limit = day.limit if day.is_set else None
    initial = {"order_limit": limit, "note": day.note, "seen_limit": limit, "seen_note": day.note}
    form = DayForm(sent, prefix=day.date.isoformat(), initial=initial)
    form.fields["order_limit"].widget.attrs["placeholder"] = str(vendor.daily_order_limit)
    return form


def _refused(
    day: CapacityDay, form: DayForm, vendor: Vendor, problems: Mapping[str, str]
) -> tuple[CapacityDay, DayForm]:
    """A day after a refusal: as it is now, with what was typed there, and the problem where it has one.

    Whoever saves again has then seen the other person's change.
    """
    fresh = _form(day, vendor)
    if form.seen != form.wanted:
        typed = {"order_limit": form.wanted.order_limit, "note": form.wanted.note}
        sent = {fresh.add_prefix(name): value for name, value in {**fresh.initial, **typed}.items()}
        fresh = _form(day, vendor, {name: value for name, value in sent.items() if value is not None})
        if fresh.is_valid() and day.date.isoformat() in problems:
            fresh.add_error("order_limit", problems[day.date.isoformat()])
    return day, fresh
