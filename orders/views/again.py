"""Ordering the same once more, from an order's page."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from cart.queries import repeat_offer
from cart.views.again import Card, card_of, press
from milkdelivery.core.queries import region_book
from orders.models import Order
from orders.queries import order_of

LONGEST_NUMBER = 8


def repeat_card(order: Order, user: User) -> Card | None:
    """None where nothing of the order can come now."""
    offer = repeat_offer(order, user, book=region_book())
    return card_of(offer, user, title=_("Order it again"), action=reverse("orders:again", args=[order.number]))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, number: str) -> HttpResponse:
    """The tap on "order it again". Another's order is as unknown as one that never was."""
    user = cast(User, request.user)
    order = order_of(user.pk, number) if len(number) <= LONGEST_NUMBER else None
    if order is None:
        raise Http404("no such order")
    back = reverse("orders:detail", args=[number]) + "#again"
    if request.method != "POST":  # somebody who had to sign in first
        return HttpResponseRedirect(back)
    book = region_book()
    return press(request, user, subject=number, look=lambda: repeat_offer(order, user, book=book), back=back)
