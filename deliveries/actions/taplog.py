"""The log of taps: each is kept once by its key, as it was tapped, with what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from deliveries.actions.proofs import note_position
from deliveries.actions.transitions import settle_tap
from deliveries.events import DriverActionRefused
from deliveries.models import Delivery, Driver, DriverAction, Route
from deliveries.rules.proof import Fix, LeftOut, read_fix, why_left_out
from deliveries.rules.status import DeliveryCalledOff, KeyOfAnotherTap, RoundOver
from deliveries.rules.taps import happened_at
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog import emit
from orders.rules.status import UNDO_WITHIN

Kind, Result = DriverAction.Kind, DriverAction.Result

_SETTLES_STOP = (Kind.DELIVERED, Kind.FAILED, Kind.UNDO)


@dataclass(frozen=True, slots=True)
class Sent:
    """A tap as a phone sends it. `subject_id` is the delivery's, or the round's for START and CLOSE.

    `device_at` is the phone's time of the tap, `sent_at` what the phone showed when it sent it; without them it was
    now. `payload` says of DELIVERED `cash` (minor units, in `currency`), `empties` and `has_photo` where a photo comes
    under the same key, of FAILED `reason` and `note`, of CLOSE `after`: the keys of all taps of that round that the
    phone made before. `position` is where the phone says it was at DELIVERED, in whatever form.
    """

    key: str
    kind: str
    subject_id: int
    device_at: datetime | None = None
    sent_at: datetime | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    position: object = None


@dataclass(frozen=True, slots=True)
class Applied:
    """A tap in the log, and why it was refused, where it was."""

    action: DriverAction
    refusal: DomainError | None = None

    @property
    def left_out(self) -> str:
        """Why its position does not count, for people; empty where it does or none came."""
        return why_left_out(self.action.payload.get("position_left_out", ""))


class Refused(DomainError):
    """A tap that was refused before is refused again, with the same code and words."""

    def __init__(self, action: DriverAction) -> None:
        super().__init__(action.said)
        object.__setattr__(self, "code", action.code)


def known_tap(sent: Sent, driver: Driver) -> Applied | None:
    """What became of the tap with this key. Raises KeyOfAnotherTap."""
    action = DriverAction.objects.filter(driver=driver, key=sent.key).first()
    if action is None:
        return None
    subject = action.payload.get("subject")
    if (action.kind, subject) != (sent.kind, sent.subject_id):
        raise KeyOfAnotherTap(_("This key was used for another tap."), field="key")
    return Applied(action, Refused(action) if action.result == Result.REFUSED else None)


def keep_tap(sent: Sent, driver: Driver, *, delivery: Delivery | None, route: Route | None) -> DriverAction:
    """Write a tap down as it was tapped, with where the phone was if that is worth anything. `route` is the driver's
    round that it is about, locked; None where it is about none of theirs."""
    now = clock.now()
    payload = {**sent.payload, "subject": sent.subject_id}
    is_placed = sent.kind == Kind.DELIVERED and sent.position is not None
    fix = read_fix(sent.position, tapped_at=sent.device_at or now) if is_placed else None
    if isinstance(fix, LeftOut):
        payload["position_left_out"] = str(fix)
    action = DriverAction.objects.create(
        driver=driver,
        key=sent.key,
        kind=sent.kind,
        delivery=delivery,
        route=route,
        device_at=sent.device_at or now,
        happened_at=time_of(sent, not_before=route.created_at if route else None),
        received_at=now,
        payload=payload,
    )
    if isinstance(fix, Fix) and route is not None:
        at = happened_at(fix.at or sent.device_at, sent_at=sent.sent_at, received_at=now, not_before=None)
        note_position(action, fix, at=at)
    return action


def time_of(sent: Sent, *, not_before: datetime | None) -> datetime:
    """Our time of a tap that arrives now."""
    return happened_at(sent.device_at, sent_at=sent.sent_at, received_at=clock.now(), not_before=not_before)


def refuse(action: DriverAction, refusal: DomainError, *, by: Actor) -> Applied:
    """Keep why a tap was refused, and answer with it. Emits DriverActionRefused."""
    settle_refused(action, refusal, by=by)
    return Applied(action, refusal)


def settle_refused(action: DriverAction, refusal: DomainError, *, by: Actor) -> None:
    """Keep why it was refused, and tell of it once. What may be true all the same somebody has to look at: a word about
    a stop of a round that is over or an order that is off, and one that came so late that nobody reads the answer.
    Emits DriverActionRefused."""
    if (action.result, action.code) == (Result.REFUSED, refusal.code):
        return
    is_late = action.received_at - action.happened_at > UNDO_WITHIN
    is_lost = is_late or refusal.code in (RoundOver.code, DeliveryCalledOff.code)
    needs_look = is_lost and action.kind in _SETTLES_STOP
    settle_tap(action, Result.REFUSED, code=refusal.code, said=str(refusal), needs_look=needs_look)
    emit(DriverActionRefused(action.pk, action.driver_id, action.kind, refusal.code, needs_look), actor=by)
