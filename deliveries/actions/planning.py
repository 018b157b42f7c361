"""Making rounds: of a hub's slot, all at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from deliveries.actions.placing import first_at, open_route, stop_for
from deliveries.actions.transitions import give_status
from deliveries.events import DeliveryAssigned, RoutePlanned
from deliveries.models import Delivery, Hub, Route, Stop
from deliveries.queries.seats import (
    Crew,
    crew_of,
    door_of_order,
    packs_of,
    position_of_hub,
    position_of_order,
    seats_of,
    travel,
)
from deliveries.rules import OPEN
from deliveries.rules.planning import Door, arrivals, in_driving_order, share_out
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import DomainEvent, emit_many

Status = Delivery.Status
BATCH = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What planning came to: rounds, doors on them, and deliveries that nobody drives."""

    routes: int
    stops: int
    left_over: int


def plan_routes(hub_id: int, *, on: date, slot_id: int, by: Actor, replan: bool = False) -> Plan:
    """Plan the rounds of a hub's slot. Safe to repeat.

    The first time, and with `replan`, all doors are shared out anew among who drives and put in order. After that
    rounds keep what their drivers know: only what is on none, or on the round of somebody who does not drive now, is
    put where it costs least. Locked rounds, and those with something picked up, stay as they are; who is back from a
    round is sent out again by a hand only. Locks the hub, its rounds of the slot, their deliveries. Emits RoutePlanned
    and DeliveryAssigned.
    """
    with transaction.atomic():
        hub = Hub.objects.locked(hub_id)
        crew = crew_of(hub_id, on=on, slot_id=slot_id)
        routes = Route.objects.locked_of(hub_id, on=on, slot_id=slot_id)
        on_routes = {route.pk: Delivery.objects.locked_of_route(route.pk) for route in routes}
        free = [route for route in routes if _is_free(route, on_routes[route.pk])]
        is_known = any(route.planned_at is not None for route in routes) and not replan
        undone = [route for route in free if route.driver_id not in crew] if is_known else free
        loose = Delivery.objects.locked_without_round(hub_id, on=on, slot_id=slot_id)
        moving = [*loose, *(delivery for route in undone for delivery in on_routes[route.pk])]
        before = {delivery.pk: delivery.driver_id for delivery in moving}
        _take_off(moving, undone)
        open_ones = [delivery for delivery in moving if delivery.status in OPEN]
        if is_known:
            _insert(open_ones, hub, on=on, slot_id=slot_id)
        else:
            busy = {r.driver_id for r in routes if r.status != Route.Status.CALLED_OFF} - {r.driver_id for r in free}
            _share(open_ones, hub, _without(crew, busy), on, slot_id)
        _drop_empty(undone)
        told = news_of(open_ones, before)
        planned = Route.objects.filter(hub=hub, date=on, slot_id=slot_id, status=Route.Status.PLANNED)
        touched = planned.filter(stops__deliveries__in=[d.pk for d in open_ones]).distinct()
        told += [RoutePlanned(route.pk, hub_id, route.driver_id or 0) for route in touched.order_by("pk")]
        emit_many(told, actor=by)
        stops = Stop.objects.filter(route__in=planned).count()
        return Plan(planned.count(), stops, sum(1 for delivery in open_ones if delivery.stop_id is None))


def place_loose(delivery_id: int, *, by: Actor) -> Delivery:
    """Give a delivery that is on no round to one, where somebody drives by now. Safe to repeat. Emits DeliveryAssigned.

    A driver may have been hired, or a shift agreed on, after it was scheduled. Locks the hub, the delivery, the round.
    """
    with transaction.atomic():
        hub = Hub.objects.locked(Delivery.objects.values_list("hub_id", flat=True).get(pk=delivery_id))
        delivery = Delivery.objects.locked(delivery_id)
        if delivery.stop_id is not None or delivery.status not in OPEN:
            return delivery
        _insert([delivery], hub, on=delivery.delivery_date, slot_id=delivery.slot_id)
        emit_many(news_of([delivery], {}), actor=by)
    return delivery


def _without(crew: Crew, busy: Collection[int | None]) -> Crew:
    return replace(crew, vehicles={pk: van for pk, van in crew.vehicles.items() if pk not in busy})


def _is_free(route: Route, deliveries: Collection[Delivery]) -> bool:
    """Whether planning may change the round."""
    at_hub = all(d.status in OPEN or d.status == Status.CANCELLED for d in deliveries)
    return route.status == Route.Status.PLANNED and not route.is_locked and at_hub


def _take_off(deliveries: Sequence[Delivery], routes: Sequence[Route]) -> None:
    for delivery in deliveries:
        delivery.stop = None
    Delivery.objects.bulk_update(deliveries, ["stop"], batch_size=BATCH)
    Stop.objects.filter(route__in=routes).delete()


def _insert(deliveries: Sequence[Delivery], hub: Hub, *, on: date, slot_id: int) -> None:
    for delivery in deliveries:
        delivery.stop = stop_for(delivery.order, hub, on=on, slot_id=slot_id)
    write_places(deliveries)


def _share(deliveries: Sequence[Delivery], hub: Hub, crew: Crew, on: date, slot_id: int) -> None:
    """Make whole rounds of these deliveries."""
    packs = packs_of([delivery.order_id for delivery in deliveries])
    behind: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        behind.setdefault(door_of_order(delivery.order), []).append(delivery)
    doors = [
        Door(key, position_of_order(them[0].order), sum(packs.get(d.order_id, 0) for d in them))
        for key, them in behind.items()
    ]
    centre = position_of_hub(hub)
    shares = share_out(centre, doors, seats_of(crew))
    for driver_id in sorted(pk for pk, share in shares.items() if share):
        route = open_route(hub, driver_id, on=on, slot_id=slot_id, crew=crew)
        for stop in _stops(route, in_driving_order(centre, shares[driver_id])):
            for delivery in behind[stop.door]:
                delivery.stop = stop
    write_places(deliveries)


def _stops(route: Route, doors: Sequence[Door]) -> list[Stop]:
    """The stops of a locked round that has none, with its lengths and times."""
    positions = [door.position for door in doors]
    reached, metres, whole = arrivals(position_of_hub(route.hub), positions, travel(), first_at=first_at(route))
    route.planned_metres, route.planned_minutes = metres, -(-int(whole.total_seconds()) // 60)
    route.planned_at = clock.now()
    route.save(update_fields=["planned_metres", "planned_minutes", "planned_at"])
    return Stop.objects.bulk_create(
        [
            Stop(
                route=route,
                sequence=number,
                door=door.key,
                latitude=door.position.latitude if door.position else None,
                longitude=door.position.longitude if door.position else None,
                planned_arrival=at,
            )
            for number, (door, at) in enumerate(zip(doors, reached, strict=True), start=1)
        ],
        batch_size=BATCH,
    )


def write_places(deliveries: Sequence[Delivery]) -> None:
    """Save where deliveries are now, and that they have a driver or none."""
    now = clock.now()
    for delivery in deliveries:
        has_driver = delivery.driver_id is not None
        give_status(delivery, Status.ASSIGNED if has_driver else Status.SCHEDULED)
        delivery.assigned_at = (delivery.assigned_at or now) if has_driver else None
    Delivery.objects.bulk_update(deliveries, ["stop", "status", "assigned_at"], batch_size=BATCH)


def _drop_empty(routes: Sequence[Route]) -> None:
    """Rounds that were undone and got nothing again never were."""
    Route.objects.filter(pk__in=[route.pk for route in routes], stops__isnull=True).delete()


def news_of(deliveries: Sequence[Delivery], before: dict[int, int | None]) -> list[DomainEvent]:
    """Who was given what they did not have `before` (driver by delivery)."""
    return [
        DeliveryAssigned(delivery.pk, delivery.order_id, delivery.driver_id)
        for delivery in deliveries
        if delivery.driver_id is not None and delivery.driver_id != before.get(delivery.pk)
    ]
