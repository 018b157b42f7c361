"""What messages look like: each kind on each channel and in each language, written from the latest record that it fits.

Nothing is sent, and no link in it leads anywhere: some would open what is not the looker's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings

from accounts.models import User
from catalog.models import Promotion
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from notifications.channels import Message
from notifications.letters import NoLongerSo, write
from notifications.models import Notification
from notifications.offers import open_codes, readers_of
from notifications.rules import AT_LEISURE, KINDS, OWN_WORDS, Audience, Kind
from orders.models import Claim, Order
from payments.models import LedgerAccount, Payment, Refund

logger = structlog.get_logger(__name__)
Channel = Notification.Channel

LOOKED_AT = 30
"""Records of each sort that are tried, the latest first."""

_HREF = re.compile(r'href="[^"]*"')
_ROLES = {Audience.HOUSEHOLD: Role.CUSTOMER, Audience.VENDOR: Role.VENDOR, Audience.DRIVER: Role.DRIVER}

SHOWN = tuple(kind for kind in KINDS if kind not in OWN_WORDS)
"""Codes and warnings of the sign-in pages are written there."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would be; `is_told` says whether it was told of that record, or fits one that it was not."""

    message: Message
    is_told: bool


def channels_of(kind: str) -> tuple[str, ...]:
    """On which a kind can go out. Dairies and staff are mailed; who works there finds it under the bell."""
    if kind in AT_LEISURE:
        return (Channel.EMAIL, Channel.IN_APP)
    if KINDS[kind].audience in (Audience.HOUSEHOLD, Audience.DRIVER) and kind != Kind.WAITLIST_JOINED:
        return (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.IN_APP)
    return (Channel.EMAIL, Channel.PUSH, Channel.IN_APP)


def preview(kind: str, channel: str, language: str) -> Preview | None:
    """The message about the latest record that it fits; None while there is none."""
    for found, is_told in _candidates(kind):
        row = Notification(
            pk=found.pk,
            recipient=found.recipient,
            role=found.role,
            kind=kind,
            channel=channel,
            language=language,
            address=found.address,
            data=found.data,
            created_at=found.created_at,
        )
        try:
            message = write(row)
        except NoLongerSo:
            continue
        except Exception:
            logger.exception("preview_not_written", kind=kind, about=found.data)
            continue
        return Preview(_harmless(message), is_told)
    return None


def _harmless(message: Message) -> Message:
    text = re.sub(rf"{re.escape(settings.SITE_URL)}/\S+", f"{settings.SITE_URL}/…", message.text)
    html = _HREF.sub('href="#"', message.html).replace("</head>", '<base target="_self"></head>')
    return Message(message.to, message.subject, text, html, message.reference, link=message.link)


def _candidates(kind: str) -> Iterator[tuple[Notification, bool]]:
    """What it was told of, the latest first; then what it could be told of."""
    told = Notification.objects.filter(kind=kind).exclude(channel__in=(Channel.PUSH, Channel.IN_APP))
    for row in told.select_related("recipient").order_by("-id")[:LOOKED_AT]:
        yield row, True
    role = _ROLES.get(KINDS[kind].audience, Role.ADMIN)
    for person, data in _records(kind):
        reader = person if role == Role.CUSTOMER else None
        yield Notification(recipient=reader, role=role, data=data, created_at=clock.now()), False


def _records(kind: str) -> Iterator[tuple[User | None, dict[str, Any]]]:
    if KINDS[kind].statuses is not None:
        yield from _orders(kind)
    elif kind in (Kind.CLAIM_RECEIVED, Kind.CLAIM_DECIDED, Kind.CLAIM_TO_DECIDE):
        for claim in Claim.objects.select_related("order__customer").order_by("-pk")[:LOOKED_AT]:
            yield claim.order.customer, {"claim_id": claim.pk}
    elif kind == Kind.WELCOME:
        for person in User.objects.filter(is_active=True).exclude(email=None).order_by("-pk")[:1]:
            yield person, {}
    elif kind == Kind.PROMOTION:
        yield from _offers()
    else:
        yield from _money(kind)


def _offers() -> Iterator[tuple[User | None, dict[str, Any]]]:
    for promotion in Promotion.objects.order_by("-pk")[:LOOKED_AT]:
        code = open_codes(promotion).first()
        reader = readers_of(promotion.pk).order_by("pk").first()
        yield reader, {"promotion_id": promotion.pk, "code_id": code.pk if code else None}


def _orders(kind: str) -> Iterator[tuple[User | None, dict[str, Any]]]:
    orders = Order.objects.filter(status__in=KINDS[kind].statuses or ()).select_related("customer").order_by("-pk")
    for order in orders[:LOOKED_AT]:
        about = {"order_id": order.pk}
        if KINDS[kind].audience == Audience.VENDOR:
            about["vendor_id"] = order.lines.exclude(vendor=None).values_list("vendor_id", flat=True).first() or 0
        yield order.customer, about


def _money(kind: str) -> Iterator[tuple[User | None, dict[str, Any]]]:
    if kind in (Kind.PAY_LINK, Kind.PAYMENT_RECEIVED, Kind.PAYMENT_FAILED):
        for payment in Payment.objects.select_related("user").order_by("-pk")[:LOOKED_AT]:
            yield payment.user, {"payment_id": payment.pk}
    elif kind in (Kind.REFUND_MADE, Kind.REFUND_FAILED, Kind.REFUND_OVERDUE):
        for refund in Refund.objects.select_related("payment__user").order_by("-pk")[:LOOKED_AT]:
            yield refund.payment.user, {"refund_id": refund.pk, "payment_id": refund.payment_id}
    elif kind in (Kind.WALLET_LOW, Kind.WALLET_TOPPED_UP):
        accounts = LedgerAccount.objects.filter(owner__isnull=False).select_related("owner").order_by("-pk")
        for wallet in accounts[:LOOKED_AT]:
            yield wallet.owner, {"wallet_id": wallet.pk, "amount": 50_000}
