"""Reads of deliveries: one by one, and a driver's round."""

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
)
from deliveries.queries.rounds import Round, RoundDay, Stop, current_day, days_of, load_round, stop_of, stops_of

__all__ = [
    "Followed",
    "Round",
    "RoundDay",
    "Stop",
    "current_day",
    "days_of",
    "deliveries_seen_by",
    "delivery_by_token",
    "delivery_seen_by",
    "driver_of",
    "follow",
    "hub_names",
    "hub_serving",
    "load_round",
    "round_of",
    "stop_of",
    "stops_of",
]
