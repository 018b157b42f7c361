"""Putting a door on a round, and taking it off. Part of the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from deliveries.models import Delivery, Hub, Route, Stop
from deliveries.queries.seats import (
    Crew,
    crew_of,
    door_of_order,
    packs_of,
    position_of_hub,
    position_of_order,
    position_of_stop,
    seats_of,
    travel,
)
from deliveries.rules.planning import Load, arrivals, cheapest_place, next_driver
from deliveries.rules.roads import Position
from milkdelivery.core import clock, rules
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.queries import region_book
from orders.models import Order

TRIES = 10
"""How often a round may slip away while a door is put on it."""


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """A door that looks for a round."""

    door: str
    position: Position | None
    order_id: int


class NoMoreRounds(Exception):
    """Rounds leave faster than a door is put on them: that can't be."""


def stop_for(order: Order, hub: Hub, *, on: date, slot_id: int, crew: Crew | None = None) -> Stop | None:
    """The stop of an order on a round that has not left, made where there is none; None where nobody drives.

    A door that is on a round already is shared. On planned rounds a new one goes where it costs least; before that to
    whoever has least to do, who gets a round with their first door. Locks the round. `crew` is what was read.
    """
    ensure_in_transaction("stop_for()")
    new = _Newcomer(door_of_order(order), position_of_order(order), order.pk)
    for _attempt in range(TRIES):
        crew = crew or crew_of(hub.pk, on=on, slot_id=slot_id)
        found = _choose(crew, hub, new)
        if found is None:
            return None
        route = _taken(hub, found, on=on, slot_id=slot_id, crew=crew)
        if route is not None:
            return put_on(route, new.door, new.position, is_new=not isinstance(found, Route))
        crew = None  # it left, or was made, at this moment: all is looked at anew
    raise NoMoreRounds(f"order {order.pk}")


def _taken(hub: Hub, found: Route | int, *, on: date, slot_id: int, crew: Crew) -> Route | None:
    """The chosen round, locked, or a new one; None where it left meanwhile or somebody else made one."""
    if isinstance(found, Route):
        locked = Route.objects.locked(found.pk)
        return locked if locked.status == Route.Status.PLANNED else None
    try:
        with transaction.atomic():
            return _made(hub, found, crew.last_number + 1, on=on, slot_id=slot_id, crew=crew)
    except IntegrityError:
        return None


def _choose(crew: Crew, hub: Hub, new: _Newcomer) -> Route | int | None:
    """The round that takes a door, or the driver who begins one with it, or None. At most three queries."""
    at_hub = [
        route
        for route in crew.routes.values()
        if route.status == Route.Status.PLANNED and not route.is_locked and route.driver_id in crew
    ]
    stops = _stops_by_route(at_hub)
    shared = next((r for r in at_hub if any(stop.door == new.door for stop in stops[r.pk])), None)
    if shared is not None:
        return shared
    planned = [route for route in at_hub if route.planned_at is not None]
    roomy = _with_room(planned, crew, new.order_id)
    if roomy:
        centre, how = position_of_hub(hub), travel()
        return min(
            roomy,
            key=lambda route: (
                cheapest_place(centre, [position_of_stop(stop) for stop in stops[route.pk]], new.position, how).metres,
                route.pk,
            ),
        )
    mine = {route.driver_id: route for route in at_hub}
    free = [pk for pk in crew.vehicles if pk in mine or pk not in crew.routes]
    driver_id = next_driver([Load(pk, len(stops[mine[pk].pk]) if pk in mine else 0) for pk in free])
    return mine.get(driver_id, driver_id)


def _stops_by_route(routes: Sequence[Route]) -> dict[int, list[Stop]]:
    found: dict[int, list[Stop]] = {route.pk: [] for route in routes}
    if found:
        for stop in Stop.objects.filter(route__in=found).in_order():
            found[stop.route_id].append(stop)
    return found


def _with_room(routes: Sequence[Route], crew: Crew, order_id: int) -> list[Route]:
    """Rounds whose vehicle carries one order more; all of them where none has room: milk must not stay behind."""
    limits = {seat.driver_id: seat.packs for seat in seats_of(crew) if seat.packs is not None}
    if not any(route.driver_id in limits for route in routes):
        return list(routes)
    on_board = Delivery.objects.filter(stop__route__in=routes).exclude(status=Delivery.Status.CANCELLED)
    of_route = dict(on_board.values_list("order_id", "stop__route_id"))
    packs = packs_of([*of_route, order_id])
    loaded = dict.fromkeys((route.pk for route in routes), packs.get(order_id, 0))
    for pk, route_id in of_route.items():
        loaded[route_id or 0] += packs.get(pk, 0)
    roomy = [r for r in routes if r.driver_id not in limits or loaded[r.pk] <= limits[r.driver_id]]
    return roomy or list(routes)


def open_route(hub: Hub, driver_id: int, *, on: date, slot_id: int, crew: Crew) -> Route:
    """The driver's round of a slot that is not over, locked, made where there is none.

    Locks the hub: two never make the same one.
    """
    ensure_in_transaction("open_route()")
    hub = Hub.objects.locked(hub.pk)
    there = Route.objects.filter(hub=hub, date=on, slot_id=slot_id).values_list("pk", "number", "driver_id", "status")
    for pk, _number, driver, status in there:
        if driver == driver_id and status in (Route.Status.PLANNED, Route.Status.STARTED):
            return Route.objects.locked(pk)
    numbers = {number for _pk, number, _driver, _status in there}
    number = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
    return _made(hub, driver_id, number, on=on, slot_id=slot_id, crew=crew)


def _made(hub: Hub, driver_id: int, number: int, *, on: date, slot_id: int, crew: Crew) -> Route:
    return Route.objects.create(
        hub=hub,
        date=on,
        slot_id=slot_id,
        number=number,
        driver_id=driver_id,
        vehicle_id=crew.vehicles.get(driver_id),
        created_at=clock.now(),
    )


def put_on(route: Route, door: str, position: Position | None, *, is_new: bool = False) -> Stop:
    """The door's stop on a locked round: shared where it is on it, else new where it costs least.

    On a round that has left it comes last: its driver has to come back to the hub for it. `is_new` says that the round
    has no stops yet.
    """
    stops = [] if is_new else list(route.stops.in_order())
    shared = next((stop for stop in stops if stop.door == door), None)
    if shared is not None:
        return shared
    places = [position_of_stop(stop) for stop in stops]
    has_left = route.status != Route.Status.PLANNED
    hub = position_of_hub(route.hub)
    index = len(stops) if has_left else cheapest_place(hub, places, position, travel()).index
    places.insert(index, position)
    reached = _note_plan(route, places)
    if index < len(stops):
        old = stops[index].planned_arrival
        later = Stop.objects.filter(route=route, sequence__gt=index)
        delay = reached[index + 1] - old if old is not None else timedelta(0)
        later.update(sequence=F("sequence") + 1, planned_arrival=F("planned_arrival") + delay)
    return Stop.objects.create(
        route=route,
        sequence=index + 1,
        door=door,
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        planned_arrival=reached[index],
    )


def _note_plan(route: Route, places: Sequence[Position | None]) -> list[datetime]:
    """When each door is reached; how long the round is now is written where it was planned before."""
    reached, metres, whole = arrivals(position_of_hub(route.hub), places, travel(), first_at=first_at(route))
    if route.planned_at is not None:
        route.planned_metres, route.planned_minutes = metres, -(-whole // timedelta(minutes=1))
        route.save(update_fields=["planned_metres", "planned_minutes"])
    return reached


def first_at(route: Route) -> datetime:
    """When the first door is to be reached: as the slot begins."""
    book = region_book()
    slot = book.slots.get(route.slot_id) or route.slot
    region = book.regions.get(route.hub.region_id) or route.hub.region
    return rules.instant(route.date, slot.starts_at, region.time_zone)


def renumber(route: Route, stops: Sequence[Stop]) -> None:
    """Give the stops of a locked round this order, from 1 on, with their times. Three statements at most."""
    reached = _note_plan(route, [position_of_stop(stop) for stop in stops])
    for number, (stop, at) in enumerate(zip(stops, reached, strict=True), start=1):
        stop.sequence, stop.planned_arrival = number, at
    Stop.objects.bulk_update(stops, ["sequence", "planned_arrival"])


def tidy(route_ids: Collection[int]) -> None:
    """Take stops off these locked rounds that nothing is to be brought to any more, or was."""
    for route in Route.objects.filter(pk__in=route_ids).select_related("hub__region", "slot"):
        Stop.objects.filter(route=route, deliveries__isnull=True, failed_attempts__isnull=True).delete()
        renumber(route, list(Stop.objects.filter(route=route).in_order()))
