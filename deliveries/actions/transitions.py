"""The one place where the status of a delivery or a round changes."""

from collections.abc import Iterable
from typing import Any

from deliveries.models import Delivery, DriverAction, Route
from deliveries.rules import ensure_route_move, ensure_undo


def move(delivery: Delivery, to_status: str, **changes: Any) -> None:
    """Take a locked delivery to `to_status`, with what changes besides. That it may is for the caller to have asked."""
    delivery.status = to_status
    for field, value in changes.items():
        setattr(delivery, field, value)
    delivery.save(update_fields=["status", *changes])


def undo_move(delivery: Delivery, to_status: str, **changes: Any) -> None:
    """Take a locked delivery back to where a wrong tap took it from. Raises ImpossibleDeliveryMove."""
    ensure_undo(delivery.status)
    move(delivery, to_status, **changes)


def settle_tap(action: DriverAction, result: str, *, code: str = "", said: str = "", needs_look: bool = False) -> None:
    """What became of a tap."""
    told = (result, code, said[:255], needs_look)
    if told != (action.result, action.code, action.said, action.needs_look):
        action.result, action.code, action.said, action.needs_look = told
        action.save(update_fields=["result", "code", "said", "needs_look"])


def move_many(deliveries: Iterable[Delivery], to_status: str, **changes: Any) -> None:
    """The same for several locked deliveries. One statement."""
    rows = list(deliveries)
    for delivery in rows:
        delivery.status = to_status
        for field, value in changes.items():
            setattr(delivery, field, value)
    if rows:
        Delivery.objects.bulk_update(rows, ["status", *changes])


def give_status(delivery: Delivery, to_status: str) -> None:
    """A status that is saved with others in one statement. Not saved yet."""
    delivery.status = to_status


def move_route(route: Route, to_status: str, **changes: Any) -> None:
    """Take a locked round to `to_status`, if its status table allows it. Raises RoundOver."""
    ensure_route_move(route.status, to_status)
    route.status = to_status
    for field, value in changes.items():
        setattr(route, field, value)
    route.save(update_fields=["status", *changes])
