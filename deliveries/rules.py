"""The status table of deliveries, and who gets the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput

StrOrPromise = str | Promise

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


@dataclass(frozen=True, slots=True)
class Load:
    """A driver of the hub, and how many deliveries they have in that slot."""

    driver_id: int
    deliveries: int


def ensure_move(from_status: str, to_status: str) -> None:
    if to_status not in MOVES[from_status]:
        raise ImpossibleDeliveryMove(
            _("A delivery that is %(from)s can't become %(to)s.") % {"from": from_status, "to": to_status},
            from_status=from_status,
            to_status=to_status,
        )


def next_driver(loads: list[Load]) -> int | None:
    """Whoever has least to do; among equals the one who has been here longest."""
    least = min(loads, key=lambda load: (load.deliveries, load.driver_id), default=None)
    return least.driver_id if least else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an order's way: when it reached which status, and how it is paid."""

    reached: Mapping[str, datetime]
    payment_pending: bool
    paid_at: datetime | None
    pays_at_door: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the household's timeline. `at` is None while it is still to come.

    `state` is how it is drawn: done, current, todo or failed.
    """

    name: str
    label: StrOrPromise
    at: datetime | None
    is_current: bool = False
    state: str = "todo"


Row = tuple[str, StrOrPromise, datetime | None]


def timeline(status: str, facts: Facts) -> list[Step]:
    """The steps that a household sees, done ones with their time, then what is still to come."""
    reached = facts.reached
    steps: list[Row] = [("PLACED", _("Placed"), reached.get("CREATED"))]
    if status == "CANCELLED":
        return _marked([*steps, ("CANCELLED", _("Cancelled"), reached.get("CANCELLED"))])
    paid = ("PAID", _("Paid"), facts.paid_at)
    if facts.payment_pending:
        steps.append(("PAYMENT_PENDING", _("Waiting for the payment"), None))
    elif not facts.pays_at_door:
        steps.append(paid)
    steps += [
        ("VENDOR_ASSIGNED", _("Confirmed with the dairy"), reached.get("CONFIRMED")),
        ("PREPARING", _("Packed"), reached.get("PACKED")),
        ("OUT_FOR_DELIVERY", _("On its way"), reached.get("OUT_FOR_DELIVERY")),
        ("DELIVERED", _("At your door"), reached.get("DELIVERED")),
    ]
    if facts.pays_at_door:
        steps.append(("PAID", _("Paid in cash"), facts.paid_at))
    if status == "RETURNED":
        steps.append(("RETURNED", _("Returned"), reached.get("RETURNED")))
    if status == "ON_HOLD":  # after what was done before somebody stopped it
        done = [place for place, (_name, _label, at) in enumerate(steps) if at is not None]
        steps.insert(max(done, default=0) + 1, ("HELD", _("Being checked"), reached.get("ON_HOLD")))
    return _marked(steps)


def _marked(steps: list[Row]) -> list[Step]:
    """The last step that was reached is the current one; once nothing is to come it is simply done."""
    last = max((i for i, (_name, _label, at) in enumerate(steps) if at is not None), default=0)
    is_over = last == len(steps) - 1
    return [
        Step(name, label, at, i == last, _state(name, at, is_current=i == last and not is_over))
        for i, (name, label, at) in enumerate(steps)
    ]


def _state(name: str, at: datetime | None, *, is_current: bool) -> str:
    if name == "CANCELLED":
        return "failed"
    if is_current:
        return "current"
    return "todo" if at is None else "done"
