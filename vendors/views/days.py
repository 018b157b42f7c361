"""How full a dairy's coming days are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from milkdelivery.core import clock
from vendors.models import Vendor
from vendors.queries import capacity_days
from vendors.views.own import for_own_dairy


@require_safe
@for_own_dairy
def coming_days(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Two weeks: orders, how many it takes, and why where that is not the usual."""
    today = clock.today(vendor.region)
    context = {"vendor": vendor, "section": "days", "today": today, "days": capacity_days(vendor, since=today)}
    return render(request, "vendors/days.html", context)
