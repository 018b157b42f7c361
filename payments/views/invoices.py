"""Invoices and credit notes of one's own orders, as files."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from milkdelivery.core.errors import NotFound
from orders.models import Order
from orders.queries import order_of
from orders.views.claims import order_by_link
from payments.models import Invoice
from payments.printing import pdf_of
from payments.queries import NoInvoiceYet, credit_note_of, invoice_of

LONGEST_NUMBER = 8


@never_cache
@login_required
@require_safe
def invoice_file(request: HttpRequest, number: str) -> HttpResponse:
    """The invoice; back to the order with the reason where there is none yet."""
    order = _own_order(request, number)
    try:
        return pdf_response(invoice_of(order))
    except NoInvoiceYet as refusal:
        messages.info(request, str(refusal.message))
        return HttpResponseRedirect(reverse("orders:detail", args=[order.number]))


@never_cache
@login_required
@require_safe
def credit_note_file(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    try:
        return pdf_response(credit_note_of(_own_order(request, number), pk))
    except NotFound as missing:
        raise Http404("no such credit note") from missing


@never_cache
@require_safe
def invoice_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """For a guest by the link in a mail; back to its page where there is no invoice yet."""
    order = _linked_order(token)
    try:
        return pdf_response(invoice_of(order))
    except NoInvoiceYet as refusal:
        messages.info(request, str(refusal.message))
        return HttpResponseRedirect(reverse("orders:claims_by_link", args=[token]))


@never_cache
@require_safe
def credit_note_by_link(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    try:
        return pdf_response(credit_note_of(_linked_order(token), pk))
    except NotFound as missing:
        raise Http404("no such credit note") from missing


def pdf_response(invoice: Invoice) -> HttpResponse:
    """As a file that the browser shows; nobody but its reader keeps it."""
    response = HttpResponse(pdf_of(invoice), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{invoice.file_name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _linked_order(token: str) -> Order:
    """A link that is not ours, too old, or of an order that has an account by now opens nothing."""
    order = order_by_link(token)
    if order is None:
        raise Http404("no such order")
    return order


def _own_order(request: HttpRequest, number: str) -> Order:
    """Another's is as unknown as one that never was."""
    order = order_of(cast(User, request.user).pk, number) if len(number) <= LONGEST_NUMBER else None
    if order is None:
        raise Http404("no such order")
    return order
