"""What waits for somebody: the decisions in the order of their urgency, then what should be nothing on a good day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Min, Model, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.models import Checkout
from deliveries.models import Delivery, DriverAction
from deliveries.queries import nobody_drives
from inventory.models import Stock
from milkdelivery.backoffice.frame import list_url, may_keep, may_view
from milkdelivery.core import clock
from milkdelivery.core.eventlog.queries import backlog
from milkdelivery.core.models import EventDelivery, Region
from notifications.models import Notification
from orders.admin.holding import decide_until, why_held
from orders.models import Claim, Hold, Order
from orders.queries import open_holds
from payments.models import Refund, Webhook
from payments.queries import stuck_refunds

MOST_HELD = 8
"""Held orders shown; the list has the rest."""

MOST_LOW = 8
"""Rows of low stock shown; the list has the rest."""

OF_ADMINS = frozenset({Webhook})
"""What waits for an admin, and for nobody else."""

Today = Sequence[tuple[Region, date]]


@dataclass(frozen=True, slots=True)
class Tile:
    """One number, and the list that it counts. `tone` is calm, good, warn or bad."""

    label: str
    value: int
    url: str
    note: str = ""
    tone: str = "bad"


def tiles_for(request: HttpRequest, today: Today) -> list[Tile]:
    """The numbers of the lists that this person may open, the most urgent first. Thirteen queries."""
    kinds: tuple[tuple[type[Model], Callable[[Today], Tile]], ...] = (
        (Order, _held),
        (Delivery, _undriven),
        (DriverAction, _late_taps),
        (Order, _to_pack),
        (Claim, _claims),
        (Order, _in_part),
        (Refund, _hanging),
        (Delivery, _failed),
        (Webhook, _not_understood),
        (EventDelivery, _dead_letters),
        (Notification, _unsent),
        (Stock, _low),
        (Checkout, _stuck),
    )
    return [make(today) for model, make in kinds if (may_keep if model in OF_ADMINS else may_view)(request, model)]


def _held(today: Today) -> Tile:
    first = Hold.objects.open().aggregate(until=Min("keep_until"))["until"]
    count = Order.objects.filter(status=Order.Status.ON_HOLD).count()
    note = (
        _("the first until %(until)s") % {"until": date_format(timezone.localtime(first), "j M, H:i")} if first else ""
    )
    return Tile(_("Orders to decide about"), count, list_url(Order, status__exact=Order.Status.ON_HOLD), note)


def _undriven(today: Today) -> Tile:
    count = nobody_drives().count()
    return Tile(_("Orders nobody drives"), count, list_url(Delivery, driven="NOBODY"), _("to come, on no round"))


def _late_taps(today: Today) -> Tile:
    """What drivers tapped that came too late to count, and may be true all the same."""
    count = DriverAction.objects.to_look_at().count()
    url = list_url(DriverAction, needs_look__exact=1)
    return Tile(_("Late taps of drivers"), count, url, _("ask what happened at the door"))


def _to_pack(today: Today) -> Tile:
    """What is confirmed for today, and beside it for tomorrow, where packing starts the evening before."""
    due, ahead = Q(pk__in=[]), Q(pk__in=[])
    for region, day in today:
        due |= Q(region=region, delivery_date=day)
        ahead |= Q(region=region, delivery_date=day + timedelta(days=1))
    confirmed = Order.objects.filter(due | ahead, status=Order.Status.CONFIRMED)
    counts = confirmed.aggregate(now=Count("pk", filter=due), next=Count("pk", filter=ahead))
    note = _("%(count)d more for tomorrow") % {"count": counts["next"]}
    return Tile(_("To pack now"), counts["now"], list_url(Order, packing="now"), note, "warn")


def _claims(today: Today) -> Tile:
    count = Claim.objects.open().count()
    return Tile(_("Claims to decide"), count, list_url(Claim, status__exact=Claim.Status.OPEN), _("waiting"))


def _in_part(today: Today) -> Tile:
    """Orders to come of which some line has nobody who brings it."""
    confirmed = Order.Status.CONFIRMED
    count = Order.objects.filter(status=confirmed, partial_fulfilment=True).count()
    url = list_url(Order, status__exact=confirmed, partial_fulfilment__exact=1)
    return Tile(_("Orders that lack something"), count, url, _("nobody brings a line of them"), "warn")


def _hanging(today: Today) -> Tile:
    count = stuck_refunds().count()
    return Tile(_("Money that hangs"), count, list_url(Refund, money="STUCK"), _("refunds that go nowhere"))


def _yesterday(today: Today) -> date:
    return min((day for _region, day in today), default=clock.now().date()) - timedelta(days=1)


def _failed(today: Today) -> Tile:
    since = _yesterday(today)
    failed = Delivery.Status.FAILED
    count = Delivery.objects.filter(status=failed, delivery_date__gte=since).count()
    url = list_url(Delivery, status__exact=failed, delivery_date_from=since)
    return Tile(_("Failed deliveries"), count, url, _("since yesterday"))


def _not_understood(today: Today) -> Tile:
    count = Webhook.objects.filter(status=Webhook.Status.FAILED).count()
    url = list_url(Webhook, status__exact=Webhook.Status.FAILED)
    return Tile(_("Words of gateways not understood"), count, url, _("the bank said something strange"))


def _dead_letters(today: Today) -> Tile:
    letters = backlog()
    under_way = ngettext("%(count)d event under way", "%(count)d events under way", letters.pending)
    url = list_url(EventDelivery, show="all", status__exact=EventDelivery.Status.DEAD)
    return Tile(_("Dead letters"), letters.dead, url, under_way % {"count": letters.pending})


def _unsent(today: Today) -> Tile:
    """Messages that we gave up on, since yesterday's start in the home region."""
    since = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    failed = Notification.Status.FAILED
    count = Notification.objects.filter(status=failed, created_at__gte=since).count()
    url = list_url(
        Notification,
        status__exact=failed,
        created_at_from_0=since.date().isoformat(),
        created_at_from_1=since.time().isoformat(),
    )
    return Tile(_("Messages that failed"), count, url, _("since yesterday"))


def _low(today: Today) -> Tile:
    return Tile(
        _("Shelves running low"), _low_shelves().count(), list_url(Stock, level="LOW"), _("packs on sale"), "warn"
    )


def _stuck(today: Today) -> Tile:
    count = Checkout.objects.filter(state=Checkout.State.WAITING).count()
    url = list_url(Checkout, state__exact=Checkout.State.WAITING)
    return Tile(_("Checkouts waiting"), count, url, _("mostly for a payment"), "calm")


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that waits for a decision, why, and until when."""

    order: Order
    why: Sequence[str]
    until: str


def held_orders() -> list[HeldOrder]:
    """What waits for a decision, the most urgent first. One query."""
    holds = open_holds()[:MOST_HELD]
    return [HeldOrder(hold.order, why_held(hold), decide_until(hold, hold.order)) for hold in holds]


def _low_shelves() -> Any:
    """Of active dairies and packs, as the list's filter has it."""
    stocks = Stock.objects.filter(vendor__is_active=True, variant__is_active=True)
    return stocks.annotate(left=F("on_hand") - F("reserved")).filter(left__lt=F("low_threshold"))


def low_stock() -> list[Stock]:
    """What runs out first. One query."""
    return list(_low_shelves().select_related("vendor", "variant__product").order_by("left", "pk")[:MOST_LOW])
