"""A dairy's coming days: how full they are, and how many orders it takes on each."""

from __future__ import annotations

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
from milkdelivery.core.web import actor_of
from vendors.actions import set_day_limit
from vendors.models import Vendor
from vendors.queries import CapacityDay, capacity_days


class DayForm(forms.Form):
    """One day. An empty limit is the usual one."""

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


def days_page(admin: ModelAdmin, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Two weeks with a field for each day's limit; saves those that changed."""
    may_change = request.user.has_perm("vendors.change_vendor")
    days = capacity_days(vendor, since=clock.today(vendor.region))
    sent = request.POST if request.method == "POST" else None
    rows = [(day, _form(day, vendor, sent)) for day in days]
    if sent is not None:
        if not may_change:
            raise PermissionDenied
        if all(form.is_valid() for _day, form in rows):
            changed = [(day, form.cleaned_data) for day, form in rows if form.has_changed()]
            for day, answer in changed:
                set_day_limit(
                    vendor.pk,
                    on=day.date,
                    order_limit=answer["order_limit"],
                    note=answer["note"],
                    by=actor_of(request),
                )
            count = len(changed)
            told = ngettext("%(count)d day was changed.", "%(count)d days were changed.", count) % {"count": count}
            messages.success(request, told)
            return HttpResponseRedirect(request.path)
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


def _form(day: CapacityDay, vendor: Vendor, sent: Any) -> DayForm:
    initial = {"order_limit": day.limit if day.is_set else None, "note": day.note}
    form = DayForm(sent, prefix=day.date.isoformat(), initial=initial)
    form.fields["order_limit"].widget.attrs["placeholder"] = str(vendor.daily_order_limit)
    return form
