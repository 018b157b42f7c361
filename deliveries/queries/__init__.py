"""Reads of deliveries: one by one, and a driver's round."""

from deliveries.queries.desk import Desk, DeskRound, at_stake, desk_of, next_slot, nobody_drives, paid_already
from deliveries.queries.lookup import (
    Followed,
    deliveries_seen_by,
    delivery_by_token,
    delivery_seen_by,
    driver_of,
    follow,
    hub_names,
    hub_serving,
    round_of,
    routes_seen_by,
)
from deliveries.queries.ratings import Rated, rating_of
from deliveries.queries.rounds import (
    Drop,
    Round,
    RoundDay,
    current_day,
    days_of,
    drops_of,
    load_round,
    stop_of,
    stops_of,
    undoable_of,
)
from deliveries.queries.seats import crew_of, door_of_order, position_of_order
from deliveries.queries.summary import Summary, summary_of, summary_seen_by

__all__ = [
    "Desk",
    "DeskRound",
    "Drop",
    "Followed",
    "Rated",
    "Round",
    "RoundDay",
    "Summary",
    "at_stake",
    "crew_of",
    "current_day",
    "days_of",
    "deliveries_seen_by",
    "delivery_by_token",
    "delivery_seen_by",
    "desk_of",
    "door_of_order",
    "driver_of",
    "drops_of",
    "follow",
    "hub_names",
    "hub_serving",
    "load_round",
    "next_slot",
    "nobody_drives",
    "paid_already",
    "position_of_order",
    "rating_of",
    "round_of",
    "routes_seen_by",
    "stop_of",
    "stops_of",
    "summary_of",
    "summary_seen_by",
    "undoable_of",
]
