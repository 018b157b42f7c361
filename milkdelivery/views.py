"""The front page, and where to deliver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cart.views.again import usual_card
from catalog.queries import category_shelf, mixed_products
from catalog.views import cards_of
from milkdelivery.core import clock, rules
from milkdelivery.core.models import Pincode
from milkdelivery.forms import PincodeForm
from milkdelivery.guest_pages import kept_for_guests
from milkdelivery.shopping import Shopping, shopping_of
from orders.models import Order
from orders.queries import next_order_of

FIRST_CARDS = 8
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class NextOrder:
    """The delivery that comes next, and until when it can be changed."""

    order: Order
    cutoff_at: datetime
    seconds_left: int


@require_safe
@kept_for_guests()
def home(request: HttpRequest) -> HttpResponse:
    """Where to, what comes next, and what there is."""
    shopping = shopping_of(request)
    context = {
        "shopping": shopping,
        "next_order": _next_order(shopping),
        "usual": usual_card(shopping),
        "form": PincodeForm(book=shopping.book, initial={"pincode": _code(shopping)}),
        "categories": category_shelf(),
        "cards": cards_of(list(mixed_products(region=shopping.region, on=shopping.day)[:FIRST_CARDS]), shopping),
    }
    return render(request, "home/home.html", context)


def _code(shopping: Shopping) -> str:
    return shopping.pincode.code if shopping.pincode else ""


def _next_order(shopping: Shopping) -> NextOrder | None:
    if shopping.user is None:
        return None
    order = next_order_of(shopping.user.pk, since=shopping.today)
    if order is None:
        return None
    cutoff = rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone)
    return NextOrder(order, cutoff, max(0, int((cutoff - clock.now()).total_seconds())))


@require_http_methods(["GET", "HEAD", "POST"])
def pincode(request: HttpRequest) -> HttpResponse:
    """Choose where to deliver."""
    shopping = shopping_of(request)
    onward = _onward(request)
    if request.method != "POST":
        form = PincodeForm(book=shopping.book, initial={"pincode": shopping.code or ""})
        return _pincode_page(request, form, onward)
    form = PincodeForm(request.POST, book=shopping.book)
    if not form.is_valid():
        return _pincode_page(request, form, onward, status=UNPROCESSABLE)
    chosen: Pincode = form.cleaned_data["pincode"]
    shopping.choose_pincode(chosen)
    messages.success(request, _("We deliver to %(place)s, %(code)s.") % {"place": chosen.name, "code": chosen.code})
    return HttpResponseRedirect(onward or reverse("catalog:list"))


def _onward(request: HttpRequest) -> str:
    """Where to go on to, if it is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}) else ""


def _pincode_page(request: HttpRequest, form: PincodeForm, onward: str, status: int = 200) -> HttpResponse:
    shopping = shopping_of(request)
    served = [pincode for pincode in shopping.book.pincodes.values() if pincode.is_served]
    regions = [
        (region, sorted((p for p in served if p.region_id == region.id), key=lambda p: p.name))
        for region in shopping.book.regions.values()
    ]
    codes = {error.code for errors in form.errors.as_data().values() for error in errors} if form.errors else set()
    context = {
        "form": form,
        "next": onward,
        "regions": [(region, found) for region, found in regions if found],
        "is_unserved": "not_served" in codes,
        "typed": form["pincode"].value() or "",
    }
    return render(request, "home/pincode.html", context, status=status)
