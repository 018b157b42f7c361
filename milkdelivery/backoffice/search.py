"""The search box of the back office: an order by its number, a person by phone, e-mail address or name."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from accounts.models import User
from orders.models import Order

MOST = 8
SHORTEST = 2


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """At most `MOST` orders and people; nothing for a single letter."""
    term = term.strip().replace("\0", "")
    if len(term) < SHORTEST:
        return []
    results: list[SearchResult] = []
    if request.user.has_perm("orders.view_order"):
        results += [_order(order) for order in orders_like(term)]
    if request.user.has_perm("accounts.view_user"):
        results += [_person(user) for user in people_like(term)]
    return results


def orders_like(term: str) -> list[Order]:
    """The newest orders whose number starts so."""
    orders = Order.objects.filter(number__startswith=term.upper()).select_related("customer")
    return list(orders.order_by("-id")[:MOST])


def people_like(term: str) -> list[User]:
    digits = "".join(filter(str.isdigit, term))
    wanted = Q(name__icontains=term) | Q(email__icontains=term) | Q(contact_email__icontains=term)
    if len(digits) >= SHORTEST:
        wanted |= Q(phone__contains=digits) | Q(contact_phone__contains=digits)
    return list(User.objects.filter(wanted).order_by("-id")[:MOST])


def _order(order: Order) -> SearchResult:
    return SearchResult(
        title=order.number,
        description=f"{_('Order')} · {order.customer} · {order.get_status_display()}",
        link=reverse("admin:orders_order_change", args=(order.pk,)),
        icon="receipt_long",
    )


def _person(user: User) -> SearchResult:
    return SearchResult(
        title=str(user),
        description=f"{_('Person')} · {user.contact}",
        link=reverse("admin:accounts_user_change", args=(user.pk,)),
        icon="person",
    )
