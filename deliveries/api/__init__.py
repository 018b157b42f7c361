"""Deliveries: a driver's round, and what happens at the hub and at the door."""

from deliveries.api.desk import OneDelivery
from deliveries.api.dispatch import Hubs, OneRoute, Plan, RouteCallOff, Routes, RouteStops, SlotCallOff
from deliveries.api.proofs import DoorProof
from deliveries.api.rounds import MyRoutes, RouteClose, RouteStart
from deliveries.api.stops import Delivered, Deliveries, Failed, PickedUp, Undo
from deliveries.api.sync import Sync

__all__ = [
    "Delivered",
    "Deliveries",
    "DoorProof",
    "Failed",
    "Hubs",
    "MyRoutes",
    "OneDelivery",
    "OneRoute",
    "PickedUp",
    "Plan",
    "RouteCallOff",
    "RouteClose",
    "RouteStart",
    "RouteStops",
    "Routes",
    "SlotCallOff",
    "Sync",
    "Undo",
]
