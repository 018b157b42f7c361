"""The rounds of the past: whose they were, and at which doors they stopped."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection

from deliveries.models import Route, Stop
from deliveries.queries import door_of_order, position_of_order
from milkdelivery.demo.copying import Row, allocate_ids, copy_rows
from milkdelivery.demo.life import Story
from orders.models import Order

# As drivers would have started and closed them. Rounds without anything picked up wait for their driver.
_STATES = """
UPDATE deliveries_route AS route SET
    status = CASE WHEN driven.is_done THEN 'CLOSED' ELSE 'STARTED' END,
    started_at = driven.started_at,
    closed_at = CASE WHEN driven.is_done THEN driven.ended_at END
FROM (
    SELECT stop.route_id, min(delivery.picked_up_at) AS started_at, max(delivery.delivered_at) AS ended_at,
        bool_and(delivery.status IN ('DELIVERED', 'FAILED', 'CANCELLED')) AS is_done
    FROM deliveries_delivery delivery JOIN deliveries_stop stop ON stop.id = delivery.stop_id
    GROUP BY stop.route_id HAVING count(delivery.picked_up_at) > 0
) AS driven
WHERE route.id = driven.route_id AND route.status IN ('PLANNED', 'STARTED')
"""


def close_what_is_done() -> None:
    """Rounds are where their deliveries are. Safe to repeat; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES)


_Key = tuple[int | None, date, int]
"""Driver, day, slot."""


class RoundsWriter:
    """Gives orders their stops, round by round, in the order in which they were brought."""

    def __init__(self, *, since: date) -> None:
        known = Route.objects.filter(date__gte=since).exclude(status=Route.Status.CALLED_OFF)
        self.routes: dict[_Key, int] = {
            (driver_id, day, slot_id): pk
            for pk, driver_id, day, slot_id in known.values_list("pk", "driver_id", "date", "slot_id")
        }
        self.numbers: dict[tuple[int, date, int], int] = {}
        for hub_id, day, slot_id, number in known.values_list("hub_id", "date", "slot_id", "number"):
            key = (hub_id, day, slot_id)
            self.numbers[key] = max(self.numbers.get(key, 0), number)
        stops = Stop.objects.filter(route__in=known).values_list("pk", "route_id", "door", "sequence")
        self.stops = {(route_id, door): pk for pk, route_id, door, _number in stops}
        self.lengths: dict[int, int] = {}
        for _pk, route_id, _door, number in stops:
            self.lengths[route_id] = max(self.lengths.get(route_id, 0), number)

    def write(self, pairs: Sequence[tuple[Story, Order]]) -> list[int | None]:
        """Write rounds and stops of these orders; the stop of each, None where nobody drove."""
        driven = sorted(
            ((story, order) for story, order in pairs if story.driver_id),
            key=lambda pair: (_brought_at(pair[0]), pair[0].household.index),
        )
        self._open([story for story, _order in driven])
        made: list[Row] = []
        wanted = [(self._route_of(story), door_of_order(order), order) for story, order in driven]
        new = {(route_id, door): order for route_id, door, order in wanted if (route_id, door) not in self.stops}
        for (key, order), pk in zip(new.items(), allocate_ids(Stop, len(new)) if new else (), strict=True):
            route_id, door = key
            self.stops[key] = pk
            self.lengths[route_id] = self.lengths.get(route_id, 0) + 1
            place = position_of_order(order)
            made.append(
                {
                    "id": pk,
                    "route_id": route_id,
                    "sequence": self.lengths[route_id],
                    "door": door,
                    "latitude": place.latitude if place else None,
                    "longitude": place.longitude if place else None,
                }
            )
        copy_rows(Stop, made)
        return [
            self.stops[self._route_of(story), door_of_order(order)] if story.driver_id else None
            for story, order in pairs
        ]

    def _open(self, stories: Sequence[Story]) -> None:
        """The rounds that are not there yet."""
        new = {key: story for story in stories if (key := _key(story)) not in self.routes}
        rows: list[Row] = []
        for (key, story), pk in zip(new.items(), allocate_ids(Route, len(new)) if new else (), strict=True):
            place = (story.hub_id, story.day, story.slot.pk)
            self.routes[key] = pk
            self.numbers[place] = self.numbers.get(place, 0) + 1
            rows.append(
                {
                    "id": pk,
                    "hub_id": story.hub_id,
                    "date": story.day,
                    "slot_id": story.slot.pk,
                    "number": self.numbers[place],
                    "driver_id": story.driver_id,
                    "created_at": story.steps[1].at,
                }
            )
        copy_rows(Route, rows)

    def _route_of(self, story: Story) -> int:
        return self.routes[_key(story)]


def _key(story: Story) -> _Key:
    return story.driver_id, story.day, story.slot.pk


def _brought_at(story: Story) -> datetime:
    return story.at(Order.Status.DELIVERED) or story.placed_at
