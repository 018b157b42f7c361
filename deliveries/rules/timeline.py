"""What a household sees of its order's way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

StrOrPromise = str | Promise


@dataclass(frozen=True, slots=True)
class Try:
    """A try at the door that came to nothing: when, why in words, and whether it is brought again."""

    at: datetime
    why: StrOrPromise
    again_on: date | None

    @property
    def words(self) -> StrOrPromise:
        facts = {"why": self.why, "day": date_format(self.again_on, "l, j F") if self.again_on else ""}
        if self.again_on:
            return _("%(why)s. It comes again on %(day)s.") % facts
        return _("%(why)s. It does not come again, and you don’t pay for it.") % facts


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
    tries: tuple[Try, ...] = ()
    """Tries at the door that came to nothing, in their order."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the household's timeline. `at` is None while it is still to come.

    `state` is how it is drawn: done, current, todo or failed. `note` is for the household alone.
    """

    name: str
    label: StrOrPromise
    at: datetime | None
    is_current: bool = False
    state: str = "todo"
    note: StrOrPromise = ""


ATTEMPTED = "ATTEMPTED"
EVER = datetime.min.replace(tzinfo=UTC)

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
    steps.append(("VENDOR_ASSIGNED", _("Confirmed with the dairy"), reached.get("CONFIRMED")))
    steps += _on_the_way(status, facts)
    if facts.pays_at_door:
        steps.append(("PAID", _("Paid from the wallet") if facts.from_wallet else _("Paid in cash"), facts.paid_at))
    if status == "RETURNED":  # what did not happen will not happen any more
        steps = [row for row in steps if row[2] is not None]
        steps.append(("RETURNED", _("Returned"), reached.get("RETURNED")))
    if status == "ON_HOLD":  # after what was done before somebody stopped it
        done = [place for place, (_name, _label, at) in enumerate(steps) if at is not None]
        steps.insert(max(done, default=0) + 1, ("HELD", _("Being checked"), reached.get("ON_HOLD")))
    marked = _marked([*steps, *money_back])
    notes = {each.at: each.words for each in facts.tries}
    return [replace(step, note=notes[step.at]) if step.name == ATTEMPTED and step.at else step for step in marked]


def _on_the_way(status: str, facts: Facts) -> list[Row]:
    """From packing to the door. What came to nothing stands where it was; what is done anew is still to come."""
    reached = facts.reached
    begins_anew = facts.tries and facts.tries[-1].again_on is not None
    since = facts.tries[-1].at if begins_anew else None
    way = [
        ("PREPARING", _("Packed"), reached.get("PACKED")),
        ("OUT_FOR_DELIVERY", _("On its way"), reached.get("OUT_FOR_DELIVERY")),
        ("DELIVERED", _("At your door"), reached.get("DELIVERED")),
    ]
    rows: list[Row] = [(name, label, at if at and (since is None or at > since) else None) for name, label, at in way]
    tried: list[Row] = [(ATTEMPTED, _("Could not be handed over"), each.at) for each in facts.tries]
    done = sorted((row for row in [*tried, *rows] if row[2]), key=lambda row: row[2] or EVER)
    to_come = [row for row in rows if not row[2]]
    if facts.tries and not begins_anew and status != "DELIVERED":
        return done
    return [*done, *to_come]


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
    if name in ("CANCELLED", ATTEMPTED):
        return "failed"
    if is_current:
        return "current"
    return "todo" if at is None else "done"
