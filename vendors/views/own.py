"""Who the portal is for: people who work for a dairy, in its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from milkdelivery.core.access import role_required
from milkdelivery.core.actors import Role
from milkdelivery.core.errors import DomainError
from milkdelivery.core.idempotency import Landed, answer_once, fresh_form_key
from vendors.models import Vendor
from vendors.queries import vendor_of

View = Callable[..., HttpResponse]
UNPROCESSABLE = 422


def for_own_dairy(view: View) -> Callable[..., Any]:
    """Call the view with the dairy that the person works for, telling times as they are there."""

    @never_cache
    @role_required(Role.VENDOR)
    @wraps(view)
    def with_vendor(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        vendor = vendor_of(request.user.pk or 0)
        if vendor is None:
            return render(request, "vendors/no_vendor.html")
        with timezone.override(ZoneInfo(vendor.region.time_zone)):
            return view(request, vendor, **kwargs)

    return with_vendor


def ask(
    request: HttpRequest,
    vendor: Vendor,
    form: forms.Form,
    perform: Callable[[dict[str, Any]], str],
    *,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show the form, or do what it says once and go `back`; a refusal stands at its field, with all that was typed."""

    def show(status: int) -> HttpResponse:
        shown = {"vendor": vendor, "form": form, "form_key": fresh_form_key(), **context}
        return render(request, template, shown, status=status)

    def refuse(refusal: DomainError) -> HttpResponse:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return show(refusal.status)

    def answer() -> HttpResponse:
        if not form.is_valid():
            return show(UNPROCESSABLE)
        try:
            return Landed(request, context["back"], perform(form.cleaned_data))
        except DomainError as refusal:
            return refuse(refusal)

    if request.method != "POST":
        return show(200)
    try:
        return answer_once(request, answer)
    except DomainError as refusal:
        form.full_clean()
        return refuse(refusal)
