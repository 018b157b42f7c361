"""What a dispatcher does by hand with the rounds of a slot. All lock as planning does: hub, rounds, deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from deliveries.actions.placing import put_on, renumber, tidy
from deliveries.actions.planning import Plan, news_of, plan_routes, write_places
from deliveries.actions.scheduling import ensure_at_work
from deliveries.events import RoutePlanned, RouteUpdated, ShiftChanged
from deliveries.models import Delivery, Driver, Hub, Route, Shift, Stop, Vehicle
from deliveries.queries.seats import door_of_order, position_of_order, position_of_stop
from deliveries.rules import CANCELLED, OPEN, UNDER_WAY
from deliveries.rules.status import DriverAbsent, DriverBusy, RoundNotAtHub, RoundOver, StopMoved
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.eventlog import DomainEvent, emit, emit_many

Place = tuple[int, int]
"""A round by its primary key, and a stop's number on it."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """A hub's slot, locked: the hub, then its rounds by primary key."""

    hub: Hub
    routes: Mapping[int, Route]


def _desk(hub_id: int, *, on: date, slot_id: int) -> _Desk:
    hub = Hub.objects.locked(hub_id)
    return _Desk(hub, {route.pk: route for route in Route.objects.locked_of(hub.pk, on=on, slot_id=slot_id)})


def _desk_of(route_id: int) -> _Desk:
    """The desk of a round. Raises NotFound where there is no such round (any more)."""
    place = Route.objects.filter(pk=route_id).values_list("hub_id", "date", "slot_id").first()
    desk = _desk(place[0], on=place[1], slot_id=place[2]) if place else None
    if desk is None or route_id not in desk.routes:
        raise NotFound(_("There is no such round."))
    return desk


def _ensure_alive(route: Route) -> None:
    if route.is_over:
        raise RoundOver(_("This round is over."))


def lock_route(route_id: int, *, is_locked: bool, by: Actor) -> Route:
    """Planning leaves the round alone from now on, or no longer. Safe to repeat.

    Locks hub and rounds. Raises RoundOver, also for a round of a day that is over. Emits RouteUpdated.
    """
    with transaction.atomic():
        desk = _desk_of(route_id)
        route = desk.routes[route_id]
        _ensure_alive(route)
        if route.date < clock.today(desk.hub.region):
            raise RoundOver(_("This day is over."))
        if route.is_locked != is_locked:
            route.is_locked = is_locked
            route.save(update_fields=["is_locked"])
            emit(_updated(route), actor=by)
    return route


def add_route(
    hub_id: int, *, on: date, slot_id: int, driver_id: int | None, vehicle_id: int | None, by: Actor
) -> Route:
    """One round more in a hub's slot, empty. Not safe to repeat without a driver: two rounds are two.

    A driver who is back from a round of the slot can have it. Locks hub and rounds. Raises InvalidInput for a day that
    is over, StopMoved where a checkout begins a round at this very moment, and as `give_route`. Emits RouteUpdated.
    """
    with transaction.atomic():
        desk = _desk(hub_id, on=on, slot_id=slot_id)
        if on < clock.today(desk.hub.region):
            raise InvalidInput(_("This day is over."))
        numbers = {route.number for route in desk.routes.values()}
        route = Route(
            hub=desk.hub,
            date=on,
            slot_id=slot_id,
            number=max(numbers, default=0) + 1,
            driver_id=_driver_for(None, driver_id, desk, on=on, slot_id=slot_id, by=by),
            vehicle_id=_vehicle_for(None, vehicle_id, desk),
            created_at=clock.now(),
        )
        try:
            with transaction.atomic():
                route.save()
        except IntegrityError as clash:  # an order's first round is begun without the hub's lock
            raise StopMoved(_("Somebody else added a round at this moment. Look again.")) from clash
        emit(_updated(route), actor=by)
    return route


def give_route(
    route_id: int,
    *,
    driver_id: int | None,
    vehicle_id: int | None,
    by: Actor,
    seen: tuple[int | None, int | None] | None = None,
) -> Route:
    """Who drives a round, in what. Also on the road: a van that broke down, a driver who fell ill. Safe to repeat.

    `seen` are the driver and vehicle that whoever decided had before them: where others have it meanwhile, StopMoved is
    raised. Where shifts are agreed on, the driver gets one. Locks hub, rounds and the round's deliveries. Raises
    RoundOver, NotFound for another hub's driver or vehicle, DriverAbsent, DriverBusy (driver or vehicle has another
    round of the slot), and RoundNotAtHub where a round with something in the van would have nobody. Emits RouteUpdated
    and DeliveryAssigned.
    """
    with transaction.atomic():
        desk = _desk_of(route_id)
        route = desk.routes[route_id]
        _ensure_alive(route)
        if (route.driver_id, route.vehicle_id) == (driver_id, vehicle_id):
            return route
        if seen is not None and seen != (route.driver_id, route.vehicle_id):
            raise StopMoved(_("Somebody else changed this round meanwhile. Look again."))
        drops = Delivery.objects.locked_of_route(route_id)
        if driver_id is None and any(drop.status not in (*OPEN, CANCELLED) for drop in drops):
            raise RoundNotAtHub(_("Something of it is in the van: it needs a driver."), field="driver")
        before = {drop.pk: route.driver_id for drop in drops}
        route.driver_id = _driver_for(route, driver_id, desk, on=route.date, slot_id=route.slot_id, by=by)
        route.vehicle_id = _vehicle_for(route, vehicle_id, desk)
        route.save(update_fields=["driver", "vehicle"])
        for drop in drops:
            if drop.stop is not None:
                drop.stop.route = route
        write_places([drop for drop in drops if drop.status in OPEN])
        going = [drop for drop in drops if drop.status in (*OPEN, *UNDER_WAY)]
        emit_many([_updated(route), *news_of(going, before)], actor=by)
    return route


def _driver_for(
    route: Route | None, driver_id: int | None, desk: _Desk, *, on: date, slot_id: int, by: Actor
) -> int | None:
    """The driver, if they can have this round; they get a shift where others of the slot have one."""
    if driver_id is None or (route is not None and route.driver_id == driver_id):
        return driver_id
    ensure_at_work(desk.hub.pk, driver_id)
    other = next((r for r in desk.routes.values() if r.driver_id == driver_id and not r.is_over), None)
    if other is not None:
        words = _("%(name)s drives round %(number)d of this slot.") % {"name": other.driver, "number": other.number}
        raise DriverBusy(words, field="driver")
    agreed = {shift.driver_id: shift for shift in Shift.objects.of(desk.hub.pk, on=on, slot_id=slot_id)}
    if driver_id in agreed and agreed[driver_id].is_absent:
        raise DriverAbsent(_("This driver is absent then. Say first that they are back."), field="driver")
    if driver_id not in agreed and any(not shift.is_absent for shift in agreed.values()):
        Shift.objects.create(driver_id=driver_id, date=on, slot_id=slot_id)
        emit(ShiftChanged(driver_id, on, False), actor=by)
    return driver_id


def _vehicle_for(route: Route | None, vehicle_id: int | None, desk: _Desk) -> int | None:
    if vehicle_id is None or (route is not None and route.vehicle_id == vehicle_id):
        return vehicle_id
    if not Vehicle.objects.filter(pk=vehicle_id, hub=desk.hub, is_active=True).exists():
        raise NotFound(_("This hub has no such vehicle."), field="vehicle")
    other = next((r for r in desk.routes.values() if r.vehicle_id == vehicle_id and not r.is_over), None)
    if other is not None:
        words = _("%(plate)s is the vehicle of round %(number)d.") % {"plate": other.vehicle, "number": other.number}
        raise DriverBusy(words, field="vehicle")
    return vehicle_id


def move_stops(
    stop_ids: Sequence[int],
    *,
    to_route: int,
    by: Actor,
    before: int | None = None,
    is_last: bool = False,
    seen: Mapping[int, Place] | None = None,
) -> Route:
    """Bring these doors on that round: before its stop `before`, last, or where they cost least. Safe to repeat.

    The round is one of the same hub and slot, and may be on the road: then what is new on it comes last. What is in a
    van stays on its round, but can be brought earlier or later. `seen` says where whoever decided saw the stops: where
    one is elsewhere meanwhile, StopMoved is raised. Locks hub, rounds, the deliveries of the stops. Raises RoundOver,
    RoundNotAtHub, NotFound. Emits RoutePlanned for each round that changes, DeliveryAssigned.
    """
    with transaction.atomic():
        desk = _desk_of(to_route)
        target = desk.routes[to_route]
        _ensure_alive(target)
        stops = list(Stop.objects.filter(pk__in=stop_ids, route__in=desk.routes).in_order())
        if not stops or len(stops) != len(set(stop_ids)):
            raise StopMoved(_("Somebody else changed this round meanwhile. Look again."))
        for stop in stops:
            if seen is not None and seen.get(stop.pk) != (stop.route_id, stop.sequence):
                raise StopMoved(_("Somebody else changed this round meanwhile. Look again."))
        drops = Delivery.objects.locked_at(stops)
        was = {drop.pk: drop.driver_id for drop in drops}
        sources = {stop.route_id for stop in stops} - {target.pk}
        arrived = [_carried(stop, target, desk, [d for d in drops if d.stop_id == stop.pk]) for stop in stops]
        if before is not None or is_last:
            _reorder(target, arrived, before)
        tidy(sources)
        moved = [drop for drop in drops if drop.status in OPEN]
        told: list[DomainEvent] = [
            RoutePlanned(pk, desk.hub.pk, desk.routes[pk].driver_id or 0) for pk in sorted({*sources, target.pk})
        ]
        emit_many(told + news_of(moved, was), actor=by)
    return target


def order_stops(route_id: int, stop_ids: Sequence[int], *, by: Actor) -> Route:
    """Drive the doors of a round in this order: all of its stops, each once. Safe to repeat.

    Locks hub and rounds. Raises RoundOver, NotFound, and StopMoved where the round has other stops by now. Emits
    RoutePlanned where something changes.
    """
    with transaction.atomic():
        desk = _desk_of(route_id)
        route = desk.routes[route_id]
        _ensure_alive(route)
        known = {stop.pk: stop for stop in Stop.objects.filter(route=route).in_order()}
        if sorted(stop_ids) != sorted(known):
            raise StopMoved(_("Somebody else changed this round meanwhile. Look again."))
        if list(stop_ids) != list(known):
            renumber(route, [known[pk] for pk in stop_ids])
            emit(RoutePlanned(route.pk, desk.hub.pk, route.driver_id or 0), actor=by)
    return route


def _carried(stop: Stop, target: Route, desk: _Desk, drops: Sequence[Delivery]) -> Stop:
    """The stop on the round that it is brought to; itself where it is there."""
    if stop.route_id == target.pk:
        return stop
    _ensure_alive(desk.routes[stop.route_id])
    if any(drop.status not in (*OPEN, CANCELLED) for drop in drops):
        raise RoundNotAtHub(_("What is in the van, or was brought, stays on its round."))
    new = put_on(target, stop.door, position_of_stop(stop))
    new.route = target
    for drop in drops:
        drop.stop = new if drop.status in OPEN else None
    write_places([drop for drop in drops if drop.status in OPEN])
    Delivery.objects.filter(pk__in=[drop.pk for drop in drops if drop.stop is None]).update(stop=None)
    return new


def _reorder(route: Route, moved: Sequence[Stop], before: int | None) -> None:
    """Give the round's stops numbers anew, the moved ones standing together before `before`, or last."""
    wanted = list(dict.fromkeys(stop.pk for stop in moved))
    known = {stop.pk: stop for stop in Stop.objects.filter(route=route).in_order()}
    rest = [pk for pk in known if pk not in wanted]
    if before is not None and before not in known:
        raise StopMoved(_("Somebody else changed this round meanwhile. Look again."))
    at = rest.index(before) if before in rest else len(rest)
    renumber(route, [known[pk] for pk in (*rest[:at], *wanted, *rest[at:])])


def give_delivery(delivery_id: int, *, route_id: int, by: Actor) -> Delivery:
    """Put one delivery that has not left the hub on this round, also one that is on the road. Safe to repeat.

    Locks hub, rounds and the delivery. Raises RoundOver, RoundNotAtHub for what has left, NotFound for a round of
    another hub or slot. Emits RoutePlanned and DeliveryAssigned.
    """
    with transaction.atomic():
        desk = _desk_of(route_id)
        route = desk.routes[route_id]
        _ensure_alive(route)
        delivery = Delivery.objects.locked(delivery_id)
        if (delivery.hub_id, delivery.delivery_date, delivery.slot_id) != (desk.hub.pk, route.date, route.slot_id):
            raise NotFound(_("There is no such round for this delivery."), field="route")
        left = delivery.stop
        if left is not None and left.route_id == route.pk:
            return delivery
        if delivery.status not in OPEN:
            raise RoundNotAtHub(_("What is in the van, or was brought, stays on its round."))
        was = {delivery.pk: delivery.driver_id}
        stop = put_on(route, door_of_order(delivery.order), position_of_order(delivery.order))
        stop.route = route
        delivery.stop = stop
        write_places([delivery])
        touched = [route.pk]
        if left is not None:
            tidy([left.route_id])
            touched.append(left.route_id)
        told: list[DomainEvent] = [
            RoutePlanned(pk, desk.hub.pk, desk.routes[pk].driver_id or 0) for pk in touched if pk in desk.routes
        ]
        emit_many(told + news_of([delivery], was), actor=by)
    return delivery


def report_absent(driver_id: int, *, on: date, slot_id: int, by: Actor) -> Plan:
    """A driver is ill, or on leave: they don't drive in this slot, and their doors go to the others. Safe to repeat.

    A round that was locked is shared out all the same. Locks hub, rounds, deliveries. Raises NotFound; RoundNotAtHub
    for a driver who has loaded something: that round is given to somebody or called off. Emits ShiftChanged, and what
    planning tells.
    """
    with transaction.atomic():
        driver = _driver(driver_id)
        desk = _desk(driver.hub_id, on=on, slot_id=slot_id)
        for route in desk.routes.values():
            if route.driver_id == driver.pk and not route.is_over:
                _ensure_not_loaded(route)
                Route.objects.filter(pk=route.pk).update(is_locked=False)
        shift, is_new = Shift.objects.get_or_create(
            driver=driver, date=on, slot_id=slot_id, defaults={"is_absent": True}
        )
        if is_new or not shift.is_absent:
            shift.is_absent = True
            shift.save(update_fields=["is_absent"])
            emit(ShiftChanged(driver.pk, on, True), actor=by)
        return plan_routes(driver.hub_id, on=on, slot_id=slot_id, by=by)


def report_back(driver_id: int, *, on: date, slot_id: int, by: Actor) -> None:
    """A driver who was to be absent drives after all. Safe to repeat. Locks the hub. Emits ShiftChanged."""
    with transaction.atomic():
        driver = _driver(driver_id)
        Hub.objects.locked(driver.hub_id)
        absences = Shift.objects.of(driver.hub_id, on=on, slot_id=slot_id)
        mine = absences.filter(driver=driver, is_absent=True)
        # a shift says that only those with one drive: it stays where others have one too
        others_drive = absences.filter(is_absent=False).exists()
        changed = mine.update(is_absent=False) if others_drive else mine.delete()[0]
        if changed:
            emit(ShiftChanged(driver.pk, on, False), actor=by)


def _driver(driver_id: int) -> Driver:
    driver = Driver.objects.filter(pk=driver_id).first()
    if driver is None:
        raise NotFound(_("This hub has no such driver."), field="driver")
    return driver


def _ensure_not_loaded(route: Route) -> None:
    drops = Delivery.objects.locked_of_route(route.pk)
    if route.status != Route.Status.PLANNED or any(drop.status not in (*OPEN, CANCELLED) for drop in drops):
        raise RoundNotAtHub(_("Round %(number)d is loaded. Give it to another driver.") % {"number": route.number})


def _updated(route: Route) -> RouteUpdated:
    return RouteUpdated(route.pk, route.hub_id, route.driver_id or 0, route.vehicle_id or 0, route.is_locked)
