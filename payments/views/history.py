"""What a household paid and got back, and the ways to pay that it keeps."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from payments.actions import remove_method
from payments.gateways.base import GatewayUnavailable
from payments.models import SavedMethod
from payments.queries import documents_of, movements_of, payments_of
from payments.views.statement import payments_file
from payments.words import failure_words

PER_PAGE = 20


@never_cache
@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Newest first; what is older is a page further."""
    user_id = cast(User, request.user).pk
    before = request.GET.get("before", "")
    payments = payments_of(user_id)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        payments = payments.filter(pk__lt=int(before))
    rows = list(payments[: PER_PAGE + 1])
    shown = rows[:PER_PAGE]
    papers = documents_of([payment.order_id for payment in shown if payment.order_id and payment.is_captured])
    context: dict[str, Any] = {
        "payments": [
            (
                payment,
                failure_words(payment),
                movements_of(payment.refunds.all()),
                papers.get(payment.order_id or 0, []) if payment.is_captured and not payment.is_surplus else [],
            )
            for payment in shown
        ],
        "older": shown[-1].pk if len(rows) > PER_PAGE else None,
        "is_first": not before,
        "saved": list(SavedMethod.objects.of(user_id)) if not before else [],
        "section": "payments",
        "shopping": shopping_of(request),
    }
    with timezone.override(context["shopping"].region.time_zone):
        return render(request, "payments/history.html", context)


@never_cache
@login_required
@require_safe
def history_file(request: HttpRequest) -> HttpResponse:
    """All of it as a CSV file."""
    payments = list(payments_of(cast(User, request.user).pk))
    papers = documents_of([payment.order_id for payment in payments if payment.order_id and payment.is_captured])
    with timezone.override(shopping_of(request).region.time_zone):
        return payments_file(payments, papers)


@login_required
@require_POST
def remove_saved(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a way to pay no longer."""
    try:
        remove_method(pk, user_id=cast(User, request.user).pk, by=actor_of(request))
    except NotFound as missing:
        raise Http404("no such way to pay") from missing
    except GatewayUnavailable:
        messages.warning(request, _("It is removed here. The bank could not be told; try again later if it matters."))
    else:
        messages.success(request, _("It is removed."))
    return HttpResponseRedirect(reverse("payments:history"))
