"""What stands on a dairy's shelves, changed with one tap."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inventory import actions
from inventory.queries.shelves import shelves_of
from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from milkdelivery.core.idempotency import InProgress, KeyInvalid, KeyReused, Landed, answer_once, fresh_form_key
from milkdelivery.core.web import actor_of
from vendors.forms import ShelfForm
from vendors.models import Vendor
from vendors.queries import does_offer
from vendors.views.own import for_own_dairy

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def shelf(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Everything the dairy offers: on hand, promised, free. POST adds, takes away or counts one of them."""
    if request.method != "POST":
        return _page(request, vendor)
    form = ShelfForm(request.POST)
    if not form.is_valid():
        return _page(request, vendor, form, status=UNPROCESSABLE)
    # Each button of the page is a form of its own: +10 and then +1 are eleven, +1 twice from one page is a double tap.
    which = "{variant} {change} {counted}".format(**form.cleaned_data)
    try:
        return answer_once(request, lambda: _answer(request, vendor, form), of=which)
    except (KeyInvalid, KeyReused, InProgress) as refusal:
        form.add_error(None, str(refusal))
        return _page(request, vendor, form, status=refusal.status)


def _answer(request: HttpRequest, vendor: Vendor, form: ShelfForm) -> HttpResponse:
    variant_id: int = form.cleaned_data["variant"]
    if not does_offer(vendor.pk, variant_id):
        raise Http404
    try:
        _change(request, vendor, form.cleaned_data)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, vendor, form, status=refusal.status)
    return Landed(request, f"{reverse('vendors:stock')}#pack-{variant_id}", _("Saved."))


def _change(request: HttpRequest, vendor: Vendor, answer: dict[str, Any]) -> None:
    """What came in is received, what went is corrected, what was counted is set."""
    which = {"vendor_id": vendor.pk, "variant_id": answer["variant"], "by": actor_of(request)}
    change = answer["change"]
    if answer["counted"] is not None and not change:
        actions.set_on_hand(**which, quantity=answer["counted"], seen=answer["seen"], reason="Counted at the dairy")
    elif change > 0:
        actions.receive(**which, quantity=change, reason="Entered by the dairy")
    else:
        actions.take_away(**which, quantity=-change, reason="Corrected by the dairy")


def _page(request: HttpRequest, vendor: Vendor, form: ShelfForm | None = None, status: int = 200) -> HttpResponse:
    chosen = form.cleaned_data.get("variant") if form else None
    errors = [error for errors in form.errors.values() for error in errors] if form else []
    context = {
        "vendor": vendor,
        "section": "stock",
        "shelves": shelves_of(vendor.pk),
        "today": clock.today(vendor.region),
        "chosen": chosen,
        "errors": errors,
        "form_key": fresh_form_key(),
        "typed": form.data.get("counted", "") if form else "",
    }
    return render(request, "vendors/stock.html", context, status=status)
