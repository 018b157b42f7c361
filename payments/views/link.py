"""The link in a message: to where the order is paid, or to what became of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from milkdelivery.core import clock
from milkdelivery.shopping import shopping_of
from orders.models import Order
from payments.links import keep_link, payable_order
from payments.queries import paying

GONE = 410


@never_cache
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Let this browser pay the order; where there is nothing to pay, tell how it stands."""
    order = payable_order(token)
    if order is None:
        return render(request, "payments/link.html", {"order": None}, status=GONE)
    user = shopping_of(request).user
    is_theirs = user is not None and user.pk == order.customer_id
    state = paying(order)
    if state.is_open:
        if not is_theirs:
            keep_link(request.session, order, token)
        return HttpResponseRedirect(reverse("payments:pay", args=[order.number]))
    if is_theirs:
        return HttpResponseRedirect(reverse("orders:detail", args=[order.number]))
    context = {
        "order": order,
        "is_coming": order.status not in (Order.Status.CREATED, Order.Status.ON_HOLD, Order.Status.CANCELLED),
        "is_paid": order.payment_status == Order.PaymentStatus.PAID,
        "today": clock.today(order.region),
    }
    with timezone.override(order.region.time_zone):
        return render(request, "payments/link.html", context)
