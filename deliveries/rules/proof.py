"""What a driver's phone says of where it was: whether that can be right, and how far from the door it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deliveries.rules.roads import Position
from milkdelivery.core.errors import DomainError, InvalidInput

WORST_ACCURACY = 5_000
"""In metres. What is known no better than that says nothing of a door."""
LONGEST_APART = timedelta(minutes=10)
"""Between the fix and the tap, both by the phone's clock. What is older was taken at another door."""

_PLACES = Decimal("0.00001")
_NOWHERE = Decimal("0.01")
"""Degrees from 0, 0, where phones are that don't know where they are."""

OPTIONAL = "OPTIONAL"
UNATTENDED = "UNATTENDED"
ALWAYS = "ALWAYS"


class PhotoMissing(InvalidInput):
    """The hub wants a photo of what is left at this door."""

    code = "door_photo_missing"


class PhotoOfNothing(DomainError):
    """What the photo is of was taken back, or was refused for good: nobody needs it."""

    code = "door_photo_not_needed"


class LeftOut(StrEnum):
    """Why a position does not count."""

    IMPOSSIBLE = "IMPOSSIBLE"
    VAGUE = "VAGUE"
    OLD = "OLD"


_WHY: Mapping[str, Promise] = {
    LeftOut.IMPOSSIBLE: _("The phone sent a position that can’t be right. The delivery counts without it."),
    LeftOut.VAGUE: _("The phone did not know where it was to within 5 km. The delivery counts without it."),
    LeftOut.OLD: _("The position was not taken when it was tapped. The delivery counts without it."),
}


def why_left_out(code: str) -> str:
    """For people; empty where nothing was left out."""
    return str(_WHY.get(code, ""))


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a phone was, give or take `accuracy` metres, and when by its own clock (None: when it was tapped)."""

    position: Position
    accuracy: int
    at: datetime | None = None


def read_fix(told: object, *, tapped_at: datetime | None) -> Fix | LeftOut:
    """What a phone says of where it was: an object of numbers, or anything else. Never raises: a delivery counts
    whatever the phone believes."""
    if not isinstance(told, Mapping):
        return LeftOut.IMPOSSIBLE
    latitude, longitude, accuracy = (_number(told.get(name)) for name in ("latitude", "longitude", "accuracy"))
    if latitude is None or longitude is None or accuracy is None or accuracy < 0:
        return LeftOut.IMPOSSIBLE
    position = Position(latitude, longitude)
    if not position.is_on_earth or (abs(latitude) < _NOWHERE and abs(longitude) < _NOWHERE):
        return LeftOut.IMPOSSIBLE
    if accuracy > WORST_ACCURACY:
        return LeftOut.VAGUE
    at = _instant(told.get("at"))
    if at is not None and tapped_at is not None and abs(at - tapped_at) > LONGEST_APART:
        return LeftOut.OLD
    return Fix(Position(latitude.quantize(_PLACES), longitude.quantize(_PLACES)), int(accuracy.to_integral_value()), at)


def _number(told: Any) -> Decimal | None:
    if isinstance(told, bool) or not isinstance(told, int | float | Decimal):
        return None
    try:
        number = Decimal(str(told))
    except (InvalidOperation, ValueError):  # an integer of thousands of digits
        return None
    return number if number.is_finite() else None


def _instant(told: Any) -> datetime | None:
    try:
        at = parse_datetime(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def is_far(metres: int, *, accuracy: int, limit: int) -> bool:
    """Whether a phone that was so many metres from the door, give or take, was elsewhere for certain."""
    return metres - accuracy > limit


def needs_photo(rule: str, *, pays_at_door: bool) -> bool:
    """Whether "delivered" needs a photo where a hub has this rule. Who paid at the door was there."""
    return rule == ALWAYS or (rule == UNATTENDED and not pays_at_door)
