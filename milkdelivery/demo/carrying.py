"""Life goes on while nobody looks: orders that an earlier start left open are packed, driven and handed over.

By the product's own actions, at the moments when it would have happened. Whatever somebody has done with them stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import DomainError
from milkdelivery.demo.past import packer
from orders.actions import pack_order
from orders.models import Order

Status = Order.Status

_ON_ITS_WAY = (Status.CONFIRMED, Status.PACKED, Status.OUT_FOR_DELIVERY)


@dataclass(frozen=True, slots=True)
class _Step:
    """What takes an order out of a status, and when."""

    leaves: str
    at: datetime
    do: Callable[[], object]


def carry_on(*, seed: int, now: datetime) -> int:
    """Bring every confirmed order as far as the hour has; how many moved. What waits for a decision waits on.

    Each step commits by itself, so a start that is broken off is taken up by the next. Safe to repeat.
    """
    by = packer()
    drops = Delivery.objects.filter(order__status__in=_ON_ITS_WAY, delivery_date__lte=now.date() + timedelta(days=1))
    drops = drops.select_related("order__slot", "order__region", "stop__route__driver").order_by("delivery_date", "pk")
    return sum(_carry(drop, packer=by, chance=Random(f"{seed}/carried/{drop.pk}"), now=now) for drop in drops)


def _carry(drop: Delivery, *, packer: Actor, chance: Random, now: datetime) -> bool:
    status, latest = drop.order.status, _latest(drop.order)
    for step in _steps(drop, packer=packer, chance=chance):
        if step.leaves != status:
            continue
        at = max(step.at, latest)
        if at > now:
            break
        try:
            with clock.override(at):
                step.do()
        except DomainError:
            break  # milk that did not come in, say: it waits for people, as on any day, and the start goes on
        status, latest = Order.objects.values_list("status", flat=True).get(pk=drop.order_id), at
    return status != drop.order.status


def _steps(drop: Delivery, *, packer: Actor, chance: Random) -> list[_Step]:
    """Packed after the pack time, taken before the slot begins, handed over within it; nothing without a driver."""
    order = drop.order
    zone = order.region.time_zone
    packs_at = rules.pack_at(order.slot, order.delivery_date, zone) + timedelta(seconds=chance.randrange(35 * 60))
    starts_at = rules.instant(order.delivery_date, order.slot.starts_at, zone)
    ends_at = rules.instant(order.delivery_date, order.slot.ends_at, zone)
    leaves_at = starts_at - timedelta(seconds=chance.randint(15 * 60, 40 * 60))
    arrives_at = starts_at + (ends_at - starts_at) * chance.random()
    steps = [_Step(Status.CONFIRMED, packs_at, lambda: pack_order(order.pk, by=packer))]
    if drop.driver is not None:
        driver = Actor.user(drop.driver.user_id, Role.DRIVER)
        steps += [
            _Step(Status.PACKED, leaves_at, lambda: mark_picked_up(drop.pk, by=driver)),
            _Step(Status.OUT_FOR_DELIVERY, arrives_at, lambda: mark_delivered(drop.pk, by=driver)),
        ]
    return steps


def _latest(order: Order) -> datetime:
    """When it last changed: nothing happens to it before that."""
    return order.status_changes.order_by("-pk").values_list("occurred_at", flat=True).first() or order.placed_at
