"""What gateways tell by themselves: taken in once, processed once, whenever and however often it comes."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.jobs import enqueue
from payments.actions.charging import ForeignAmount, record_outcome
from payments.actions.transitions import close_webhook
from payments.events import WebhookReceived
from payments.gateways import gateway_named, is_in_use
from payments.gateways.base import WebhookRefused, WebhookUnreadable, Word
from payments.models import Payment, Webhook

PROCESS_TASK = "payments.tasks.process_webhooks"
MOST_TRIES = 20
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
_DOUBLINGS = 8


def receive_webhook(gateway: str, headers: Mapping[str, str], body: bytes) -> Webhook:
    """Take in a gateway's word as it came; a worker acts on it. Safe to repeat: an event is kept once.

    What it says is read later: one that can't be understood is kept all the same. Raises NotFound for a gateway that is
    not in use, and WebhookRefused where the signature is not good or too old, or it says not even which event it is.
    Emits WebhookReceived for a new one.
    """
    if not is_in_use(gateway):
        raise NotFound(_("There is no such gateway."))
    word = gateway_named(gateway).open_webhook(headers, body)
    text = body.decode("utf-8", "replace").replace("\0", "")
    known = Webhook.objects.filter(gateway=gateway, event_id=word.event_id).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            webhook = Webhook.objects.create(
                gateway=gateway,
                event_id=word.event_id,
                kind=word.kind,
                body=text,
                received_at=clock.now(),
                next_attempt_at=clock.real_now(),
            )
            enqueue(PROCESS_TASK)
            emit(WebhookReceived(webhook.pk, gateway, word.kind), actor=_gateway(gateway))
    except IntegrityError:  # the same word came twice at the same moment
        return Webhook.objects.get(gateway=gateway, event_id=word.event_id)
    return webhook


def claim_webhooks(limit: int = 50) -> list[int]:
    """Words that are to be processed, left alone for a while by whoever comes next."""
    now = clock.real_now()
    with transaction.atomic():
        due = Webhook.objects.locked_due(now, limit)
        for webhook in due:
            webhook.next_attempt_at = now + FIRST_PAUSE * 4
        Webhook.objects.bulk_update(due, ["next_attempt_at"])
    return [webhook.pk for webhook in due]


def process_webhook(webhook_id: int) -> Webhook:
    """Act on a gateway's word: payment, order and the word itself in one transaction. Safe to repeat.

    A word that nothing follows from is kept and left alone; one about a payment that we don't know yet is tried again,
    and so is one that raises something: what it raised is noted for staff, and raised. Locks the word, the order's
    payments, then the order. Emits PaymentSucceeded or PaymentFailed.
    """
    try:
        return _process(webhook_id)
    except Exception as problem:
        _note_error(webhook_id, repr(problem))
        raise


def _process(webhook_id: int) -> Webhook:
    with transaction.atomic():
        webhook = Webhook.objects.locked(webhook_id)
        if webhook.status != Webhook.Status.RECEIVED:
            return webhook
        try:
            word = gateway_named(webhook.gateway).read_word(webhook.body)
        except WebhookUnreadable as problem:
            close_webhook(webhook, Webhook.Status.FAILED, error=str(problem))
            return webhook
        if word.outcome is None:
            close_webhook(webhook, Webhook.Status.IGNORED)
            return webhook
        payment = _payment_of(webhook.gateway, word)
        if payment is None:
            _later(webhook, "no such payment")
            return webhook
        try:
            with transaction.atomic():
                record_outcome(payment, word.outcome, by=_gateway(webhook.gateway))
        except ForeignAmount as problem:
            close_webhook(webhook, Webhook.Status.FAILED, payment=payment, error=str(problem))
            return webhook
        close_webhook(webhook, Webhook.Status.PROCESSED, payment=payment)
    return webhook


def _note_error(webhook_id: int, error: str) -> None:
    with transaction.atomic():
        webhook = Webhook.objects.locked(webhook_id)
        if webhook.status == Webhook.Status.RECEIVED:
            _later(webhook, error.replace("\0", ""))


def _payment_of(gateway: str, word: Word) -> Payment | None:
    """By the key that we gave the charge; by the reference where the word does not tell that."""
    payments = Payment.objects.filter(gateway=gateway).select_related("order")
    if word.key:
        return payments.filter(idempotency_key=word.key).first()
    return payments.filter(gateway_reference=word.reference).first() if word.reference else None


def _later(webhook: Webhook, error: str) -> None:
    webhook.attempts += 1
    if webhook.attempts >= MOST_TRIES:
        close_webhook(webhook, Webhook.Status.FAILED, error=error)
        return
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(webhook.attempts - 1, _DOUBLINGS))
    webhook.error = error[:255]
    webhook.next_attempt_at = clock.real_now() + pause
    webhook.save(update_fields=["attempts", "error", "next_attempt_at"])


def _gateway(name: str) -> Actor:
    return Actor(kind="gateway", name=name)


__all__ = ["WebhookRefused", "claim_webhooks", "process_webhook", "receive_webhook"]
