"""Households that want to hear when we come to their pincode."""

from collections.abc import Sequence

from django.db import transaction

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.outside import ensure_in_transaction
from vendors.events import WaitlistJoined, WaitlistLeft, WaitlistTold
from vendors.models import Waiting


def join_waitlist(pincode: str, contact: str, *, language: str, by: Actor) -> None:
    """Note that somebody waits for us to come to a pincode. Says nothing about who was known already.

    Safe to repeat: whoever waits already waits once. One who was told and asks anew waits anew. Emits WaitlistJoined.
    """
    with transaction.atomic():
        now = clock.now()
        waiting, is_new = Waiting.objects.get_or_create(
            pincode=pincode, contact=contact, defaults={"language": language, "joined_at": now}
        )
        if not is_new:
            if waiting.told_at is None:
                return
            waiting.told_at, waiting.joined_at, waiting.language = None, now, language
            waiting.save(update_fields=["told_at", "joined_at", "language"])
        emit(WaitlistJoined(waiting.pk, pincode), actor=by)


def leave_waitlist(waiting_id: int, *, by: Actor) -> None:
    """Forget that somebody waits. Safe to repeat. Emits WaitlistLeft."""
    with transaction.atomic():
        waiting = Waiting.objects.filter(pk=waiting_id).first()
        if waiting is None:
            return
        waiting.delete()
        emit(WaitlistLeft(waiting_id, waiting.pincode), actor=by)


def take_waiting(pincode: str, *, limit: int, by: Actor) -> Sequence[Waiting]:
    """Up to `limit` of those who wait for a pincode, marked as told: the caller tells them in the same transaction.

    Each is handed out once. Locks their rows. Emits WaitlistTold.
    """
    ensure_in_transaction("take_waiting()")
    found = Waiting.objects.next_locked(pincode, limit)
    if found:
        Waiting.objects.filter(pk__in=[waiting.pk for waiting in found]).update(told_at=clock.now())
        emit(WaitlistTold(pincode, len(found)), actor=by)
    return found
