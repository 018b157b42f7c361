"""The status tables of deliveries and rounds, and what is refused."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput

SCHEDULED = "SCHEDULED"
ASSIGNED = "ASSIGNED"
PICKED_UP = "PICKED_UP"
IN_TRANSIT = "IN_TRANSIT"
DELIVERED = "DELIVERED"
FAILED = "FAILED"
CANCELLED = "CANCELLED"

MOVES: Mapping[str, frozenset[str]] = {
    SCHEDULED: frozenset({ASSIGNED, CANCELLED}),
    ASSIGNED: frozenset({SCHEDULED, PICKED_UP, CANCELLED}),
    PICKED_UP: frozenset({IN_TRANSIT, DELIVERED, FAILED}),
    IN_TRANSIT: frozenset({DELIVERED, FAILED}),
    FAILED: frozenset({SCHEDULED}),
    DELIVERED: frozenset(),
    CANCELLED: frozenset(),
}

OPEN = frozenset({SCHEDULED, ASSIGNED})
"""The delivery has not been picked up."""

UNDER_WAY = frozenset({PICKED_UP, IN_TRANSIT})


class ImpossibleDeliveryMove(DomainError):
    code = "delivery_impossible_move"


class NotPacked(DomainError):
    """The order does not stand packed at the hub yet, so nobody can take it."""

    code = "order_not_packed"


class NotItsDay(DomainError):
    """It is for a later day, and would stand in the sun until then."""

    code = "delivery_not_its_day"


class NoDriver(DomainError):
    """It is on no round: somebody has to give it to a driver first."""

    code = "delivery_without_driver"


class NothingLoaded(DomainError):
    """The van is empty."""

    code = "round_nothing_loaded"


class NotPickedUp(DomainError):
    code = "delivery_not_picked_up"


class DeliveryCalledOff(DomainError):
    code = "delivery_called_off"


class NotDelivering(DomainError):
    """No hub brings anything to that pincode."""

    code = "not_served"


class NotADriver(InvalidInput):
    """The person's role would not let them open the driver's page."""

    code = "not_a_driver"


class PincodeTaken(DomainError):
    """Another hub brings to that pincode already: each has one."""

    code = "pincode_taken"


def ensure_move(from_status: str, to_status: str) -> None:
    if to_status not in MOVES[from_status]:
        raise ImpossibleDeliveryMove(
            _("A delivery that is %(from)s can't become %(to)s.") % {"from": from_status, "to": to_status},
            from_status=from_status,
            to_status=to_status,
        )


MISSED = "missed"
"""Why an order is cancelled that its round did not get to."""

PLANNED = "PLANNED"
STARTED = "STARTED"
CLOSED = "CLOSED"
CALLED_OFF = "CALLED_OFF"

ROUTE_MOVES: Mapping[str, frozenset[str]] = {
    PLANNED: frozenset({STARTED, CLOSED, CALLED_OFF}),
    STARTED: frozenset({CLOSED, CALLED_OFF}),
    CLOSED: frozenset(),
    CALLED_OFF: frozenset(),
}


class RoundOver(DomainError):
    """The round was closed or called off: nothing changes on it any more."""

    code = "round_over"


class RoundNotStarted(DomainError):
    """The driver has not left with it: closing it would cancel what nobody has tried to bring."""

    code = "round_not_started"


class RoundNotAtHub(DomainError):
    """The round has left, or is locked: its stops stay as they are."""

    code = "round_not_at_hub"


class StopMoved(DomainError):
    """What is to be changed is no longer as it was seen."""

    code = "changed_meanwhile"


class DriverBusy(InvalidInput):
    """The driver or the vehicle has another round of the slot."""

    code = "driver_busy"


class DriverAbsent(InvalidInput):
    """The driver is ill or on leave."""

    code = "driver_absent"


def ensure_route_move(from_status: str, to_status: str) -> None:
    """Raises RoundOver."""
    if to_status not in ROUTE_MOVES[from_status]:
        raise RoundOver(_("This round is over."), from_status=from_status, to_status=to_status)
