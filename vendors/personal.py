"""Whom a person works for, and where they wait for us to come."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.queries import proven_contacts_of
from milkdelivery.core.erasing import Leaving, Obstacle, erases, obstructs
from milkdelivery.core.personal import record, tells
from vendors.actions.erasing import forget_waiting
from vendors.models import VendorMember, Waiting


@tells("waiting_list", Waiting)
def waiting_list(user_id: int) -> list[dict[str, Any]]:
    """Under contacts that they have proven: who only typed one may not read what others did with it. Two queries."""
    waiting = Waiting.objects.filter(contact__in=proven_contacts_of(user_id))
    return [record(each, "pincode", "contact", "language", "joined_at", "told_at") for each in waiting.order_by("pk")]


@tells("works_for", VendorMember)
def works_for(user_id: int) -> list[str]:
    return [str(member.vendor) for member in VendorMember.objects.filter(user_id=user_id).select_related("vendor")]


@obstructs
def works_for_a_dairy(user_id: int) -> list[Obstacle]:
    if not VendorMember.objects.filter(user_id=user_id).exists():
        return []
    return [Obstacle("works_for_dairy", _("This account works for a dairy. Staff have to take it off there first."))]


@erases
def erase(leaving: Leaving) -> None:
    forget_waiting(leaving)
