"""The vendor portal: what to bring, before anything else."""

from datetime import date
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from milkdelivery.core import clock
from milkdelivery.core.access import role_required
from milkdelivery.core.actors import Role
from orders.queries import DemandDay, demand_days, demand_on
from vendors.queries import vendor_of


@require_safe
@never_cache
@role_required(Role.VENDOR)
def portal(request: HttpRequest) -> HttpResponse:
    """The demand of one day, by slot and product, and the orders behind it. `?day=` chooses the day."""
    vendor = vendor_of(request.user.pk or 0)
    if vendor is None:
        return render(request, "vendors/no_vendor.html")
    with timezone.override(ZoneInfo(vendor.region.time_zone)):
        today = clock.today(vendor.region)
        days = demand_days(vendor.pk, since=today)
        day = _chosen(request.GET.get("day", ""), days) or today
        context = {
            "vendor": vendor,
            "days": days,
            "day": day,
            "today": today,
            "now": clock.now(),
            "slots": demand_on(vendor.pk, day),
        }
        return render(request, "vendors/portal.html", context)


def _chosen(asked: str, days: list[DemandDay]) -> date | None:
    """The day asked for, or else the first with something left to pack, or the first at all."""
    try:
        wanted = parse_date(asked)
    except ValueError:
        wanted = None
    return wanted or next((entry.date for entry in [*(day for day in days if day.left), *days]), None)
