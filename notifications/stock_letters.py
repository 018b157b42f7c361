"""Letters about stock, to the dairies that keep it and to staff: what ran low, what does not add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation

from inventory.events import StockLow, StockRecounted
from inventory.models import Stock
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope
from milkdelivery.core.models import Region
from notifications.channels import Message
from notifications.links import site_link
from notifications.models import Notification
from notifications.rules import Kind

KINDS = frozenset({Kind.STOCK_LOW, Kind.STOCK_DRIFT})
Render = Callable[[Notification, dict[str, Any]], Message]
Channel = Notification.Channel


def low_stock(envelopes: Sequence[Envelope[StockLow]]) -> Iterator[Notification]:
    """One mail to each dairy with all its shelves that ran low together, and one to staff with everybody's."""
    stocks = Stock.objects.select_related("vendor").in_bulk({told.event.stock_id for told in envelopes})
    by_address: dict[tuple[str, str], list[Envelope[StockLow]]] = {}
    for told in envelopes:
        vendor = stocks[told.event.stock_id].vendor
        by_address.setdefault((Role.VENDOR, vendor.email), []).append(told)
        by_address.setdefault((Role.ADMIN, settings.ADMIN_EMAIL), []).append(told)
    for (role, address), told_here in by_address.items():
        first = told_here[0]
        vendor_id = stocks[first.event.stock_id].vendor_id
        yield Notification(
            role=role,
            kind=Kind.STOCK_LOW,
            channel=Channel.EMAIL,
            address=address,
            data={"stock_ids": [told.event.stock_id for told in told_here]}
            | ({"vendor_id": vendor_id} if role == Role.VENDOR else {}),
            dedupe_key=f"{Kind.STOCK_LOW}:{first.id}:{address}"[:120],
            event_id=first.id,
        )


def drift(envelopes: Iterable[Envelope[StockRecounted]]) -> Iterator[Notification]:
    """A mail to staff for each recount that found something."""
    for told in envelopes:
        if told.event.drift_count:
            yield Notification(
                role=Role.ADMIN,
                kind=Kind.STOCK_DRIFT,
                channel=Channel.EMAIL,
                address=settings.ADMIN_EMAIL,
                data={"region_id": told.event.region_id, "drift_count": told.event.drift_count},
                dedupe_key=f"{Kind.STOCK_DRIFT}:{told.id}",
                event_id=told.id,
            )


def write(notification: Notification, render: Render) -> Message | None:
    """The letter from the shelves as they are now; None where nothing it would tell is so any more."""
    if notification.kind == Kind.STOCK_LOW:
        rows = Stock.objects.select_related("vendor", "variant__product")
        stocks = [stock for stock in rows.filter(pk__in=notification.data["stock_ids"]) if is_low(stock)]
        context: dict[str, Any] = {"stocks": stocks, "is_staff": notification.role == Role.ADMIN}
        page = "admin:inventory_stock_changelist" if notification.role == Role.ADMIN else "vendors:portal"
        if not stocks:
            return None
    else:
        region = Region.objects.get(pk=notification.data["region_id"])
        context = {"region": region, "drift_count": notification.data["drift_count"]}
        page = "admin:inventory_reconciliation_changelist"
    context |= {"link": site_link(page), "BRAND_NAME": settings.BRAND_NAME, "site_url": settings.SITE_URL}
    with translation.override(notification.language):
        return render(notification, context)


def is_low(stock: Stock) -> bool:
    return stock.available < stock.low_threshold
