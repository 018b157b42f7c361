"""Every write of the notification log: what is to be sent, who sends it now, and what became of it."""

import re
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actions import note_unread, save_preferences
from accounts.models import User
from accounts.queries import preferences_of
from accounts.rules.messages import Channel, Group, channels_for
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.erasing import Leaving
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import DomainEvent, emit
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.outside import ensure_in_transaction
from notifications.events import (
    NotificationFailed,
    NotificationRetried,
    NotificationSent,
    NotificationSkipped,
    NotificationsRead,
    PromotionAnnounced,
    PushEnded,
    PushSubscribed,
)
from notifications.models import Notification, PushSubscription
from notifications.offers import ensure_tellable, offer_row, readers_of
from notifications.queries import languages_of
from notifications.rules import LEASE, MOST_SUBSCRIPTIONS, TO_STAFF, Kind, back_off
from notifications.sent_again import ensure_retriable
from notifications.spreading import spread
from orders.models import Claim, Order
from payments.models import Payment, Refund
from vendors.actions import take_waiting
from vendors.models import Waiting

_SELF = Actor.system("notifications")
Status = Notification.Status

SUBJECT_LENGTH = 200
ERROR_LENGTH = 255
LINK_LENGTH = 255
NOTHING_LEFT = dict.fromkeys(("address", "subject", "body", "body_html", "link", "last_error", "provider_id"), "")
"""Of a message to somebody who was erased: that there was one, of its kind, and when."""
DIGIT = re.compile(r"\d")
SEND_TASK = "notifications.tasks.send_queued"
TELL_PROMOTION_TASK = "notifications.tasks.tell_promotion"


def queue(notifications: Iterable[Notification], *, after: timedelta = timedelta(0)) -> None:
    """Have these sent soon after the open transaction commits, or so much later, wherever their readers want to be
    told. Part of the handling of the event that they tell of.

    One whose de-duplication key is known already is left out, so that a repeated event tells nobody twice.
    """
    ensure_in_transaction("queue()")
    rows = spread(notifications)
    for row in rows:
        row.created_at, row.next_attempt_at = clock.now(), clock.real_now() + after
    if rows:
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
    for channel in sorted({row.channel for row in rows}):
        enqueue(SEND_TASK, channel)


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


def announce_promotion(promotion_id: int, *, code_id: int | None, by: Actor) -> None:
    """Have every household told of an offer that agreed to hear of such and can use it: once of each promotion, however
    often this is called; whoever agreed since is told then. `code_id` is the code to name, None where it applies by
    itself.

    A worker makes the messages. Raises NotTellable. Emits PromotionAnnounced.
    """
    with transaction.atomic():
        ensure_tellable(promotion_id, code_id)
        emit(PromotionAnnounced(promotion_id, code_id), actor=by)
        enqueue(TELL_PROMOTION_TASK, promotion_id, code_id, 0)


def tell_of_promotion(promotion_id: int, code_id: int | None, *, after: int, limit: int = 500) -> int:
    """Queue the message to up to `limit` households whose id is above `after`; the last of them, 0 where none is left.

    Safe to repeat: who was told is left out.
    """
    with transaction.atomic():
        people = list(readers_of(promotion_id).filter(pk__gt=after).order_by("pk")[:limit])
        languages = languages_of([person.pk for person in people])
        queue(offer_row(promotion_id, code_id, person, languages.get(person.pk, "en")) for person in people)
    return people[-1].pk if people else 0


def retry(notification_id: int, *, by: Actor) -> Notification:
    """Try a message once more that was given up: from now, and as often as it has tries left, once at least.

    What it says is read from the books when it goes out; what is no longer so is skipped. Raises NotRetriable. Emits
    NotificationRetried.
    """
    with transaction.atomic():
        row = Notification.objects.locked(notification_id)
        ensure_retriable(row)
        row.status, row.next_attempt_at, row.last_error = Status.QUEUED, clock.real_now(), ""
        row.save(update_fields=["status", "next_attempt_at", "last_error"])
        emit(NotificationRetried(row.pk, row.kind, row.channel), actor=by)
        enqueue(SEND_TASK, row.channel)
    return row


def claim_next(channel: str = "", *, in_haste: bool = False) -> Notification | None:
    """Take the message that has been due longest, of all or in one lane, for `LEASE`. Two senders never hold the same.

    The attempt counts from here, so that a message which kills its sender is given up at last.
    """
    with transaction.atomic():
        waiting = Notification.objects.all()
        if channel:
            waiting = waiting.on(channel, in_haste=in_haste)
        notification = waiting.next_locked(clock.real_now())
        if notification is not None:
            notification.attempts += 1
            notification.next_attempt_at = clock.real_now() + LEASE
            notification.save(update_fields=["attempts", "next_attempt_at"])
    return notification


def record_sent(held: Notification, *, subject: str, text: str, provider_id: str, link: str = "") -> bool:
    """It went out. False where the sender's hold had run out and another one settled it. Emits NotificationSent."""
    changes = {"subject": subject[:SUBJECT_LENGTH], "body": text, "provider_id": provider_id, "last_error": ""}
    changes["link"] = link if len(link) <= LINK_LENGTH else ""
    event = NotificationSent(held.pk, held.kind, held.channel)
    return _settle(held, Status.SENT, event, sent_at=clock.now(), **changes)


def record_skipped(held: Notification, *, reason: str) -> bool:
    """What it would have said is no longer so. Emits NotificationSkipped."""
    event = NotificationSkipped(held.pk, held.kind, held.channel)
    return _settle(held, Status.SKIPPED, event, last_error=reason[:ERROR_LENGTH])


def put_off(held: Notification, wait: timedelta) -> bool:
    """Its reader sleeps: it waits so long, and that is no attempt. False where the hold had run out."""
    still_held = Notification.objects.filter(pk=held.pk, status=Status.QUEUED, attempts=held.attempts)
    return bool(still_held.update(next_attempt_at=clock.real_now() + wait, attempts=F("attempts") - 1))


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
    elif held.kind == Kind.ACCOUNT_CLOSED:
        changes |= NOTHING_LEFT
    is_in_bell = to_status == Status.SENT and held.channel == Notification.Channel.IN_APP
    with transaction.atomic():
        if is_in_bell and held.recipient_id:
            User.objects.held_to_count(held.recipient_id)
        row = Notification.objects.locked(held.pk)
        if row.status != Status.QUEUED or row.attempts != held.attempts:
            return False
        row.status, row.next_attempt_at = to_status, None
        for field, value in changes.items():
            setattr(row, field, value)
        row.save()
        if is_in_bell and held.recipient_id:
            _count_unread(held.recipient_id)
        emit(event, actor=_SELF)
    return True


# -- forgetting ------------------------------------------------------------------------------------------------------


def forget_messages(leaving: Leaving) -> None:
    """Empty what a person was told, send nothing that still waits, and push nowhere any more. Part of the transaction
    that erases them, and told by its event. Codes that were sent to a contact go by the contact: they were theirs."""
    ensure_in_transaction("forget_messages()")
    sign_ins = Q(recipient=None, kind=Kind.SIGN_IN, address__in=leaving.contacts)
    to_nobody = Q(recipient=None, address__in=leaving.own_contacts)
    rows = Notification.objects.filter(Q(recipient_id=leaving.user_id) | sign_ins | to_nobody)
    kept = list(rows.values_list("pk", flat=True))
    rows = Notification.objects.filter(pk__in=kept)
    rows.filter(status__in=[Status.QUEUED, Status.FAILED]).update(status=Status.SKIPPED, next_attempt_at=None)
    rows.update(**NOTHING_LEFT, data={})
    PushSubscription.objects.filter(user_id=leaving.user_id).delete()
    _forget_what_colleagues_read(leaving.user_id)


def _forget_what_colleagues_read(user_id: int) -> None:
    """Letters to staff about the person's orders and money, which may name them. That they were sent stays."""
    records = {
        "order_id": Order.objects.of(user_id).values_list("pk", flat=True),
        "claim_id": Claim.objects.of_person(user_id).values_list("pk", flat=True),
        "payment_id": Payment.objects.filter(user_id=user_id).values_list("pk", flat=True),
        "refund_id": Refund.objects.filter(payment__user_id=user_id).values_list("pk", flat=True),
    }
    about = Q()
    for name, keys in records.items():
        about |= Q(**{f"data__{name}__in": list(keys)})
    Notification.objects.filter(about, kind__in=TO_STAFF).update(subject="", body="", body_html="", last_error="")


def say_goodbye(user_id: int, *, subject: str, text: str) -> None:
    """Have the last word sent to a person whose records are emptied in the same transaction. It goes by mail, or as a
    text message; address and words are erased once it is settled."""
    ensure_in_transaction("say_goodbye()")
    person = User.objects.get(pk=user_id)
    channel = Notification.Channel.EMAIL if person.mail_address else Notification.Channel.SMS
    Notification.objects.create(
        role=Role.CUSTOMER,
        kind=Kind.ACCOUNT_CLOSED,
        channel=channel,
        address=person.mail_address or person.phone_number,
        subject=subject[:SUBJECT_LENGTH],
        body=text,
        dedupe_key=f"{Kind.ACCOUNT_CLOSED}:{user_id}",
        created_at=clock.now(),
        next_attempt_at=clock.real_now(),
    )
    enqueue(SEND_TASK, channel)


# -- the bell --------------------------------------------------------------------------------------------------------


def mark_read(user_id: int, *, only: int | None = None, by: Actor) -> int:
    """Note what a person read in their bell: one of theirs, or all; how many were unread. Safe to repeat.

    Locks the person, then what they read. Emits NotificationsRead. Raises NotFound for what is not in their bell.
    """
    with transaction.atomic():
        User.objects.held_to_count(user_id)
        shown = Notification.objects.in_bell(user_id)
        if only is not None:
            shown = shown.filter(pk=only)
            if not shown.exists():
                raise NotFound(_("There is no such message."))
        count = shown.unread().update(read_at=clock.now())
        if count:
            emit(NotificationsRead(user_id, count), actor=by)
        _count_unread(user_id)
    return count


def stop_mails(user_id: int, group: Group, *, by: Actor) -> None:
    """No more mails of the group to the person, as a link in one of them asks: whoever reads the mailbox may. The other
    channels stay as they were. Safe to repeat. Emits UserUpdated. Raises NotFound where the person is gone.
    """
    person = User.objects.filter(pk=user_id).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    if group == Group.NEWS:
        save_preferences(user_id, newsletter=False, by=by)
        return
    chosen = preferences_of(person).channels
    left = channels_for(group, chosen) - {Channel.EMAIL, Channel.IN_APP}
    save_preferences(user_id, channels={**chosen, group.value: sorted(left)}, by=by)


# -- pushes ----------------------------------------------------------------------------------------------------------


def subscribe_push(
    user_id: int, *, endpoint: str, p256dh: str, auth: str, device_id: int | None, by: Actor
) -> PushSubscription:
    """Push to this browser or app from now on. Sent again it takes the new keys; the oldest goes where there are
    `MOST_SUBSCRIPTIONS`. What another person had at the same endpoint ends: it is one browser, and now it is theirs.

    Locks the person's subscriptions. Emits PushSubscribed where it is new, and PushEnded for what it replaces.
    """
    with transaction.atomic():
        User.objects.held_to_count(user_id)
        own = PushSubscription.objects.locked_of(user_id)
        found = next((each for each in own if each.endpoint == endpoint), None)
        if found is not None:
            found.p256dh, found.auth, found.device_id = p256dh, auth, device_id
            found.save(update_fields=["p256dh", "auth", "device"])
            return found
        others = list(PushSubscription.objects.filter(endpoint=endpoint))
        for old in (*others, *own[: max(0, len(own) + 1 - MOST_SUBSCRIPTIONS)]):
            _end_push(old, reason="replaced", by=by)
        new = PushSubscription.objects.create(
            user_id=user_id,
            endpoint=endpoint,
            p256dh=p256dh,
            auth=auth,
            device_id=device_id,
            created_at=clock.real_now(),
        )
        emit(PushSubscribed(user_id, new.pk), actor=by)
    return new


def unsubscribe_push(subscription_id: int, *, user_id: int, by: Actor) -> None:
    """Push there no more. Emits PushEnded. Raises NotFound for somebody else's."""
    with transaction.atomic():
        found = PushSubscription.objects.filter(pk=subscription_id, user_id=user_id).first()
        if found is None:
            raise NotFound(_("There is no such push subscription."))
        _end_push(found, reason="asked", by=by)


def end_pushes(user_id: int, *, device_id: int | None = None, is_everywhere: bool = False, by: Actor) -> None:
    """A person signed out there, or `is_everywhere`: whoever has the browser next must not read what they are told.
    Those of no known device end with any. Emits PushEnded."""
    with transaction.atomic():
        for found in PushSubscription.objects.locked_of(user_id):
            if is_everywhere or found.device_id in (None, device_id):
                _end_push(found, reason="signed_out", by=by)


def drop_push_subscription(subscription_id: int) -> None:
    """Its service says that nobody listens there any more. Safe to repeat. Emits PushEnded."""
    with transaction.atomic():
        found = PushSubscription.objects.filter(pk=subscription_id).first()
        if found is not None:
            _end_push(found, reason="gone", by=_SELF)


def note_pushed(subscription_id: int) -> None:
    """Something was pushed there just now; the message tells of it."""
    PushSubscription.objects.filter(pk=subscription_id).update(used_at=clock.real_now())


def _end_push(found: PushSubscription, *, reason: str, by: Actor) -> None:
    pk = found.pk
    found.delete()
    emit(PushEnded(found.user_id, pk, reason), actor=by)


def _count_unread(user_id: int) -> None:
    """Count anew what waits in a bell. The caller holds the person, so that nobody counts meanwhile."""
    note_unread(user_id, Notification.objects.in_bell(user_id).unread().count())
