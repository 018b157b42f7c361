"""Who drives from a hub in a slot, and what they have to do so far."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from deliveries.models import Driver, Hub, HubArea, Route, Stop, Vehicle
from deliveries.rules.planning import Seat, door_of
from deliveries.rules.roads import Position, Travel
from milkdelivery.core.models import Pincode
from milkdelivery.core.queries import region_book
from orders.models import MISSING, Order, OrderLine


@dataclass(frozen=True, slots=True)
class Crew:
    """Who drives from a hub in a slot: drivers by primary key, with their round's vehicle or the agreed one, if any.

    `routes` are the rounds that they have, by driver: the one that is not over, else one that they are back from.
    `last_number` is the highest of all rounds of the slot.
    """

    hub: Hub | None
    vehicles: Mapping[int, int | None]
    routes: Mapping[int, Route]
    last_number: int

    def __contains__(self, driver_id: int | None) -> bool:
        return driver_id in self.vehicles


def crew_of(hub_id: int, *, on: date, slot_id: int) -> Crew:
    """Those with a shift; where nobody has one, every active driver who is not absent. One query."""
    return _crew(Driver.objects.at_work(hub_id), on, slot_id)


def crew_serving(pincode: str, *, on: date, slot_id: int) -> Crew:
    """The crew of the active hub whose area the pincode is. One query; the hub is missing where nobody works there."""
    areas = HubArea.objects.filter(pincode__code=pincode, hub__is_active=True)
    return _crew(
        Driver.objects.filter(hub__in=areas.values("hub_id"), is_active=True, user__is_active=True), on, slot_id
    )


def _crew(drivers: QuerySet[Driver], on: date, slot_id: int) -> Crew:
    alive = [Route.Status.PLANNED, Route.Status.STARTED, Route.Status.CLOSED]
    last = Route.objects.filter(hub=OuterRef("hub"), date=on, slot_id=slot_id).order_by("-number").values("number")[:1]
    rows: list[Any] = list(
        drivers.annotate(
            agreed=FilteredRelation("shifts", condition=Q(shifts__date=on, shifts__slot_id=slot_id)),
            driven=FilteredRelation(
                "routes",
                condition=Q(routes__date=on, routes__slot_id=slot_id, routes__status__in=alive),
            ),
            is_absent=F("agreed__is_absent"),
            vehicle_id=Coalesce("driven__vehicle_id", "agreed__vehicle_id"),
            route_id=F("driven__id"),
            route_status=F("driven__status"),
            route_locked=F("driven__is_locked"),
            route_planned_at=F("driven__planned_at"),
            last_number=Subquery(last),
        )
        .select_related("hub")
        .order_by("pk")
    )
    rows.sort(key=lambda row: (row.pk, row.route_status != Route.Status.CLOSED))  # the later of a driver's rows counts
    working = [row for row in rows if row.is_absent is False] or [row for row in rows if row.is_absent is None]
    return Crew(
        hub=rows[0].hub if rows else None,
        vehicles={row.pk: row.vehicle_id for row in working},
        routes={row.pk: _route_of(row) for row in rows if row.route_id is not None},
        last_number=(rows[0].last_number or 0) if rows else 0,
    )


def _route_of(row: Any) -> Route:
    """As much of a driver's round as choosing one needs."""
    return Route(
        pk=row.route_id,
        driver_id=row.pk,
        status=row.route_status,
        is_locked=row.route_locked,
        planned_at=row.route_planned_at,
    )


def seats_of(crew: Crew) -> list[Seat]:
    """The crew with what their vehicles carry. One query, none where nobody has a vehicle."""
    wanted = {pk for pk in crew.vehicles.values() if pk is not None}
    rows = Vehicle.objects.filter(pk__in=wanted).values_list("pk", "crates") if wanted else ()
    crates = dict(rows)
    return [
        Seat(driver_id, crates[vehicle_id] * settings.PACKS_PER_CRATE if vehicle_id in crates else None)
        for driver_id, vehicle_id in crew.vehicles.items()
    ]


def travel() -> Travel:
    """How vans move here, by the settings."""
    return Travel(
        kilometres_per_hour=settings.ROUND_KILOMETRES_PER_HOUR,
        detour_percent=settings.ROUND_DETOUR_PERCENT,
        service=timedelta(seconds=settings.ROUND_SECONDS_PER_DOOR),
    )


def position_of_hub(hub: Hub) -> Position:
    return Position(hub.latitude, hub.longitude)


def position_of_stop(stop: Stop) -> Position | None:
    if stop.latitude is None or stop.longitude is None:
        return None
    return Position(stop.latitude, stop.longitude)


def position_of_order(order: Order) -> Position | None:
    """Where the door is: as the household marked it, else the middle of its pincode, None where nobody knows.

    Reads the region book, which is kept in memory.
    """
    marked = marked_position(order)
    if marked is not None:
        return marked
    pincode: Pincode | None = region_book().pincodes.get(order.pincode)
    return Position(pincode.latitude, pincode.longitude) if pincode is not None else None


def marked_position(order: Order) -> Position | None:
    """Where the door is as the household marked it, or None. No query."""
    address = order.address
    try:
        found = Position(Decimal(str(address["latitude"])), Decimal(str(address["longitude"])))
    except (KeyError, InvalidOperation):
        return None
    return found if found.is_on_earth else None


def door_of_order(order: Order) -> str:
    return door_of(order.address) or order.pincode


def packs_of(order_ids: Collection[int]) -> dict[int, int]:
    """How many packs come, by order. One query."""
    lines = OrderLine.objects.filter(order_id__in=order_ids).exclude(status__in=MISSING).order_by()
    return dict(lines.values_list("order_id").annotate(packs=Sum("quantity")))
