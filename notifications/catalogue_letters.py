"""Letters to staff about what is sold: packs whose tax nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.utils import translation

from catalog.events import PacksUntaxed
from catalog.models import UntaxedPack
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope
from milkdelivery.core.models import Region
from notifications.channels import Message
from notifications.links import site_link
from notifications.models import Notification
from notifications.rules import Kind

KINDS = frozenset({Kind.TAX_MISSING})
Render = Callable[[Notification, dict[str, Any]], Message]


def untaxed(envelopes: Iterable[Envelope[PacksUntaxed]]) -> Iterator[Notification]:
    """A mail to staff with all the packs that were found together."""
    for told in envelopes:
        yield Notification(
            role=Role.ADMIN,
            kind=Kind.TAX_MISSING,
            channel=Notification.Channel.EMAIL,
            address=settings.ADMIN_EMAIL,
            data={"region_id": told.event.region_id, "variant_ids": list(told.event.variant_ids)},
            dedupe_key=f"{Kind.TAX_MISSING}:{told.id}",
            event_id=told.id,
        )


def write(notification: Notification, render: Render) -> Message | None:
    """The letter, of the packs that are still without a rate; None where all have one by now."""
    region = Region.objects.get(pk=notification.data["region_id"])
    rows = UntaxedPack.objects.filter(region=region, variant_id__in=notification.data["variant_ids"])
    packs = list(rows.select_related("variant__product").order_by("day", "variant__sku"))
    if not packs:
        return None
    context: dict[str, Any] = {"region": region, "packs": packs, "link": site_link("admin:core_taxrate_changelist")}
    context |= {"BRAND_NAME": settings.BRAND_NAME, "site_url": settings.SITE_URL}
    with translation.override(notification.language):
        return render(notification, context)
