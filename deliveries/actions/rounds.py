"""A round as a whole: it starts, it is closed, it is called off. One delivery, one transaction: whatever is broken off
goes on where it ended when it is done again."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _

from deliveries.actions.failing import give_up_missed, take_goods_in
from deliveries.actions.transitions import move_many, move_route
from deliveries.events import DeliveryUpdated, RouteCalledOff, RouteClosed, RouteStarted
from deliveries.models import Delivery, FailedAttempt, Route
from deliveries.queries.summary import Summary, summary_of
from deliveries.rules import OPEN, UNDER_WAY
from deliveries.rules.status import MISSED, NothingLoaded, RoundNotStarted, RoundOver, RoundTooEarly
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.eventlog import DomainEvent, emit, emit_many

Status = Delivery.Status
LEAST_REASON = 3


def start_route(route_id: int, *, by: Actor, driver_id: int | None = None) -> Route:
    """The driver leaves the hub: what was picked up is on the way. Safe to repeat.

    `driver_id` says whose it must be: another's is not found. Locks the round, then its deliveries. Raises
    NothingLoaded, RoundOver. Emits RouteStarted, and DeliveryUpdated for each.
    """
    with transaction.atomic():
        route = _locked(route_id, driver_id)
        if route.status == Route.Status.STARTED:
            return route
        deliveries = Delivery.objects.locked_of_route(route_id)
        loaded = [delivery for delivery in deliveries if delivery.status == Status.PICKED_UP]
        if not loaded and not any(d.status in (*UNDER_WAY, Status.DELIVERED, Status.FAILED) for d in deliveries):
            raise NothingLoaded(_("Pick something up first."))
        move_route(route, Route.Status.STARTED, started_at=clock.now())
        move_many(loaded, Status.IN_TRANSIT)
        told: list[DomainEvent] = [RouteStarted(route.pk, route.driver_id or 0)]
        told += [DeliveryUpdated(each.pk, each.order_id, Status.IN_TRANSIT.value) for each in loaded]
        emit_many(told, actor=by)
    return route


def close_route(route_id: int, *, by: Actor, driver_id: int | None = None) -> Summary:
    """The driver is back. What was not brought is given back its money, what failed is taken in again.

    Safe to repeat, and to go on with after it was broken off: every delivery is a transaction of its own. `driver_id`
    says whose it must be: another's is not found. Raises RoundOver for a round that was called off, RoundNotStarted
    for one that its driver has not left with, or whose day is still to come, and RoundTooEarly where a driver would end
    it before its slot begins while somebody waits. Emits RouteClosed, and what the deliveries tell.
    """
    with transaction.atomic():
        route = _locked(route_id, driver_id)
    is_to_come = driver_id is not None or route.date > clock.today(route.hub.region)
    if route.status == Route.Status.PLANNED and is_to_come:
        raise RoundNotStarted(_("This round has not started."))
    if route.status == Route.Status.CALLED_OFF:
        raise RoundOver(_("This round was called off."))
    if driver_id is not None and route.status == Route.Status.STARTED and _is_too_early(route):
        words = _("This round is not due before %(time)s, and doors wait for it. Call the hub if you can't drive it.")
        raise RoundTooEarly(words % {"time": time_format(route.slot.starts_at)})
    while route.status != Route.Status.CLOSED:
        _settle(route_id, reason=MISSED, by=by)
        with transaction.atomic():
            route = Route.objects.locked(route_id)
            if route.status != Route.Status.CLOSED and _is_settled(route):
                move_route(route, Route.Status.CLOSED, closed_at=clock.now())
                found = summary_of(route)
                emit(RouteClosed(route.pk, found.delivered, found.failed, found.missed), actor=by)
    return summary_of(route)


def call_off_route(route_id: int, *, reason: str, by: Actor) -> Route:
    """Nobody drives this round (to its end): what was not brought is given back its money. Safe to repeat.

    Each delivery is a transaction of its own. Raises InvalidInput without a reason, RoundOver for a closed round. Emits
    RouteCalledOff, and what the deliveries tell; households hear that their order is cancelled or returned.
    """
    words = _ensure_reason(reason)
    with transaction.atomic():
        route = _locked(route_id, None)
        if route.status == Route.Status.CALLED_OFF:
            return route
        if route.status == Route.Status.CLOSED:
            raise RoundOver(_("This round is over."))
    while route.status != Route.Status.CALLED_OFF:
        _settle(route_id, reason=words, by=by)
        with transaction.atomic():
            route = Route.objects.locked(route_id)
            if route.status != Route.Status.CALLED_OFF and _is_settled(route):
                move_route(route, Route.Status.CALLED_OFF, call_off_reason=words, closed_at=clock.now())
                emit(RouteCalledOff(route.pk, route.hub_id, words), actor=by)
    return route


def call_off_slot(hub_id: int, *, on: date, slot_id: int, reason: str, by: Actor) -> int:
    """Nobody drives from a hub in a slot (a strike, a storm): all its rounds, and what is on none; how many orders.

    As `call_off_route`, which see. Safe to repeat.
    """
    words = _ensure_reason(reason)
    there = Delivery.objects.filter(hub_id=hub_id, delivery_date=on, slot_id=slot_id)
    left = there.filter(status__in=[*OPEN, *UNDER_WAY]).count()
    alive = Route.objects.open().filter(hub_id=hub_id, date=on, slot_id=slot_id).order_by("pk")
    for route_id in alive.values_list("pk", flat=True):
        call_off_route(route_id, reason=words, by=by)
    for delivery_id in there.without_round().order_by("pk").values_list("pk", flat=True):
        give_up_missed(delivery_id, reason=words, by=by)
    return left


def _settle(route_id: int, *, reason: str, by: Actor) -> None:
    """Money back for what was not brought, and the goods of what failed to their shelves."""
    on_round = Delivery.objects.filter(stop__route_id=route_id)
    for delivery_id in on_round.filter(status__in=[*OPEN, *UNDER_WAY]).order_by("pk").values_list("pk", flat=True):
        give_up_missed(delivery_id, reason=reason, by=by)
    attempts = FailedAttempt.objects.true().filter(stop__route_id=route_id, put_back_at=None).order_by("pk")
    for attempt_id in attempts.values_list("pk", flat=True):
        take_goods_in(attempt_id, by=by)


def _is_too_early(route: Route) -> bool:
    begins = datetime.combine(route.date, route.slot.starts_at, ZoneInfo(route.hub.region.time_zone))
    waiting = Delivery.objects.filter(stop__route=route, status__in=[*OPEN, *UNDER_WAY])
    return clock.now() < begins and waiting.exists()


def _is_settled(route: Route) -> bool:
    """Whether nothing is left to settle of a locked round: a driver may have taken something back meanwhile."""
    on_round = Delivery.objects.filter(stop__route=route)
    failed = FailedAttempt.objects.true().filter(stop__route=route, put_back_at=None)
    return not on_round.filter(status__in=[*OPEN, *UNDER_WAY]).exists() and not failed.exists()


def _locked(route_id: int, driver_id: int | None) -> Route:
    try:
        route = Route.objects.locked(route_id)
    except Route.DoesNotExist:
        route = None
    if route is None or (driver_id is not None and route.driver_id != driver_id):
        raise NotFound(_("There is no such round."))
    return route


def _ensure_reason(reason: str) -> str:
    words = " ".join(reason.split())
    if len(words) < LEAST_REASON:
        raise InvalidInput(_("Say why."), field="reason")
    return words[:200]
