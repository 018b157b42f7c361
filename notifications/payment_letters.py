"""Letters about an order's money: a link to pay, what came, what did not, what went back. docs/messages.md says which
of them a household gets, and which another message spares it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation

from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope
from notifications.channels import Message
from notifications.links import link_to_order, site_link
from notifications.models import Notification
from notifications.queries import greeting_of, languages_of
from notifications.rules import Kind
from orders.models import Order
from payments.events import (
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentSucceeded,
    RefundFailed,
    RefundOverdue,
)
from payments.gateways import gateway_named
from payments.links import pay_url
from payments.models import Payment, Refund, RefundMovement
from payments.queries import paying
from payments.rules.attempts import NOT_DECLINED, Standing
from payments.words import failure_words

KINDS = frozenset(
    {
        Kind.PAY_LINK,
        Kind.PAYMENT_RECEIVED,
        Kind.PAYMENT_FAILED,
        Kind.REFUND_MADE,
        Kind.REFUND_FAILED,
        Kind.REFUND_OVERDUE,
    }
)
Render = Callable[[Notification, dict[str, Any]], Message]
Channel = Notification.Channel
To = RefundMovement.Destination


# -- who is told -----------------------------------------------------------------------------------------------------


def links(envelopes: Sequence[Envelope[PaymentInitiated]]) -> Iterator[Notification]:
    """A link for the first attempt at an order that staff placed and that its household is to pay."""

    def is_first_by_staff(payment: Payment) -> bool:
        order = payment.order
        is_staff = order is not None and order.source == Order.Source.STAFF
        return is_staff and payment.attempt == 1 and not gateway_named(payment.gateway).is_immediate

    return _to_payers(Kind.PAY_LINK, envelopes, wanted=is_first_by_staff)


def received(envelopes: Sequence[Envelope[PaymentSucceeded]]) -> Iterator[Notification]:
    """A receipt for what a gateway took for an order. A top-up and money at the door are told in words of their own."""

    def is_taken_ahead(payment: Payment) -> bool:
        return payment.order is not None and not gateway_named(payment.gateway).is_immediate

    return _to_payers(Kind.PAYMENT_RECEIVED, envelopes, wanted=is_taken_ahead)


def failed(envelopes: Sequence[Envelope[PaymentFailed]]) -> Iterator[Notification]:
    """A word for what a bank refused. What we or the household ended needs none; the end of a checkout says its own."""

    def is_refused(payment: Payment) -> bool:
        return payment.failure_code not in NOT_DECLINED and not gateway_named(payment.gateway).is_immediate

    return _to_payers(Kind.PAYMENT_FAILED, envelopes, wanted=is_refused)


def refunded(envelopes: Sequence[Envelope[PaymentRefunded]]) -> Iterator[Notification]:
    """A word for what went back. What a claim was granted is told with its decision, unless it went another way."""
    ids = {told.event.refund_id for told in envelopes}
    claims = Refund.objects.filter(pk__in=ids, kind=Refund.Kind.CLAIM)
    said = set(claims.values_list("pk", "destination"))
    rest = [told for told in envelopes if (told.event.refund_id, told.event.destination) not in said]
    return _to_payers(Kind.REFUND_MADE, rest, wanted=lambda _payment: True)


def to_staff(kind: Kind, envelopes: Sequence[Envelope[RefundFailed | RefundOverdue]]) -> Iterator[Notification]:
    """A mail for each refund that somebody has to look at."""
    for told in envelopes:
        yield Notification(
            role=Role.ADMIN,
            kind=kind,
            channel=Channel.EMAIL,
            address=settings.ADMIN_EMAIL,
            data={"refund_id": told.event.refund_id},
            dedupe_key=f"{kind}:{told.id}",
            event_id=told.id,
        )


def _to_payers(
    kind: Kind, envelopes: Sequence[Envelope[Any]], *, wanted: Callable[[Payment], bool]
) -> Iterator[Notification]:
    """By mail, or as a text message where only a phone is known. Two queries, whatever their number."""
    payments = Payment.objects.select_related("user", "order").in_bulk({told.event.payment_id for told in envelopes})
    languages = languages_of({payment.user_id for payment in payments.values()})
    for told in envelopes:
        payment = payments[told.event.payment_id]
        person = payment.user
        address = person.mail_address or person.phone_number
        if not address or not wanted(payment):
            continue
        data = {"payment_id": payment.pk}
        if isinstance(told.event, PaymentRefunded):
            data["refund_id"] = told.event.refund_id
        yield Notification(
            recipient=person,
            role=Role.CUSTOMER,
            kind=kind,
            channel=Channel.EMAIL if person.mail_address else Channel.SMS,
            language=languages.get(person.pk, "en"),
            address=address,
            data=data,
            dedupe_key=f"{kind}:{told.id}",
            event_id=told.id,
        )


# -- what they are told ----------------------------------------------------------------------------------------------


def write(notification: Notification, render: Render) -> Message | None:
    """The letter from the books as they are now; None where it would not be so any more, or another one says it."""
    with translation.override(notification.language):
        if notification.kind in (Kind.REFUND_FAILED, Kind.REFUND_OVERDUE):
            context = _for_staff(notification)
            return render(notification, {**context, **_brand()}) if context else None
        payments = Payment.objects.select_related("user", "order__slot", "order__region")
        payment = payments.get(pk=notification.data["payment_id"])
        context = _LOOKS[notification.kind](payment, notification)
        if context is None:
            return None
        zone = payment.order.region.time_zone if payment.order else settings.TIME_ZONE
        with timezone.override(ZoneInfo(zone)):
            return render(notification, {**_facts(payment), **context, **_brand()})


def _brand() -> dict[str, Any]:
    return {"BRAND_NAME": settings.BRAND_NAME, "site_url": settings.SITE_URL}


def _facts(payment: Payment) -> dict[str, Any]:
    order = payment.order
    return {
        "payment": payment,
        "order": order,
        "slot": order.slot if order else None,
        "lines": [line for line in order.lines.named() if line.comes] if order else [],
        "first_name": greeting_of(payment.user),
        "link": link_to_order(order) if order else site_link("payments:wallet"),
    }


def _pay_link(payment: Payment, _notification: Notification) -> dict[str, Any] | None:
    if payment.order is None:
        return None
    state = paying(payment.order)
    return {"link": pay_url(payment.order), "until": state.until} if state.is_open else None


def _received(payment: Payment, _notification: Notification) -> dict[str, Any] | None:
    """The confirmation of an order says what was paid, and what goes back has a letter of its own."""
    order = payment.order
    is_waiting = order is not None and order.status in (Order.Status.CREATED, Order.Status.ON_HOLD)
    return {} if is_waiting and payment.is_captured and not payment.refunded else None


def _failed(payment: Payment, _notification: Notification) -> dict[str, Any] | None:
    """Only where something can still be done: the last attempt, at an order that waits, or at a top-up."""
    if payment.status != Payment.Status.FAILED:
        return None
    context = {"why": failure_words(payment)}
    if payment.order is None:
        is_last = not Payment.objects.filter(user_id=payment.user_id, order=None, pk__gt=payment.pk).exists()
        return context if is_last else None
    state = paying(payment.order)
    is_last = bool(state.attempts) and state.attempts[-1].pk == payment.pk
    if not (is_last and state.is_open and state.standing == Standing.OPEN):
        return None
    left = {"until": state.until, "left": state.attempts_left}
    return {**context, **left, "link": pay_url(payment.order)}


def _refund_made(payment: Payment, notification: Notification) -> dict[str, Any] | None:
    refund = Refund.objects.prefetch_related("movements").get(pk=notification.data["refund_id"])
    done = next((each for each in refund.movements.all() if each.status == RefundMovement.Status.DONE), None)
    if done is None:
        return None
    facts = {"is_to_wallet": done.destination == To.WALLET, "is_by_hand": done.destination == To.HAND}
    link = {"link": site_link("payments:wallet")} if facts["is_to_wallet"] else {}
    return {"refund": refund, "movement": done, **facts, **link}


_LOOKS: dict[str, Callable[[Payment, Notification], dict[str, Any] | None]] = {
    Kind.PAY_LINK: _pay_link,
    Kind.PAYMENT_RECEIVED: _received,
    Kind.PAYMENT_FAILED: _failed,
    Kind.REFUND_MADE: _refund_made,
}


def _for_staff(notification: Notification) -> dict[str, Any] | None:
    """A refund that still waits for somebody."""
    refunds = Refund.objects.select_related("payment__order", "payment__user").prefetch_related("movements")
    refund = refunds.get(pk=notification.data["refund_id"])
    last = max(refund.movements.all(), key=lambda movement: movement.pk)
    waits = {
        Kind.REFUND_FAILED: RefundMovement.Status.FAILED,
        Kind.REFUND_OVERDUE: RefundMovement.Status.PENDING,
    }
    if last.status != waits[Kind(notification.kind)]:
        return None
    return {
        "refund": refund,
        "movement": last,
        "payment": refund.payment,
        "order": refund.payment.order,
        "link": site_link("admin:payments_refund_change", refund.pk),
    }
