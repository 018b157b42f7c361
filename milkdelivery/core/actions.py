"""Writes of the kernel."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from milkdelivery.core.models import Pincode
from milkdelivery.core.queries import forget_region_book


def mark_served(pincode_ids: QuerySet[Any, Any]) -> None:
    """Mark exactly these pincodes as served. Two statements, however many there are."""
    with transaction.atomic():
        Pincode.objects.filter(is_served=False, pk__in=pincode_ids).update(is_served=True)
        Pincode.objects.filter(is_served=True).exclude(pk__in=pincode_ids).update(is_served=False)
        transaction.on_commit(forget_region_book)
