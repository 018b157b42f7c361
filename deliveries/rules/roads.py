"""How far it is from door to door, and how long it takes. As the crow flies, made longer for roads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import asin, atan2, cos, radians, sin, sqrt

EARTH_RADIUS = 6_371_000
"""In metres."""


@dataclass(frozen=True, slots=True)
class Position:
    latitude: Decimal
    longitude: Decimal

    @property
    def is_on_earth(self) -> bool:
        return abs(self.latitude) <= 90 and abs(self.longitude) <= 180


@dataclass(frozen=True, slots=True)
class Travel:
    """How a van moves: `detour_percent` makes roads of straight lines, `service` is what a door takes."""

    kilometres_per_hour: int
    detour_percent: int
    service: timedelta

    def metres(self, start: Position | None, end: Position | None) -> int:
        """By road. A place that nobody knows costs nothing: it is where one is already."""
        return 0 if start is None or end is None else beeline(start, end) * self.detour_percent // 100

    def time(self, metres: int) -> timedelta:
        return timedelta(seconds=metres * 3600 // (self.kilometres_per_hour * 1000))


def beeline(start: Position, end: Position) -> int:
    """Metres between two places, by the haversine formula."""
    here, there = radians(start.latitude), radians(end.latitude)
    up = sin((there - here) / 2)
    across = sin(radians(end.longitude - start.longitude) / 2)
    return round(2 * EARTH_RADIUS * asin(min(1, sqrt(up * up + cos(here) * cos(there) * across * across))))


def bearing(centre: Position, place: Position) -> int:
    """In which direction a place lies, in thousandths of a radian, from -3141 to 3141."""
    east = radians(place.longitude - centre.longitude) * cos(radians(centre.latitude))
    return round(1000 * atan2(radians(place.latitude - centre.latitude), east))


def length(hub: Position, places: Sequence[Position | None], travel: Travel) -> int:
    """Metres of a round from the hub along these places and back."""
    at, total = hub, 0
    for place in places:
        if place is not None:
            total += travel.metres(at, place)
            at = place
    return total + (travel.metres(at, hub) if places else 0)
