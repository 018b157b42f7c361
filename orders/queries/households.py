"""Finding the household of somebody on the telephone. For staff only: it tells who is known."""

import re

from django.db.models import Prefetch, Q

from accounts.models import Address, User
from orders.models import Order

MOST_FOUND = 8
_NUMBER = re.compile(r"M[0-9A-Z]{3,7}", re.IGNORECASE)
_DIGITS = re.compile(r"[\d\s+()-]{4,}")


def find_households(typed: str) -> list[User]:
    """People by phone, order number, name or e-mail address, those who were here last first, with their addresses.

    Two queries, one more for what looks like an order's number; none where nothing was typed.
    """
    term = " ".join(typed.replace("\0", "").split())[:120]
    if not term:
        return []
    if _NUMBER.fullmatch(term):
        owners = Order.objects.filter(number__startswith=term.upper()).values_list("customer_id", flat=True)
        if ids := list(owners[:MOST_FOUND]):
            return _found(Q(pk__in=ids))
    if _DIGITS.fullmatch(term):
        digits = "".join(filter(str.isdigit, term)).lstrip("0")
        return _found(Q(phone__contains=digits) | Q(contact_phone__contains=digits)) if digits else []
    wanted = Q()
    for word in term.split():
        wanted &= Q(name__icontains=word) | Q(email__icontains=word) | Q(contact_email__icontains=word)
    return _found(wanted)


def households_at(*, email: str = "", phone: str = "") -> list[User]:
    """Who has proven or typed this very contact. Two queries, none without one."""
    if email:
        return _found(Q(email=email) | Q(contact_email=email))
    return _found(Q(phone=phone) | Q(contact_phone=phone)) if phone else []


def last_orders_of(customer_id: int, *, most: int = 3) -> list[Order]:
    """A household's last orders. One query."""
    return list(Order.objects.of(customer_id).select_related("slot").order_by("-id")[:most])


def _found(wanted: Q) -> list[User]:
    doors = Prefetch("addresses", Address.objects.filter(is_deleted=False).order_by("-is_default", "pk"))
    people = User.objects.filter(wanted, is_active=True).prefetch_related(doors)
    return list(people.order_by("-last_active_at", "-pk")[:MOST_FOUND])
