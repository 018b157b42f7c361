"""Deliveries in the back office: the drops of a day, their rounds, who drives, and the hubs they start from."""

from deliveries.admin import deliveries, rounds, taps

__all__ = ["deliveries", "rounds", "taps"]
