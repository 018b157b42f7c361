"""The rounds of today and of the coming days as a dispatcher has left them: planned, in vans, one door missed.

What nobody has planned yet is planned; what people have planned or begun to load stays as it is.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from deliveries.actions import give_route, mark_failed, plan_routes, save_vehicle
from deliveries.actions.placing import renumber
from deliveries.models import Delivery, FailedAttempt, Hub, Route, Stop, Vehicle
from deliveries.queries.seats import position_of_hub, position_of_stop
from deliveries.rules import UNDER_WAY
from deliveries.rules.planning import Door, in_driving_order
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role

VANS = 2
CRATES = 12
LEAST_DONE = 2
"""Doors that a round has behind it before one is missed."""


def buy_vans(hubs: Sequence[Hub], *, by: Actor) -> None:
    """Two vans for each hub, with number plates of its country."""
    for place, hub in enumerate(hubs, start=1):
        for van in range(1, VANS + 1):
            plate = f"KA 01 MB {place}{van:03}" if hub.region.country == "IN" else f"VT {place}{van:03}"
            save_vehicle(Vehicle(hub=hub, plate=plate, crates=CRATES), by=by)


def dispatch(*, by: Actor) -> None:
    """Plan what is to come, put rounds into vans, and let one driver miss a door. Safe to repeat."""
    since = clock.now().date() - timedelta(days=1)
    new = Route.objects.filter(date__gte=since, planned_at=None)
    slots = new.filter(status=Route.Status.PLANNED).order_by("hub", "date", "slot__starts_at")
    for hub_id, on, slot_id in slots.values_list("hub_id", "date", "slot_id").distinct():
        plan_routes(hub_id, on=on, slot_id=slot_id, by=by)
        _give_vans(hub_id, on=on, slot_id=slot_id, by=by)
    for route_id in new.filter(status=Route.Status.STARTED).order_by("pk").values_list("pk", flat=True):
        _put_in_order(route_id)
    _miss_one()


def _give_vans(hub_id: int, *, on: date, slot_id: int, by: Actor) -> None:
    """Each round of the slot in one of the hub's vans, as far as there are any."""
    vans = Vehicle.objects.filter(hub=hub_id, is_active=True).order_by("plate")
    routes = Route.objects.filter(hub=hub_id, date=on, slot=slot_id, status=Route.Status.PLANNED).order_by("number")
    for route, van in zip(routes, vans, strict=False):
        if route.vehicle_id is None:
            give_route(route.pk, driver_id=route.driver_id, vehicle_id=van.pk, by=by)


def _put_in_order(route_id: int) -> None:
    """A round on the road: what is done stands first, the rest from door to nearest door, each with its time."""
    with transaction.atomic():
        route = Route.objects.locked(route_id)
        stops = {stop.door: stop for stop in Stop.objects.filter(route=route).in_order()}
        open_doors = set(
            Delivery.objects.filter(stop__route=route, status__in=UNDER_WAY).values_list("stop__door", flat=True)
        )
        done = [stop for stop in stops.values() if stop.door not in open_doors]
        left = [Door(door, position_of_stop(stops[door])) for door in sorted(open_doors)]
        at = next((place for stop in reversed(done) if (place := position_of_stop(stop))), position_of_hub(route.hub))
        route.planned_at = route.created_at
        route.save(update_fields=["planned_at"])
        renumber(route, [*done, *(stops[door.key] for door in in_driving_order(at, left))])


def _miss_one() -> None:
    """Nobody opens at one door of a round that is well on its way; once a day at most."""
    for route in Route.objects.filter(status=Route.Status.STARTED).select_related("driver").order_by("pk"):
        on_round = Delivery.objects.filter(stop__route=route)
        if FailedAttempt.objects.filter(stop__route=route).exists() or route.driver is None:
            return
        if on_round.filter(status=Delivery.Status.DELIVERED).count() < LEAST_DONE:
            continue
        missed = on_round.filter(status__in=UNDER_WAY).order_by("stop__sequence", "pk").first()
        if missed is not None:
            mark_failed(missed.pk, reason="NOBODY_THERE", by=Actor.user(route.driver.user_id, Role.DRIVER))
            return
