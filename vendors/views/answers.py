"""What a dairy answers: it brings it, it does not, or not all of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from orders import actions
from orders.models import OrderLine
from orders.queries import OPEN, given_back_by, line_for_vendor, lines_for_vendor
from vendors.forms import GiveBackForm, GiveBackLineForm
from vendors.models import Vendor
from vendors.views.own import ask, for_own_dairy
from vendors.views.portal import day_of

LONGEST = 18
"""Digits of an id at most."""


@require_POST
@for_own_dairy
def accept(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Lines (`line`, many), or a whole `day`. One that is not the dairy's is not found, and nothing is accepted."""
    day = day_of(request.POST.get("day", ""))
    lines = _ids(request)
    by = actor_of(request)

    def perform() -> str:
        count = actions.accept_lines(vendor.pk, lines, by=by) if lines else 0
        if not lines and day is not None:
            count = actions.accept_day(vendor.pk, on=day, by=by)
        return ngettext("Accepted.", "%(count)d lines are accepted.", count) % {"count": count} if count else ""

    return _done(request, perform)


@require_POST
@for_own_dairy
def undo(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """A wrong tap: these lines (`line`, many) wait for an answer again."""

    def perform() -> str:
        actions.undo_acceptance(vendor.pk, _ids(request), by=actor_of(request))
        return _("Taken back. It waits for your answer.")

    return _done(request, perform)


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def reject_line(request: HttpRequest, vendor: Vendor, line_id: int) -> HttpResponse:
    """Some of a line can't be brought, or nothing of it. Told twice, it is done once and said twice."""
    given_back = _("Given back. Somebody else is asked to bring it.")
    line = line_for_vendor(vendor.pk, line_id)
    if line is None:
        return _said_before(request, vendor, given_back, line=line_id)
    sent = request.POST if request.method == "POST" else None
    # A count that was typed is one of the pieces there were then: the first of two taps may have left only one.
    counts = line.quantity > 1 or (sent is not None and "available" in sent)
    form = GiveBackLineForm(sent, line=line) if counts else GiveBackForm(sent)

    def perform(answer: dict[str, Any]) -> str:
        available = answer.get("available", 0)
        by, note = actor_of(request), answer["note"]
        if available:
            actions.report_short(vendor.pk, line.pk, available=available, note=note, by=by)
            return _("You bring %(count)d. Others are asked for the rest.") % {"count": available}
        actions.reject_lines(vendor.pk, [line.pk], reason=answer["reason"], note=note, by=by)
        return given_back

    return _ask(request, vendor, [line], form, perform, title=f"{line.quantity} × {line.local_name} {line.local_pack}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def reject_order(request: HttpRequest, vendor: Vendor, number: str) -> HttpResponse:
    """Nothing of an order can be brought."""
    given_back = _("Order %(number)s is given back. Somebody else is asked to bring it.") % {"number": number}
    lines = list(lines_for_vendor(vendor.pk).filter(order__number=number, status__in=OPEN))
    if not lines:
        return _said_before(request, vendor, given_back, order__number=number)
    form = GiveBackForm(request.POST if request.method == "POST" else None)

    def perform(answer: dict[str, Any]) -> str:
        ids = [line.pk for line in lines]
        actions.reject_lines(vendor.pk, ids, reason=answer["reason"], note=answer["note"], by=actor_of(request))
        return given_back

    title = _("Order %(number)s") % {"number": number}
    return _ask(request, vendor, lines, form, perform, title=title)


@require_http_methods(["GET", "HEAD", "POST"])
@for_own_dairy
def reject_day(request: HttpRequest, vendor: Vendor, day: str) -> HttpResponse:
    """Nothing of a whole day can be brought: closed, no milk."""
    given_away = _("We give the day to others now, order by order. This takes a moment.")
    on = day_of(day)
    if on is None or on < clock.today(vendor.region):
        raise Http404
    lines = list(lines_for_vendor(vendor.pk).filter(order__delivery_date=on, status__in=OPEN))
    if not lines:
        return _said_before(request, vendor, given_away, order__delivery_date=on)
    form = GiveBackForm(request.POST if request.method == "POST" else None)
    form.fields.pop("note")

    def perform(answer: dict[str, Any]) -> str:
        actions.reject_day(vendor.pk, on=on, reason=answer["reason"], by=actor_of(request))
        return given_away

    return _ask(request, vendor, lines, form, perform, title=_("The whole day"))


def _said_before(request: HttpRequest, vendor: Vendor, said: str, **which: Any) -> HttpResponse:
    """A second tap, or another tab: what is asked about was given back already, so say that and lead to its day.

    Raises Http404 for what the dairy never gave back.
    """
    answer = given_back_by(vendor.pk).filter(**which).first()
    if answer is None:
        raise Http404
    messages.success(request, said)
    return HttpResponseRedirect(_back(answer.order.delivery_date.isoformat()))


def _ids(request: HttpRequest) -> Collection[int]:
    """The lines that a form names. Raises Http404 for what can't be one."""
    named = request.POST.getlist("line")
    if not all(text.isascii() and text.isdigit() and len(text) <= LONGEST for text in named):
        raise Http404
    return [int(text) for text in named]


def _done(request: HttpRequest, perform: Callable[[], str]) -> HttpResponse:
    """Do it, say so, and go back to the day; a refusal is said there too. Raises NotFound's 404."""
    try:
        said = perform()
    except DomainError as refusal:
        if refusal.status == 404:
            raise Http404 from refusal
        messages.error(request, str(refusal))
    else:
        if said:
            messages.success(request, said)
    return HttpResponseRedirect(_back(request.POST.get("day", ""), request.POST.get("at", "")))


def _ask(
    request: HttpRequest,
    vendor: Vendor,
    lines: list[OrderLine],
    form: forms.Form,
    perform: Callable[[dict[str, Any]], str],
    *,
    title: str,
) -> HttpResponse:
    """Show what is to be given back and why, or do it."""
    back = _back(lines[0].order.delivery_date.isoformat())
    context = {"section": "portal", "lines": lines, "title": title, "back": back}
    return ask(request, vendor, form, perform, template="vendors/give_back.html", context=context)


def _back(day: str, at: str = "") -> str:
    """The page of the day; `at` is the order that the eye was on."""
    page = reverse("vendors:portal")
    if day_of(day):
        page += f"?day={day}"
    return f"{page}#order-{at}" if at.isalnum() and at.isascii() else page
