"""What dairies' records forget with a person."""

from milkdelivery.core.erasing import Leaving
from milkdelivery.core.outside import ensure_in_transaction
from vendors.models import Waiting


def forget_waiting(leaving: Leaving) -> None:
    """They wait nowhere any more. Part of the transaction that erases them, and told by its event."""
    ensure_in_transaction("forget_waiting()")
    Waiting.objects.filter(contact__in=leaving.own_contacts).delete()
