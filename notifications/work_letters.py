"""Letters to those who work here: what a dairy is to bring, which round is a driver's, what staff should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation

from deliveries.models import Delivery, Route
from milkdelivery.core import clock
from milkdelivery.core import rules as time_rules
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog.queries import backlog
from milkdelivery.core.models import DeliverySlot, EventDelivery
from milkdelivery.core.queries import region_book
from notifications.channels import Message
from notifications.links import site_link
from notifications.models import Notification
from notifications.queries import languages_of
from notifications.rules import Kind
from orders.models import Order, OrderLine
from orders.models.order import MISSING
from payments.models import Webhook
from vendors.models import Vendor

KINDS = frozenset(
    {
        Kind.VENDOR_DEMAND,
        Kind.DRIVER_ROUND,
        Kind.DRIVER_CALLED_OFF,
        Kind.NOBODY_DRIVES,
        Kind.DEAD_LETTERS,
        Kind.GATEWAY_WORDS,
    }
)
Render = Callable[[Notification, dict[str, Any]], Message]
Channel = Notification.Channel
Status = Delivery.Status

TO_BRING = (Order.Status.CONFIRMED, Order.Status.PACKED)
DEMAND_IS_TOLD_FOR = timedelta(hours=6)
"""After the cut-off; a worker that was down longer tells a dairy nothing that it has not read in its portal."""


# -- who is told -----------------------------------------------------------------------------------------------------


def demands() -> Iterator[Notification]:
    """One to each dairy for every delivery whose cut-off has just passed: nobody can order or change any more."""
    for slot, day in _just_closed():
        lines = _lines_of(slot.pk, day)
        for vendor in Vendor.objects.filter(pk__in=lines.values("vendor_id")).order_by("pk"):
            yield Notification(
                role=Role.VENDOR,
                kind=Kind.VENDOR_DEMAND,
                channel=Channel.EMAIL,
                address=vendor.email,
                data={"vendor_id": vendor.pk, "slot_id": slot.pk, "day": day.isoformat()},
                dedupe_key=f"{Kind.VENDOR_DEMAND}:{vendor.pk}:{slot.pk}:{day}",
            )


def rounds(routes: Iterable[Route], event_ids: dict[int, int]) -> Iterator[Notification]:
    """One to the driver of each round that has stops: again only where it has more or fewer of them now."""
    found = [route for route in routes if route.driver is not None and route.stops.exists()]
    languages = languages_of({route.driver.user_id for route in found if route.driver})
    for route in found:
        stops = route.stops.count()
        yield _to_driver(Kind.DRIVER_ROUND, route, languages, event_ids[route.pk], of=f"{stops}")


def called_off(routes: Iterable[Route], event_ids: dict[int, int]) -> Iterator[Notification]:
    """One to the driver of each round that is not driven."""
    found = [route for route in routes if route.driver is not None]
    languages = languages_of({route.driver.user_id for route in found if route.driver})
    for route in found:
        yield _to_driver(Kind.DRIVER_CALLED_OFF, route, languages, event_ids[route.pk], of="off")


def troubles() -> Iterator[Notification]:
    """What staff should look at: each cause once a day, however long it lasts."""
    region = region_book().region(settings.HOME_REGION)
    today = clock.today(region) if region else clock.now().date()
    if backlog().dead:
        yield _to_staff(Kind.DEAD_LETTERS, {}, today)
    if unread_words():
        yield _to_staff(Kind.GATEWAY_WORDS, {}, today)
    for hub_id, slot, day in _undriven():
        about = {"hub_id": hub_id, "slot_id": slot.pk, "day": day.isoformat()}
        yield _to_staff(Kind.NOBODY_DRIVES, about, day, of=f"{hub_id}:{slot.pk}")


def unread_words() -> int:
    """Words of gateways that could not be processed, of the last two days."""
    since = clock.real_now() - timedelta(days=2)
    return Webhook.objects.filter(status=Webhook.Status.FAILED, received_at__gte=since).count()


def without_driver(hub_id: int, slot_id: int, day: date) -> int:
    """How many deliveries of a hub nobody drives."""
    return _loose().filter(hub_id=hub_id, slot_id=slot_id, delivery_date=day).count()


def _loose() -> Any:
    waiting = Delivery.objects.filter(status__in=(Status.SCHEDULED, Status.ASSIGNED))
    return waiting.filter(Q(stop=None) | Q(stop__route__driver=None))


def _undriven() -> Iterator[tuple[int, DeliverySlot, date]]:
    """Hub, slot and day of deliveries past their cut-off: nobody can take the order back, so somebody must drive."""
    book, now = region_book(), clock.now()
    near = now.date() - timedelta(days=1), now.date() + timedelta(days=2)
    rows = _loose().filter(delivery_date__range=near).order_by("delivery_date", "slot_id", "hub_id")
    slots = DeliverySlot.objects.in_bulk()
    for hub_id, slot_id, day in rows.values_list("hub_id", "slot_id", "delivery_date").distinct():
        slot = slots[slot_id]
        zone = book.regions[slot.region_id].time_zone
        if book.cutoff_at(slot, day) <= now < time_rules.instant(day, slot.ends_at, zone):
            yield hub_id, slot, day


def _just_closed() -> Iterator[tuple[DeliverySlot, date]]:
    book, now = region_book(), clock.now()
    for region in book.regions.values():
        today = clock.today(region)
        for slot in book.slots_of(region.pk):
            for day in (today, today + timedelta(days=1), today + timedelta(days=2)):
                if timedelta(0) <= now - book.cutoff_at(slot, day) < DEMAND_IS_TOLD_FOR:
                    yield slot, day


def _lines_of(slot_id: int, day: date) -> Any:
    """What the dairies are to bring for a delivery: of orders that come, without what falls short."""
    lines = OrderLine.objects.filter(order__slot_id=slot_id, order__delivery_date=day, order__status__in=TO_BRING)
    return lines.exclude(status__in=MISSING).filter(vendor__isnull=False)


def _to_staff(kind: Kind, data: dict[str, Any], day: date, *, of: str = "") -> Notification:
    return Notification(
        role=Role.ADMIN,
        kind=kind,
        channel=Channel.EMAIL,
        address=settings.ADMIN_EMAIL,
        data=data,
        dedupe_key=f"{kind}:{of}:{day}",
    )


def _to_driver(kind: Kind, route: Route, languages: Any, event_id: int, *, of: str) -> Notification:
    assert route.driver is not None  # noqa: S101 - asked before
    person = route.driver.user
    return Notification(
        recipient=person,
        role=Role.DRIVER,
        kind=kind,
        channel=Channel.EMAIL if person.mail_address else Channel.SMS,
        language=languages.get(person.pk, "en"),
        address=person.mail_address or person.phone_number,
        data={"route_id": route.pk, "driver_id": route.driver_id},
        dedupe_key=f"{kind}:{route.pk}:{route.driver_id}:{of}",
        event_id=event_id,
    )


# -- what they are told ----------------------------------------------------------------------------------------------


def write(notification: Notification, render: Render) -> Message | None:
    """The letter as things are now; None where there is nothing to tell any more."""
    found = _LOOKS[notification.kind](notification)
    if found is None:
        return None
    context, zone = found
    context |= {"BRAND_NAME": settings.BRAND_NAME, "site_url": settings.SITE_URL}
    with translation.override(notification.language), timezone.override(ZoneInfo(zone)):
        return render(notification, context)


Look = tuple[dict[str, Any], str] | None


def _demand(notification: Notification) -> Look:
    data = notification.data
    vendor = Vendor.objects.get(pk=data["vendor_id"])
    slot, day = DeliverySlot.objects.select_related("region").get(pk=data["slot_id"]), date.fromisoformat(data["day"])
    lines = list(_lines_of(slot.pk, day).filter(vendor=vendor).named())
    if not lines:
        return None
    hubs = dict(
        Delivery.objects.filter(order_id__in={line.order_id for line in lines}).values_list("order_id", "hub__name")
    )
    by_hub: dict[str, Counter[tuple[str, str]]] = {}
    with translation.override(notification.language):
        for line in lines:
            packs = by_hub.setdefault(hubs.get(line.order_id, ""), Counter())
            packs[line.local_name, line.local_pack] += line.quantity
    zone = slot.region.time_zone
    return {
        "vendor": vendor,
        "slot": slot,
        "day": day,
        "pack_by": time_rules.pack_at(slot, day, zone),
        "pieces": sum(line.quantity for line in lines),
        "orders": len({line.order_id for line in lines}),
        "hubs": [(hub, [(*pack, count) for pack, count in sorted(by_hub[hub].items())]) for hub in sorted(by_hub)],
        "vendor_link": site_link("vendors:portal"),
    }, zone


def _route(notification: Notification) -> Route:
    routes = Route.objects.select_related("hub__region", "slot", "vehicle")
    return routes.get(pk=notification.data["route_id"])


def _round(notification: Notification) -> Look:
    route = _route(notification)
    stops = route.stops.count()
    if route.status != Route.Status.PLANNED or route.driver_id != notification.data["driver_id"] or not stops:
        return None
    return _about(route) | {"stops": stops}, route.hub.region.time_zone


def _round_off(notification: Notification) -> Look:
    route = _route(notification)
    if route.status != Route.Status.CALLED_OFF:
        return None
    return _about(route), route.hub.region.time_zone


def _about(route: Route) -> dict[str, Any]:
    return {"route": route, "slot": route.slot, "link": site_link("deliveries:round")}


def _nobody_drives(notification: Notification) -> Look:
    data = notification.data
    day = date.fromisoformat(data["day"])
    count = without_driver(data["hub_id"], data["slot_id"], day)
    if not count:
        return None
    delivery = (
        _loose()
        .select_related("hub__region", "slot")
        .filter(hub_id=data["hub_id"], slot_id=data["slot_id"], delivery_date=day)[0]
    )
    context = {"count": count, "hub": delivery.hub, "slot": delivery.slot, "day": day}
    return context | {"link": site_link("admin:deliveries_route_changelist")}, delivery.hub.region.time_zone


def _dead_letters(_notification: Notification) -> Look:
    count = backlog().dead
    if not count:
        return None
    subscribers = EventDelivery.objects.dead().order_by().values_list("subscriber", flat=True).distinct()
    context = {"count": count, "subscribers": sorted(subscribers)}
    return context | {
        "link": f"{site_link('admin:core_eventdelivery_changelist')}?status__exact=DEAD"
    }, settings.TIME_ZONE


def _gateway_words(_notification: Notification) -> Look:
    count = unread_words()
    if not count:
        return None
    link = f"{site_link('admin:payments_webhook_changelist')}?status__exact=FAILED"
    return {"count": count, "link": link}, settings.TIME_ZONE


_LOOKS: dict[str, Callable[[Notification], Look]] = {
    Kind.VENDOR_DEMAND: _demand,
    Kind.DRIVER_ROUND: _round,
    Kind.DRIVER_CALLED_OFF: _round_off,
    Kind.NOBODY_DRIVES: _nobody_drives,
    Kind.DEAD_LETTERS: _dead_letters,
    Kind.GATEWAY_WORDS: _gateway_words,
}
