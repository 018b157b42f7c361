"""One order of the past, from the press of the button to the door: when each thing happened, and the rows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.demo.households import Household
from milkdelivery.demo.supply import Shelf
from milkdelivery.demo.ways import Way
from orders.models import Order
from orders.rules.pricing import Quote

Status = Order.Status

LAST_ORDERS = timedelta(minutes=5)
"""Before the cut-off: nobody orders later than that."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When things happened to an order, or are going to. Without a driver it never leaves the hub."""

    placed: datetime
    confirmed: datetime
    packed: datetime
    picked_up: datetime
    delivered: datetime
    cancelled: datetime | None


def moments_of(
    slot: DeliverySlot,
    *,
    opens_at: datetime,
    cutoff: datetime,
    packs_at: datetime,
    starts_at: datetime,
    may_cancel: bool,
    chance: Random,
) -> Moments:
    """Most households order in the hours before the cut-off; the bottle stands at the door within the slot."""
    last = cutoff - LAST_ORDERS
    span = max(1, int((last - opens_at).total_seconds()))
    late = chance.randrange(100) < 70
    placed = last - timedelta(seconds=chance.randrange(min(span, 5 * 3600) if late else span))
    confirmed = placed + timedelta(milliseconds=chance.randint(80, 600))
    length = (datetime.combine(placed, slot.ends_at) - datetime.combine(placed, slot.starts_at)).total_seconds()
    delay = chance.randint(1, 20) * 60 if chance.randrange(100) < 3 else 0
    cancelled = None
    if chance.randrange(1000) < 12 and may_cancel:
        cancelled = confirmed + (cutoff - confirmed) * chance.randint(10, 90) / 100
    return Moments(
        placed=placed,
        confirmed=confirmed,
        packed=packs_at + timedelta(seconds=chance.randrange(35 * 60)),
        picked_up=starts_at - timedelta(seconds=chance.randint(15 * 60, 40 * 60)),
        delivered=starts_at + timedelta(seconds=chance.randrange(int(length)) + delay),
        cancelled=cancelled,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A status that the order reached, when, and who brought it there."""

    status: str
    at: datetime
    by: Actor


def steps_of(moments: Moments, *, customer: Actor, packer: Actor, driver: Actor | None, now: datetime) -> list[Step]:
    """The statuses that an order has reached by `now`."""
    steps = [Step(Status.CREATED, moments.placed, customer), Step(Status.CONFIRMED, moments.confirmed, customer)]
    if moments.cancelled is not None:
        steps.append(Step(Status.CANCELLED, moments.cancelled, customer))
    else:
        steps.append(Step(Status.PACKED, moments.packed, packer))
        if driver is not None:
            steps.append(Step(Status.OUT_FOR_DELIVERY, moments.picked_up, driver))
            steps.append(Step(Status.DELIVERED, moments.delivered, driver))
    return [step for step in steps if step.at <= now]


@dataclass(frozen=True, slots=True)
class Share:
    """A line's dairy: from which shelf it comes, why this one in words, and the record of the choice."""

    shelf: Shelf
    reason: str
    decision: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """An order that was placed, with everything that was decided about it. It has no ids yet."""

    household: Household
    region: Region
    slot: DeliverySlot
    day: date
    quote: Quote
    shares: Sequence[Share]
    hub_id: int
    driver_id: int | None
    steps: Sequence[Step]
    wish: str
    cancel_reason: str
    way: Way

    @property
    def status(self) -> str:
        return self.steps[-1].status

    @property
    def placed_at(self) -> datetime:
        return self.steps[0].at

    @property
    def vendor_ids(self) -> set[int]:
        return {share.shelf.vendor_id for share in self.shares}

    def at(self, status: str) -> datetime | None:
        """When the order reached the status."""
        return next((step.at for step in self.steps if step.status == status), None)
