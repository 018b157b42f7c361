"""Sending what the log holds: one message at a time, never inside a transaction."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import structlog
from django.core.cache import cache

from milkdelivery.core import clock
from notifications import actions
from notifications.channels import Delayed, Message, Refused, Unavailable, email, push, sms
from notifications.letters import NoLongerSo, reference_of, write
from notifications.models import Notification, PushSubscription
from notifications.queries import is_due, quiet_until, targets_of
from notifications.rules import OWN_WORDS, is_worth_telling

logger = structlog.get_logger(__name__)

Channel = Notification.Channel


@dataclass(frozen=True, slots=True)
class Lane:
    """What one sender at a time works through."""

    channel: str
    in_haste: bool = False

    def __str__(self) -> str:
        return f"{self.channel}:in_haste" if self.in_haste else self.channel


LANES = (
    Lane(Channel.SMS, in_haste=True),
    Lane(Channel.EMAIL, in_haste=True),
    Lane(Channel.IN_APP),
    Lane(Channel.PUSH),
    Lane(Channel.SMS),
    Lane(Channel.EMAIL),
)
"""Each channel has one of its own: a slow mail server keeps nobody's bell waiting. Codes that a page could not send at
once have another: ten thousand letters keep nobody from signing in. The quick ones come first."""


LANE_IS_HELD = timedelta(seconds=75)
"""Longer than the job queue lets a task run: whoever was killed in the lane keeps it no longer."""


class _NotNow(Exception):
    """Its reader sleeps until then."""


def send_lane(lane: Lane, *, until: float) -> tuple[int, bool]:
    """Send what is due in a lane until nothing is, its channel is out, or it is `until` by `monotonic()`.

    How many were tried, and whether some are left that could go now. One sender works a lane at a time; where another
    one does, there is nothing to do. One conversation with the mail server serves all of a run's mails.
    """
    tried = 0
    while is_due(lane.channel, in_haste=lane.in_haste):
        if monotonic() > until:
            return tried, True
        with ExitStack() as stack:
            if not stack.enter_context(_in(lane)):
                return tried, False
            line = stack.enter_context(email.Line(patience=email.PATIENCE))
            before = tried
            while monotonic() <= until and (held := _next_in(lane)) is not None:
                tried += 1
                if not deliver(held, line):
                    return tried, False
        if tried == before and monotonic() <= until:
            return tried, False
        # Looked at once more after the lane is free: who came while we were leaving it has gone away again.
    return tried, False


def _next_in(lane: Lane) -> Notification | None:
    return actions.claim_next(lane.channel, in_haste=lane.in_haste)


@contextmanager
def _in(lane: Lane) -> Iterator[bool]:
    """Be the one who sends in this lane while the block runs: whether we are.

    It saves workers from standing in line before a slow server, and no more: that nothing is sent twice is for the hold
    of each message to see to. So it lies in the shared cache and runs out by itself.
    """
    key, token = f"notifications.lane:{lane}", uuid4().hex
    is_ours = cache.add(key, token, LANE_IS_HELD.total_seconds())
    try:
        yield is_ours
    finally:
        if is_ours and cache.get(key) == token:
            cache.delete(key)


def deliver(held: Notification, line: email.Line | None = None) -> bool:
    """Send a message that the caller holds, and record what became of it.

    False says that its channel can't be used now, so that there is no point in trying the next one. Never raises for
    what a message or a provider does.
    """
    try:
        _ensure_now(held)
        message = _message(held)
        provider_id = _carry(held, message, line)
    except _NotNow as quiet:
        actions.put_off(held, quiet.args[0])
    except NoLongerSo as reason:
        actions.record_skipped(held, reason=str(reason))
    except Refused as refusal:
        actions.record_failed(held, error=str(refusal), is_final=True)
    except Delayed as delay:
        actions.record_failed(held, error=str(delay), is_final=False)
    except Unavailable as outage:
        logger.warning("notification_channel_unavailable", channel=held.channel, error=str(outage))
        actions.record_failed(held, error=str(outage), is_final=False)
        return False
    except Exception as problem:
        logger.exception("notification_not_sent", notification=held.pk, kind=held.kind)
        actions.record_failed(held, error=f"{type(problem).__name__}: {problem}", is_final=False)
    else:
        actions.record_sent(
            held, subject=message.subject, text=message.text, provider_id=provider_id, link=message.link
        )
    return True


def _ensure_now(held: Notification) -> None:
    """It is still worth telling, and nobody is woken by it; or else not worth telling any more when they wake up."""
    now = clock.now()
    if not is_worth_telling(held.kind, now - held.created_at):
        raise NoLongerSo("too late to be worth telling")
    until = quiet_until(held)
    if until is None:
        return
    if not is_worth_telling(held.kind, until - held.created_at):
        raise NoLongerSo("its reader sleeps, and it is not worth telling afterwards")
    raise _NotNow(until - now)


def _message(held: Notification) -> Message:
    if held.kind in OWN_WORDS:
        return Message(held.address, held.subject, held.body, held.body_html, reference_of(held))
    return write(held)


def _carry(held: Notification, message: Message, line: email.Line | None) -> str:
    if held.channel == Channel.EMAIL:
        if line is not None:
            return line.send(message)
        with email.Line() as own:
            return own.send(message)
    if held.channel == Channel.SMS:
        try:
            return sms.send_text(message.to, message.text)
        except sms.SmsNotSent as outage:
            raise Unavailable(repr(outage)) from outage
    if held.channel == Channel.PUSH:
        return _push(held, message)
    return ""  # in the app: it is there once it is written down


def _push(held: Notification, message: Message) -> str:
    """To all of the person's devices. One that got it is enough; what nobody listens at any more is forgotten."""
    page = push.Push(title=message.subject, text=message.text, url=message.link, tag=f"notification-{held.pk}")
    ids: list[str] = []
    outage: push.PushNotSent | None = None
    for found in targets_of(held.recipient_id or 0):
        try:
            ids.append(push.send_push(_target(found), page))
        except push.PushGone:
            actions.drop_push_subscription(found.pk)
        except push.PushNotSent as problem:
            outage = problem
        else:
            actions.note_pushed(found.pk)
    if not ids and outage is not None:
        raise Unavailable(repr(outage)) from outage
    if not ids:
        raise NoLongerSo("no device listens any more")
    return ids[0]


def _target(found: PushSubscription) -> push.Target:
    return push.Target(found.endpoint, found.p256dh, found.auth)
