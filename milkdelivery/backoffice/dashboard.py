"""The first page: what today and tomorrow hold, and what needs a hand. Every number links to its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.models import Checkout
from deliveries.models import Delivery
from deliveries.queries import nobody_drives
from inventory.models import Stock
from milkdelivery.backoffice.frame import list_url
from milkdelivery.core import clock
from milkdelivery.core.eventlog.queries import backlog
from milkdelivery.core.models import EventDelivery, Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from orders.admin.holding import decide_until, why_held
from orders.models import Claim, Order
from orders.queries import open_holds
from payments.models import Refund, Webhook
from payments.queries import stuck_refunds

Status = Order.Status
MOST_HELD = 8
"""Held orders shown; the list has the rest."""

MOST_LOW = 8
"""Rows of low stock shown; the list has the rest."""

_SHOWN = (
    Status.CREATED,
    Status.ON_HOLD,
    Status.CONFIRMED,
    Status.PACKED,
    Status.OUT_FOR_DELIVERY,
    Status.DELIVERED,
    Status.RETURNED,
    Status.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One number. `tone` is calm, good, warn or bad."""

    label: str
    value: Any
    url: str = ""
    note: str = ""
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Part:
    """One status of a day: how many, how many stand before it in the bar, and where they are listed."""

    status: str
    label: str
    count: int
    before: int
    url: str


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    region: Region
    date: date
    total: int
    parts: tuple[Part, ...]
    url: str


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the first page, in eleven queries."""
    regions = list(region_book().regions.values())
    days = [(region, clock.today(region)) for region in regions]
    counts = _orders_by_status(days)
    context.update(
        tiles=[*_order_tiles(days, counts), *_revenue_tiles(days), *_trouble_tiles(days)],
        days=_days(days, counts),
        held=_held(),
        held_url=list_url(Order, status__exact=Status.ON_HOLD),
        low_stock=_low_stock(),
        low_stock_url=list_url(Stock, level="LOW"),
        has_many_regions=len(regions) > 1,
    )
    return context


Counts = Mapping[tuple[int, date, str], int]


def _orders_by_status(days: Sequence[tuple[Region, date]]) -> Counts:
    """Orders of today and tomorrow, by region, day and status. One query."""
    wanted = Q(pk__in=[])
    for region, today in days:
        wanted |= Q(region=region, delivery_date__in=[today, today + timedelta(days=1)])
    rows = Order.objects.filter(wanted).order_by().values_list("region_id", "delivery_date", "status")
    return {(region_id, day, status): count for region_id, day, status, count in rows.annotate(count=Count("pk"))}


def _days(days: Sequence[tuple[Region, date]], counts: Counts) -> list[Day]:
    """Today and tomorrow of every region that has orders then; the first region always."""
    found = []
    for index, (region, today) in enumerate(days):
        for title, day in ((_("Today"), today), (_("Tomorrow"), today + timedelta(days=1))):
            entry = _day(title, region, day, counts)
            if entry.total or index == 0:
                found.append(entry)
    return found


def _day(title: str, region: Region, day: date, counts: Counts) -> Day:
    numbers = {status: counts.get((region.pk, day, status), 0) for status in Status}
    total = sum(numbers.values())
    filters = {"region__id__exact": region.pk, "delivery_date_from": day, "delivery_date_to": day}
    shown = [status for status in _SHOWN if numbers[status]]
    starts = accumulate((numbers[status] for status in shown), initial=0)
    parts = tuple(
        Part(
            status=status,
            label=str(status.label),
            count=numbers[status],
            before=before,
            url=list_url(Order, **filters, status__exact=status),
        )
        for status, before in zip(shown, starts, strict=False)
    )
    return Day(title=title, region=region, date=day, total=total, parts=parts, url=list_url(Order, **filters))


def _order_tiles(days: Sequence[tuple[Region, date]], counts: Counts) -> list[Tile]:
    """To pack: what is confirmed for today, and for tomorrow where packing starts the evening before."""
    now = sum(counts.get((region.pk, today, Status.CONFIRMED), 0) for region, today in days)
    next_day = sum(counts.get((region.pk, today + timedelta(days=1), Status.CONFIRMED), 0) for region, today in days)
    return [
        Tile(
            _("To pack now"),
            now,
            list_url(Order, packing="now"),
            _("%(count)d more for tomorrow") % {"count": next_day},
            "warn" if now else "calm",
        )
    ]


def _revenue_tiles(days: Sequence[tuple[Region, date]]) -> list[Tile]:
    """What today's deliveries are worth in each region, without cancelled ones. One query."""
    wanted = Q(pk__in=[])
    for region, today in days:
        wanted |= Q(region=region, delivery_date=today)
    lost = [Status.CANCELLED, Status.RETURNED]
    rows = Order.objects.filter(wanted).exclude(status__in=lost).order_by().values("region_id")
    sums = {
        row["region_id"]: (row["worth"], row["orders"])
        for row in rows.annotate(worth=Sum("grand_total"), orders=Count("pk"))
    }
    tiles = []
    for index, (region, _today) in enumerate(days):
        worth, orders = sums.get(region.pk, (0, 0))
        if orders or index == 0:
            note = ngettext("%(count)d order", "%(count)d orders", orders) % {"count": orders}
            if len(days) > 1:
                note = f"{region} · {note}"
            tiles.append(Tile(_("Revenue today"), Money(worth, region.currency).format(), "", note, "good"))
    return tiles


def _trouble_tiles(days: Sequence[tuple[Region, date]]) -> list[Tile]:
    """What should be nothing on a good day. Seven queries."""
    since = min((today for _region, today in days), default=clock.now().date()) - timedelta(days=1)
    failed = Delivery.objects.filter(status=Delivery.Status.FAILED, delivery_date__gte=since).count()
    stuck = Checkout.objects.filter(state=Checkout.State.WAITING).count()
    loose = nobody_drives().count()
    claims = Claim.objects.open().count()
    hanging = stuck_refunds().count()
    unread = Webhook.objects.filter(status=Webhook.Status.FAILED, received_at__date__gte=since).count()
    of_gateways = ngettext(
        "%(count)d word of a gateway not understood", "%(count)d words of gateways not understood", unread
    )
    letters = backlog()
    under_way = ngettext("%(count)d event under way", "%(count)d events under way", letters.pending)
    return [
        _trouble(_("Claims to decide"), claims, list_url(Claim, status__exact=Claim.Status.OPEN), _("waiting")),
        _trouble(_("Orders nobody drives"), loose, list_url(Delivery, driven="NOBODY"), _("to come, on no round")),
        _trouble(_("Failed deliveries"), failed, _failed_url(since), _("since yesterday")),
        _trouble(_("Checkouts waiting"), stuck, list_url(Checkout, state__exact=Checkout.State.WAITING), _("to go on")),
        _trouble(_("Money that hangs"), hanging, list_url(Refund, money="STUCK"), of_gateways % {"count": unread}),
        _trouble(_("Dead letters"), letters.dead, _letters_url(), under_way % {"count": letters.pending}),
    ]


def _trouble(label: str, count: int, url: str, note: str) -> Tile:
    return Tile(label, count, url, note, "bad" if count else "calm")


def _failed_url(since: date) -> str:
    return list_url(Delivery, status__exact=Delivery.Status.FAILED, delivery_date_from=since)


def _letters_url() -> str:
    if not admin.site.is_registered(EventDelivery):
        return ""
    return list_url(EventDelivery, status__exact=EventDelivery.Status.DEAD)


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that waits for a decision, why, and until when."""

    order: Order
    why: Sequence[str]
    until: str


def _held() -> list[HeldOrder]:
    """What waits for a decision, the most urgent first. One query."""
    holds = open_holds()[:MOST_HELD]
    return [HeldOrder(hold.order, why_held(hold), decide_until(hold, hold.order)) for hold in holds]


def _low_stock() -> list[Stock]:
    """What runs out first, among active dairies and packs. One query."""
    stocks = Stock.objects.filter(vendor__is_active=True, variant__is_active=True)
    low = stocks.annotate(left=F("on_hand") - F("reserved")).filter(left__lt=F("low_threshold"))
    return list(low.select_related("vendor", "variant__product").order_by("left", "pk")[:MOST_LOW])
