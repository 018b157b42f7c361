"""What to bring, before anything else: one day, by slot and product, and the orders behind it."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from deliveries.queries import hub_names
from milkdelivery.core import clock
from orders.queries import DemandDay, claimed_of_vendor, demand_days, demand_on, given_back_on
from orders.rules.claims import COUNTED
from vendors.models import Vendor
from vendors.views.own import for_own_dairy

MOST_CLAIMED = 20
"""Claims of the last thirty days that the page shows."""


@require_safe
@for_own_dairy
def portal(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """The demand of one day. `?day=` chooses the day."""
    today = clock.today(vendor.region)
    days = demand_days(vendor.pk, since=today)
    day = _chosen(request.GET.get("day", ""), days) or today
    slots = demand_on(vendor.pk, day)
    hubs = hub_names({pincode for slot in slots for item in slot.items for pincode in item.by_pincode})
    now = clock.now()
    context = {
        "vendor": vendor,
        "section": "portal",
        "days": days,
        "day": day,
        "today": today,
        "now": now,
        "slots": [(slot, [(item, item.by_hub(hubs)) for item in slot.items], slot.seconds_left(now)) for slot in slots],
        "to_answer": sum(slot.to_answer for slot in slots if slot.is_open(now)),
        "has_open": any(slot.is_open(now) and not slot.is_packed for slot in slots),
        "given_back": given_back_on(vendor.pk, day),
        "claimed": list(claimed_of_vendor(vendor.pk, since=now - COUNTED)[:MOST_CLAIMED]),
    }
    return render(request, "vendors/portal.html", context)


def _chosen(asked: str, days: list[DemandDay]) -> date | None:
    """The day asked for, or else the first with something left to pack, or the first at all."""
    return day_of(asked) or next((entry.date for entry in [*(day for day in days if day.left), *days]), None)


def day_of(text: str) -> date | None:
    """A day as addresses and forms write it; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None
