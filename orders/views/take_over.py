"""The link in a guest's order mail: take what was ordered there into one's own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.rules import is_proven
from cart.actions import take_over as hand_over
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from orders.models import Order
from orders.tokens import read_take_over

GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
def take_over(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link gives; on the press of the button, give it to a person who has proven a contact."""
    given = read_take_over(token)
    order = (
        Order.objects.select_related("region", "slot", "customer").filter(pk=given.order_id).first() if given else None
    )
    if given is None or order is None or order.customer.erased_at is not None:
        return render(request, "orders/take_over_gone.html", status=GONE)
    user = shopping_of(request).user
    if user is not None and order.customer_id == user.pk and is_proven(user):
        return HttpResponseRedirect(reverse("orders:detail", args=[order.number]))
    if order.customer_id != given.customer_id:
        return render(request, "orders/take_over_gone.html", {"is_taken": True}, status=GONE)
    if request.method != "POST":
        context = {"order": order, "is_proven": user is not None and is_proven(user), "person": user}
        return render(request, "orders/take_over.html", context)
    if user is None or not is_proven(user):
        return _sign_in_first(request, user)
    return _take_over(request, given.customer_id, user, order)


def _sign_in_first(request: HttpRequest, user: User | None) -> HttpResponse:
    """Somebody signed in as a person without proof has to come back as themselves."""
    if user is not None:
        logout(request)
    return redirect_to_login(request.path)


def _take_over(request: HttpRequest, guest_id: int, user: User, order: Order) -> HttpResponse:
    try:
        hand_over(guest_id, to_user_id=user.pk, by=actor_of(request))
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
        return HttpResponseRedirect(reverse("orders:take_over", args=[request.resolver_match.kwargs["token"]]))  # type: ignore[union-attr]
    messages.success(request, _("The order is yours now."))
    return HttpResponseRedirect(reverse("orders:detail", args=[order.number]))
