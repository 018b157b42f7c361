"""What the log of stock forgets with a household."""

from collections.abc import Collection

from django.db.models import Q

from inventory.models import StockMovement
from milkdelivery.core.outside import ensure_in_transaction


def forget_reasons(references: Collection[str]) -> None:
    """Take out what people wrote as the reason why stock of these orders came back; the counts stay. Part of the
    transaction that erases their household, and told by its event."""
    ensure_in_transaction("forget_reasons()")
    by_people = Q(actor__startswith="user:") | Q(actor="guest")
    StockMovement.objects.filter(by_people, reference__in=references).exclude(reason="").update(reason="")
