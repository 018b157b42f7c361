"""Rounds: which driver brings which doors, in which order, and when.

Good and simple: doors are swept around the hub like the hand of a clock and cut where a driver has enough, then visited
by nearest neighbour. All ties are broken by what does not change, so the same doors give the same rounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deliveries.rules.roads import Position, Travel, bearing, beeline, length


@dataclass(frozen=True, slots=True)
class Door:
    """Where something is to be brought. `position` is None where nobody knows where it is."""

    key: str
    position: Position | None
    packs: int = 0


@dataclass(frozen=True, slots=True)
class Seat:
    """A driver who drives, and how many packs their vehicle carries; None for as many as there are."""

    driver_id: int
    packs: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """A driver of the hub, and how many deliveries they have in that slot."""

    driver_id: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Where a new door costs least: before the stop at `index`, for so many metres more."""

    index: int
    metres: int


def next_driver(loads: list[Load]) -> int | None:
    """Whoever has least to do; among equals the one who has been here longest."""
    least = min(loads, key=lambda load: (load.deliveries, load.driver_id), default=None)
    return least.driver_id if least else None


def door_of(address: Mapping[str, object]) -> str:
    """The words that make two addresses the same door: without regard to case, spaces and who lives there."""
    parts = ("flat", "floor", "tower", "society", "line1", "line2", "pincode")
    words = (" ".join(str(address.get(part, "")).split()) for part in parts)
    return ", ".join(word for word in words if word)[:255]


def crates_for(packs: int, *, packs_per_crate: int) -> int:
    """Full crates and one for the rest."""
    return -(-packs // packs_per_crate)


def in_driving_order(hub: Position, doors: Sequence[Door]) -> list[Door]:
    """From the hub always to the nearest door left. Doors that nobody can place come last, by their words."""
    left = sorted((door for door in doors if door.position is not None), key=lambda door: door.key)
    lost = sorted((door for door in doors if door.position is None), key=lambda door: door.key)
    order: list[Door] = []
    at = hub
    while left:
        nearest = min(left, key=lambda door: _from(at, door))
        left.remove(nearest)
        order.append(nearest)
        at = nearest.position or at
    return order + lost


def _from(at: Position, door: Door) -> int:
    return beeline(at, door.position) if door.position is not None else 0


def share_out(hub: Position, doors: Sequence[Door], seats: Sequence[Seat]) -> dict[int, list[Door]]:
    """The doors of each driver, by driver id: neighbours together, equal shares, within what a vehicle carries.

    What no vehicle has room for goes to whoever is least overloaded: milk that stays behind helps nobody.
    """
    shares: dict[int, list[Door]] = {seat.driver_id: [] for seat in seats}
    if not seats:
        return shares
    waiting = _swept(hub, doors)
    order = sorted(seats, key=lambda seat: seat.driver_id)
    for number, seat in enumerate(order):
        fair = -(-sum(door.packs for door in waiting) // (len(order) - number))
        taken = 0
        while waiting:
            packs = waiting[0].packs
            if seat.packs is not None and taken + packs > seat.packs:
                break
            # the door goes where it brings the share nearer to a fair one
            if number < len(order) - 1 and taken and taken + packs - fair > fair - taken:
                break
            taken += packs
            shares[seat.driver_id].append(waiting.pop(0))
    for door in waiting:
        shares[min(order, key=lambda seat: _overload(seat, shares)).driver_id].append(door)
    return shares


def _swept(hub: Position, doors: Sequence[Door]) -> list[Door]:
    """By direction seen from the hub, starting behind the widest gap, so that no cluster is cut by chance."""
    placed = sorted((bearing(hub, door.position), door.key, door) for door in doors if door.position is not None)
    lost = sorted((door for door in doors if door.position is None), key=lambda door: door.key)
    if len(placed) > 1:
        gaps = [
            ((after - before) % 6283, index)
            for index, ((before, *_), (after, *_)) in enumerate(zip(placed[-1:] + placed[:-1], placed, strict=True))
        ]
        start = max(gaps, key=lambda gap: (gap[0], -gap[1]))[1]
        placed = placed[start:] + placed[:start]
    return [door for _angle, _key, door in placed] + lost


def _overload(seat: Seat, shares: dict[int, list[Door]]) -> tuple[int, int]:
    packs = sum(door.packs for door in shares[seat.driver_id])
    return (packs - seat.packs if seat.packs is not None else packs - 10**9, seat.driver_id)


def cheapest_place(hub: Position, stops: Sequence[Position | None], new: Position | None, travel: Travel) -> Cheapest:
    """Where on a round a door fits best without changing the order of the others; last where nobody can place it."""
    if new is None:
        return Cheapest(len(stops), 0)
    known = [(index, place) for index, place in enumerate(stops) if place is not None]
    points = [(0, hub), *((index + 1, place) for index, place in known)]
    ends = [place for _index, place in known] + [hub]
    costs = [
        Cheapest(index, travel.metres(before, new) + travel.metres(new, after) - travel.metres(before, after))
        for (index, before), after in zip(points, ends, strict=True)
    ]
    return min(costs, key=lambda found: (found.metres, found.index))


def arrivals(
    hub: Position, stops: Sequence[Position | None], travel: Travel, *, first_at: datetime
) -> tuple[list[datetime], int, timedelta]:
    """When each door is reached if the first is at `first_at`; the metres and the time of the whole round."""
    reached: list[datetime] = []
    at, clock = hub, first_at
    for number, place in enumerate(stops):
        if number:
            clock += travel.service + travel.time(travel.metres(at, place))
        reached.append(clock)
        at = place or at
    metres = length(hub, stops, travel)
    whole = travel.time(metres) + travel.service * len(stops)
    return reached, metres, whole
