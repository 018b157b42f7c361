"""What a dairy takes in, and what it can bring on the coming days, pack by pack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from catalog.models import Variant
from inventory import actions
from inventory.forms import SupplyDaysForm, day_name, facts_of
from inventory.models import DailySupply
from inventory.queries.shelves import kept_variant, supplies_of
from milkdelivery.core import clock
from milkdelivery.core.errors import NotFound
from milkdelivery.core.rules import HORIZON_DAYS
from milkdelivery.core.web import actor_of
from vendors.forms import SpoilableGoodsForm, SupplyInForm
from vendors.models import Vendor
from vendors.views.own import ask, for_own_dairy
from vendors.views.portal import day_of


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def receive_goods(request: HttpRequest, vendor: Vendor, variant_id: int) -> HttpResponse:
    """Goods came in, as a batch where its code is known; spoiled ones are written down and thrown away."""
    variant = _pack(vendor, variant_id)
    form = SpoilableGoodsForm(_sent(request), shelf_life_days=variant.shelf_life_days)

    def perform(answer: dict[str, Any]) -> str:
        receive = actions.receive_spoiled if answer["is_spoiled"] else actions.receive
        receive(**_key(request, vendor, variant), quantity=answer["quantity"], batch=facts_of(answer), reason=RECEIVED)
        if answer["is_spoiled"]:
            return _("Written down as spoiled. Nothing of it is sold.")
        return ngettext("%(count)d piece came in.", "%(count)d pieces came in.", answer["quantity"]) % {
            "count": answer["quantity"]
        }

    back = f"{reverse('vendors:stock')}#pack-{variant.pk}"
    context = {"title": _("Goods came in"), "variant": variant, "submit": _("Receive"), "back": back}
    return _ask(request, vendor, form, perform, template="vendors/goods.html", context=context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def supply_days(request: HttpRequest, vendor: Vendor, variant_id: int) -> HttpResponse:
    """How much of a pack the dairy can bring on each of the days that can be ordered for."""
    variant = _pack(vendor, variant_id)
    today = clock.today(vendor.region)
    coming = [today + timedelta(days=ahead) for ahead in range(HORIZON_DAYS + 1)]
    supplies = {supply.date: supply for supply in supplies_of(vendor.pk, variant.pk, since=today)}
    form = SupplyDaysForm(_sent(request), days=coming, supplies=supplies, label_suffix="")

    def perform(answer: dict[str, Any]) -> str:
        received = {day for day, supply in supplies.items() if supply.received_at is not None}
        wishes = {day: answer[day_name(day)] for day in coming if day not in received}
        changed = actions.plan_days(**_key(request, vendor, variant), wishes=wishes)
        return ngettext("%(count)d day changed.", "%(count)d days changed.", changed) % {"count": changed}

    late = [supply for supply in supplies_of(vendor.pk, variant.pk, until=today) if supply.received_at is None]
    context = {"variant": variant, "late": late, "back": reverse("vendors:supply", args=(variant.pk,))}
    return _ask(request, vendor, form, perform, template="vendors/supply.html", context=context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def receive_day(request: HttpRequest, vendor: Vendor, variant_id: int, day: str) -> HttpResponse:
    """The milk of a planned day came in: it stands on the shelf, and its orders have theirs."""
    variant = _pack(vendor, variant_id)
    on = day_of(day)
    supply = on and next(iter(supplies_of(vendor.pk, variant.pk, since=on, until=on)), None)
    if on is None or not supply:
        raise Http404
    today = clock.today(vendor.region)
    initial = {"quantity": supply.quantity, "produced_on": min(on - timedelta(days=1), today)}
    form = SupplyInForm(_sent(request), initial=initial, shelf_life_days=variant.shelf_life_days)

    def perform(answer: dict[str, Any]) -> str:
        after = actions.receive_supply(
            **_key(request, vendor, variant),
            on=on,
            quantity=answer["quantity"],
            batch=facts_of(answer),
            reason=RECEIVED,
        )
        return _said(after)

    back = reverse("vendors:supply", args=(variant.pk,))
    title = _("The milk of %(day)s came in") % {"day": date_format(on, "l, j F")}
    context = {"title": title, "variant": variant, "submit": _("Receive"), "supply": supply, "back": back}
    return _ask(request, vendor, form, perform, template="vendors/goods.html", context=context)


RECEIVED = "Entered by the dairy"


def _pack(vendor: Vendor, variant_id: int) -> Variant:
    """A pack that the dairy keeps. Raises Http404."""
    try:
        return kept_variant(vendor, variant_id)
    except NotFound as refusal:
        raise Http404 from refusal


def _key(request: HttpRequest, vendor: Vendor, variant: Variant) -> dict[str, Any]:
    return {"vendor_id": vendor.pk, "variant_id": variant.pk, "by": actor_of(request)}


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _said(supply: DailySupply) -> str:
    came = supply.received_quantity or 0
    if came >= supply.promised:
        return _("%(count)d came in; every order has its share.") % {"count": came}
    return _("%(count)d came in, %(missing)d less than promised. Others are asked for what is short.") % {
        "count": came,
        "missing": supply.promised - came,
    }


def _ask(
    request: HttpRequest,
    vendor: Vendor,
    form: forms.Form,
    perform: Callable[[dict[str, Any]], str],
    *,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    frame = {"section": "stock", "today": clock.today(vendor.region)}
    return ask(request, vendor, form, perform, template=template, context={**frame, **context})
