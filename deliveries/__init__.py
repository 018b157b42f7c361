"""Hubs, drivers and the drop at the door."""
