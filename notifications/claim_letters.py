"""Letters about claims: to households that somebody looks or has decided, to staff that one waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation

from accounts.rules import is_contact_only
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope
from notifications.channels import Message
from notifications.links import link_to_order, site_link
from notifications.models import Notification
from notifications.rules import Kind
from orders.events import ClaimOpened
from orders.models import Claim
from orders.tokens import claims_link
from payments.models import Payment

KINDS = frozenset({Kind.CLAIM_RECEIVED, Kind.CLAIM_DECIDED, Kind.CLAIM_TO_DECIDE})
Render = Callable[[Notification, dict[str, Any]], Message]


def to_staff(envelopes: Iterable[Envelope[ClaimOpened]]) -> Iterator[Notification]:
    """A mail for each claim that waits."""
    for told in envelopes:
        yield Notification(
            role=Role.ADMIN,
            kind=Kind.CLAIM_TO_DECIDE,
            channel=Notification.Channel.EMAIL,
            address=settings.ADMIN_EMAIL,
            data={"claim_id": told.event.claim_id},
            dedupe_key=f"{Kind.CLAIM_TO_DECIDE}:{told.id}",
            event_id=told.id,
        )


def write(notification: Notification, render: Render) -> Message | None:
    """The letter from the claim as it is now; None where it was waiting and is decided meanwhile."""
    claim = Claim.objects.whole().get(pk=notification.data["claim_id"])
    if notification.kind != Kind.CLAIM_DECIDED and not claim.is_open:
        return None
    order = claim.order
    is_guest = is_contact_only(order.customer)
    paid = Payment.objects.filter(order=order, refunds__key=f"claim-{claim.pk}").first()
    context: dict[str, Any] = {
        "BRAND_NAME": settings.BRAND_NAME,
        "site_url": settings.SITE_URL,
        "claim": claim,
        "order": order,
        "parts": list(claim.lines.all()),
        "is_guest": is_guest,
        "is_cash": paid is not None and paid.method == Payment.Method.COD,
        "link": claims_link(order) if is_guest else f"{link_to_order(order)}#claims",
        "staff_link": site_link("admin:orders_claim_change", claim.pk),
    }
    with translation.override(notification.language), timezone.override(ZoneInfo(order.region.time_zone)):
        return render(notification, context)
