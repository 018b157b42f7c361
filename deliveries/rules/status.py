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

UNDO_MOVES: Mapping[str, frozenset[str]] = {
    DELIVERED: frozenset({PICKED_UP, IN_TRANSIT}),
    FAILED: frozenset({PICKED_UP, IN_TRANSIT}),
}
"""How a wrong tap is taken back: nothing else goes these ways."""

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


class AlreadySaid(DomainError):
    """Another word about this stop was tapped before, and stands."""

    code = "delivery_already_delivered"


class AlreadyFailed(DomainError):
    code = "delivery_already_failed"


class NothingToUndo(DomainError):
    code = "nothing_to_undo"


class UndoTooLate(DomainError):
    """The driver's time to take a tap back is over: staff can."""

    code = "undo_too_late"


class KeyOfAnotherTap(InvalidInput):
    """The key of a tap was used for another one."""

    code = "key_reused"


class TapsMissing(DomainError):
    """A round is to be closed whose earlier taps have not all arrived."""

    code = "taps_missing"


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


_STANDS = {
    SCHEDULED: _("Nobody drives this yet. Give it to a driver first."),
    ASSIGNED: _("This has not left the hub yet."),
    PICKED_UP: _("This is in the van already."),
    IN_TRANSIT: _("This is on its way already."),
    DELIVERED: _("This was noted as delivered. Take that back first, or ask the hub."),
    FAILED: _("This was noted as not handed over. Take that back first, or ask the hub."),
    CANCELLED: _("This order was cancelled. Bring it back to the hub."),
}
"""Why a delivery goes no further from where it stands."""


def ensure_move(from_status: str, to_status: str) -> None:
    if to_status not in MOVES[from_status]:
        raise ImpossibleDeliveryMove(_STANDS[from_status], from_status=from_status, to_status=to_status)


def ensure_undo(from_status: str) -> None:
    """Raises ImpossibleDeliveryMove where there is nothing to take back."""
    if from_status not in UNDO_MOVES:
        raise ImpossibleDeliveryMove(_("There is nothing to take back."), from_status=from_status)


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


class RoundTooEarly(DomainError):
    """Its slot has not begun: ending it now would cancel what there is time to bring."""

    code = "round_too_early"


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
