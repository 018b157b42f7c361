"""Hubs, who drives from them, the rounds they drive, and the drops at the doors."""

from deliveries.models.deliveries import Delivery, DeliveryQuerySet, FailedAttempt, new_tracking_token
from deliveries.models.hubs import Hub, HubArea
from deliveries.models.people import Driver, Shift, Vehicle
from deliveries.models.proofs import Proof, ProofQuerySet, proof_of
from deliveries.models.ratings import Rating
from deliveries.models.routes import Route, RouteQuerySet, Stop, StopQuerySet
from deliveries.models.taps import DriverAction, DriverActionQuerySet, word_that_stands

__all__ = [
    "Delivery",
    "DeliveryQuerySet",
    "Driver",
    "DriverAction",
    "DriverActionQuerySet",
    "FailedAttempt",
    "Hub",
    "HubArea",
    "Proof",
    "ProofQuerySet",
    "Rating",
    "Route",
    "RouteQuerySet",
    "Shift",
    "Stop",
    "StopQuerySet",
    "Vehicle",
    "new_tracking_token",
    "proof_of",
    "word_that_stands",
]
