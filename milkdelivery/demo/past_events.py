"""Events of days that are over: in the log like all others, and nobody is to be told of them any more."""

from datetime import datetime

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.demo.copying import Row


def past_event(told: DomainEvent, *, actor: Actor, at: datetime) -> Row:
    """The row that `emit` would have written at that instant, without receipts for its subscribers."""
    return {
        "name": told.name,
        "subject": told.subject,
        "data": told.to_data(),
        "actor_kind": actor.kind,
        "actor_id": actor.user_id,
        "actor_name": actor.name,
        "role": actor.role or "",
        "occurred_at": at,
    }
