"""What happens on the way to the door."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class DeliveryScheduled(DomainEvent):
    name = "delivery.scheduled"
    delivery_id: int
    order_id: int
    hub_id: int
    delivery_date: date


@dataclass(frozen=True)
class DeliveryAssigned(DomainEvent):
    name = "delivery.assigned"
    delivery_id: int
    order_id: int
    driver_id: int


@dataclass(frozen=True)
class RoutePlanned(DomainEvent):
    """A round got its stops, or others, or another order of them. `driver_id` is 0 where nobody drives it."""

    name = "route.planned"
    route_id: int
    hub_id: int
    driver_id: int


@dataclass(frozen=True)
class RouteUpdated(DomainEvent):
    """A round was added, locked, opened, or given to somebody. `driver_id` is 0 where nobody drives it."""

    name = "route.updated"
    route_id: int
    hub_id: int
    driver_id: int
    vehicle_id: int
    is_locked: bool


@dataclass(frozen=True)
class ShiftChanged(DomainEvent):
    """A driver drives in a slot, or doesn't."""

    name = "shift.changed"
    driver_id: int
    date: date
    is_absent: bool


@dataclass(frozen=True)
class DeliveryUpdated(DomainEvent):
    """It moved on: picked up, on the way, or called off."""

    name = "delivery.updated"
    delivery_id: int
    order_id: int
    status: str


@dataclass(frozen=True)
class DeliveryCompleted(DomainEvent):
    name = "delivery.completed"
    delivery_id: int
    order_id: int
    cash_collected: Money


@dataclass(frozen=True)
class DeliveryFailed(DomainEvent):
    """It could not be handed over. It is brought again on `retried_on`, or its money goes back where that is None."""

    name = "delivery.failed"
    delivery_id: int
    order_id: int
    reason: str
    retried_on: date | None


@dataclass(frozen=True)
class DeliveryRated(DomainEvent):
    """A household gave stars, or changed them. What it said stands in the rating alone."""

    name = "delivery.rated"
    delivery_id: int
    order_id: int
    stars: int


@dataclass(frozen=True)
class DeliveryUndone(DomainEvent):
    """A driver, or staff with a reason, took back that it was delivered, or that it could not be: it is in the van."""

    name = "delivery.undone"
    delivery_id: int
    order_id: int
    was: str
    reason: str = ""


@dataclass(frozen=True)
class DoorPhotoKept(DomainEvent):
    """A photo of what stands at a door came. Whether it shows anything stands in the delivery's proof."""

    name = "delivery.photo_kept"
    delivery_id: int
    order_id: int


@dataclass(frozen=True)
class DriverActionRefused(DomainEvent):
    """A driver's tap did not count. `needs_look` says that it may be true all the same, so somebody has to ask."""

    name = "driver.action_refused"
    action_id: int
    driver_id: int
    kind: str
    code: str
    needs_look: bool


@dataclass(frozen=True)
class DriverActionLookedAt(DomainEvent):
    """Staff have found out what a late tap meant."""

    name = "driver.action_looked_at"
    action_id: int
    driver_id: int


@dataclass(frozen=True)
class RouteStarted(DomainEvent):
    name = "route.started"
    route_id: int
    driver_id: int


@dataclass(frozen=True)
class RouteClosed(DomainEvent):
    """The driver is back; how many orders were brought, failed, and were not got to."""

    name = "route.closed"
    route_id: int
    delivered: int
    failed: int
    missed: int


@dataclass(frozen=True)
class RouteCalledOff(DomainEvent):
    """Nobody drives it to its end. Each household hears of its own order."""

    name = "route.called_off"
    route_id: int
    hub_id: int
    reason: str


@dataclass(frozen=True)
class HubUpdated(DomainEvent):
    """A hub, its area or its drivers changed."""

    name = "hub.updated"
    hub_id: int
