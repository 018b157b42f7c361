"""Sending what the log holds: one message at a time, never inside a transaction."""

import structlog

from milkdelivery.core import clock
from notifications import actions
from notifications.channels import Delayed, Message, Refused, Unavailable, email, sms
from notifications.letters import NoLongerSo, reference_of, write
from notifications.models import Notification
from notifications.rules import SIGN_IN_KEEPS, Kind

logger = structlog.get_logger(__name__)


def deliver(held: Notification) -> bool:
    """Send a message that the caller holds, and record what became of it.

    False says that its channel can't be used now, so that there is no point in trying the next one. Never raises for
    what a message or a provider does.
    """
    try:
        message = _message(held)
        provider_id = _carry(held.channel, message)
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
        actions.record_sent(held, subject=message.subject, text=message.text, provider_id=provider_id)
    return True


def _message(held: Notification) -> Message:
    if held.kind != Kind.SIGN_IN:
        return write(held)
    if clock.now() - held.created_at > SIGN_IN_KEEPS:
        raise NoLongerSo("too late for a sign-in message")
    return Message(held.address, held.subject, held.body, held.body_html, reference_of(held))


def _carry(channel: str, message: Message) -> str:
    if channel == Notification.Channel.EMAIL:
        return email.send(message)
    try:
        return sms.send_text(message.to, message.text)
    except sms.SmsNotSent as outage:
        raise Unavailable(repr(outage)) from outage
