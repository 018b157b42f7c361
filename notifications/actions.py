"""Every write of the notification log: what is to be sent, who sends it now, and what became of it."""

import re
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.eventlog import DomainEvent, emit
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.outside import ensure_in_transaction
from notifications.events import NotificationFailed, NotificationSent, NotificationSkipped
from notifications.models import Notification
from notifications.rules import LEASE, Kind, back_off
from vendors.actions import take_waiting
from vendors.models import Waiting

_SELF = Actor.system("notifications")
Status = Notification.Status

SUBJECT_LENGTH = 200
ERROR_LENGTH = 255
DIGIT = re.compile(r"\d")
SEND_TASK = "notifications.tasks.send_queued"


def queue(notifications: Iterable[Notification], *, after: timedelta = timedelta(0)) -> None:
    """Have these sent soon after the open transaction commits, or so much later. Part of the handling of the event that
    they tell of.

    One whose de-duplication key is known already is left out, so that a repeated event tells nobody twice.
    """
    ensure_in_transaction("queue()")
    rows = list(notifications)
    for row in rows:
        row.created_at, row.next_attempt_at = clock.now(), clock.real_now() + after
    if rows:
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
        enqueue(SEND_TASK)


def log_outgoing(*, channel: str, to: str, text: str, subject: str = "", html: str = "") -> Notification:
    """Note a message that somebody else wrote, such as a sign-in code. The caller holds it and sends it at once.

    Its text, and the digits of its subject, are erased as soon as it is settled.
    """
    return Notification.objects.create(
        kind=Kind.SIGN_IN,
        channel=channel,
        address=to,
        subject=subject[:SUBJECT_LENGTH],
        body=text,
        body_html=html,
        dedupe_key=f"{Kind.SIGN_IN}:{uuid.uuid4()}",
        attempts=1,
        next_attempt_at=clock.real_now() + LEASE,
        created_at=clock.now(),
    )


def tell_waiting(pincode: str, *, limit: int = 500) -> int:
    """Have up to `limit` of those who wait for a pincode told that we come; how many. Each is told once.

    Emits WaitlistTold.
    """
    with transaction.atomic():
        waiting = take_waiting(pincode, limit=limit, by=_SELF)
        queue(waitlist_note(Kind.AREA_OPENED, each) for each in waiting)
    return len(waiting)


def waitlist_note(kind: Kind, waiting: Waiting, *, event_id: int | None = None) -> Notification:
    """A message to somebody who waits for us. Not saved yet."""
    return Notification(
        role=Role.GUEST,
        kind=kind,
        channel=Notification.Channel.EMAIL if "@" in waiting.contact else Notification.Channel.SMS,
        language=waiting.language,
        address=waiting.contact,
        data={"waiting_id": waiting.pk, "pincode": waiting.pincode},
        dedupe_key=f"{kind}:{waiting.pk}:{int(waiting.joined_at.timestamp())}",
        event_id=event_id,
    )


def claim_next() -> Notification | None:
    """Take the message that has been due longest, for `LEASE`. Two senders never hold the same one.

    The attempt counts from here, so that a message which kills its sender is given up at last.
    """
    with transaction.atomic():
        notification = Notification.objects.next_locked(clock.real_now())
        if notification is not None:
            notification.attempts += 1
            notification.next_attempt_at = clock.real_now() + LEASE
            notification.save(update_fields=["attempts", "next_attempt_at"])
    return notification


def record_sent(held: Notification, *, subject: str, text: str, provider_id: str) -> bool:
    """It went out. False where the sender's hold had run out and another one settled it. Emits NotificationSent."""
    changes = {"subject": subject[:SUBJECT_LENGTH], "body": text, "provider_id": provider_id, "last_error": ""}
    event = NotificationSent(held.pk, held.kind, held.channel)
    return _settle(held, Status.SENT, event, sent_at=clock.now(), **changes)


def record_skipped(held: Notification, *, reason: str) -> bool:
    """What it would have said is no longer so. Emits NotificationSkipped."""
    event = NotificationSkipped(held.pk, held.kind, held.channel)
    return _settle(held, Status.SKIPPED, event, last_error=reason[:ERROR_LENGTH])


def record_failed(held: Notification, *, error: str, is_final: bool) -> bool:
    """It did not go out: try again later, or give it up after a final word or too many tries.

    Emits NotificationFailed when it is given up.
    """
    wait = None if is_final else back_off(held.attempts)
    if wait is None:
        event = NotificationFailed(held.pk, held.kind, held.channel)
        return _settle(held, Status.FAILED, event, last_error=error[:ERROR_LENGTH])
    still_held = Notification.objects.filter(pk=held.pk, status=Status.QUEUED, attempts=held.attempts)
    return bool(still_held.update(next_attempt_at=clock.real_now() + wait, last_error=error[:ERROR_LENGTH]))


def _settle(held: Notification, to_status: str, event: DomainEvent, **changes: object) -> bool:
    """The end of a message, written by whoever holds it: its count of attempts is the token of the hold."""
    if held.kind == Kind.SIGN_IN:
        changes |= {"subject": DIGIT.sub("•", held.subject), "body": "", "body_html": ""}
    with transaction.atomic():
        row = Notification.objects.locked(held.pk)
        if row.status != Status.QUEUED or row.attempts != held.attempts:
            return False
        row.status, row.next_attempt_at = to_status, None
        for field, value in changes.items():
            setattr(row, field, value)
        row.save()
        emit(event, actor=_SELF)
    return True
