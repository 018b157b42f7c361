"""What a household sees of its order's way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

StrOrPromise = str | Promise


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an order's way: when it reached which status, and how it is paid."""

    reached: Mapping[str, datetime]
    payment_pending: bool
    """Somebody has to pay before the order goes on."""
    paid_at: datetime | None
    pays_at_door: bool
    from_wallet: bool = False
    """What is paid at the door is set aside in the wallet until then."""
    goes_back: bool = False
    """Money that was paid goes back, or has gone."""
    back_at: datetime | None = None
    """When the last of it had gone."""


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
    money_back: list[Row] = [("REFUNDED", _("Money back"), facts.back_at)] if facts.goes_back else []
    if status == "CANCELLED":
        return _marked([*steps, ("CANCELLED", _("Cancelled"), reached.get("CANCELLED")), *money_back])
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
        steps.append(("PAID", _("Paid from the wallet") if facts.from_wallet else _("Paid in cash"), facts.paid_at))
    if status == "RETURNED":  # what did not happen will not happen any more
        steps = [row for row in steps if row[2] is not None]
        steps.append(("RETURNED", _("Returned"), reached.get("RETURNED")))
    if status == "ON_HOLD":  # after what was done before somebody stopped it
        done = [place for place, (_name, _label, at) in enumerate(steps) if at is not None]
        steps.insert(max(done, default=0) + 1, ("HELD", _("Being checked"), reached.get("ON_HOLD")))
    return _marked([*steps, *money_back])


def _marked(steps: list[Row]) -> list[Step]:
    """What waits for the household is the current step, else the last that was reached; once nothing is to come it is
    simply done."""
    here = (i for i, (name, _label, at) in enumerate(steps) if at is not None or name == "PAYMENT_PENDING")
    last = max(here, default=0)
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
