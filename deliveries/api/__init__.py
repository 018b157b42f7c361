"""Deliveries: a driver's round, and what happens at the hub and at the door."""

from deliveries.api.desk import OneDelivery
from deliveries.api.rounds import MyRoutes, RouteClose, RouteStart
from deliveries.api.stops import Delivered, Deliveries, Failed, PickedUp, Undo
from deliveries.api.sync import Sync

__all__ = [
    "Delivered",
    "Deliveries",
    "Failed",
    "MyRoutes",
    "OneDelivery",
    "PickedUp",
    "RouteClose",
    "RouteStart",
    "Sync",
    "Undo",
]
