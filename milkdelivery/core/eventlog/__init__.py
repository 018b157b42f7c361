"""The event log: emit() writes to it, subscribe() reads it, the pump carries events from one to the other."""

from milkdelivery.core.eventlog.emission import emit, emit_many
from milkdelivery.core.eventlog.events import DomainEvent, Envelope
from milkdelivery.core.eventlog.registry import subscribe

__all__ = ["DomainEvent", "Envelope", "emit", "emit_many", "subscribe"]
