"""The page of the pretend bank: a person approves a payment, or refuses. Not ours: it knows no order, no account."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from payments.gateways import is_demo
from payments.gateways.demo import bank
from payments.models import DemoCharge


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def demo_bank(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask; on the press of a button answer for the person, and send them back."""
    charge = DemoCharge.objects.filter(secret=secret).first() if is_demo() and secret.isascii() else None
    if charge is None:
        raise Http404("no such charge")
    if request.method == "POST":
        bank.answer(secret, approve="approve" in request.POST)
        return HttpResponseRedirect(urlsplit(charge.return_url).path or "/")
    context = {"charge": charge, "is_over": charge.state != DemoCharge.State.CHALLENGED}
    context["back_url"] = urlsplit(charge.return_url).path or "/"
    return render(request, "payments/demo_bank.html", context)
