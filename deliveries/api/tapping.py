"""What calls of drivers have in common: who taps, under which key, and when that was."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import DriversAndStaff
from deliveries.actions import Applied, Sent, tap
from deliveries.models import Driver, DriverAction
from deliveries.queries import driver_of
from milkdelivery.core.api.idempotent import HEADER
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of

LARGEST_ID = 2**63 - 1
MOST_EMPTIES = 500
LONGEST_KEY = 80
Kind = DriverAction.Kind


class TapSerializer(serializers.Serializer[Any]):
    """When a driver tapped, for a phone that could not say so at once."""

    tapped_at = serializers.DateTimeField(required=False, help_text="By the phone's clock.")
    sent_at = serializers.DateTimeField(required=False, help_text="What the phone's clock shows now; it may be wrong.")


@extend_schema_field(
    {
        "type": "object",
        "description": "Where the phone was at the tap, as its browser or system says. What can't be right is left out"
        " and the tap counts without it.",
        "properties": {
            "latitude": {"type": "number"},
            "longitude": {"type": "number"},
            "accuracy": {"type": "number", "description": "Give or take so many metres."},
            "at": {"type": "string", "format": "date-time", "description": "By the phone's clock."},
        },
    }
)
class PlaceField(serializers.JSONField):
    """A position, as it comes: `deliveries.rules.proof.read_fix` says what it is worth."""


class ByDrivers(APIView):
    """What a driver does. Staff may for any."""

    permission_classes = [DriversAndStaff]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    def driver(self) -> Driver | None:
        """Who taps; None for staff."""
        actor = actor_of(self.request)
        if actor.is_staff:
            return None
        driver = driver_of(actor.user_id or 0)
        if driver is None:
            raise NotFound(_("You are a driver, but no hub has you on its list. Ask your dispatcher."))
        return driver

    def tapped(
        self, driver: Driver, kind: str, subject_id: int, body: Mapping[str, Any] | None = None, **payload: Any
    ) -> Applied:
        """Apply the tap under the request's key. Raises what refuses it."""
        told = body or {}
        sent = Sent(
            key=_key_of(self.request),
            kind=kind,
            subject_id=subject_id,
            device_at=told.get("tapped_at"),
            sent_at=told.get("sent_at"),
            payload=payload,
            position=told.get("position"),
        )
        applied = tap(sent, driver=driver, by=actor_of(self.request))
        if applied.refusal is not None:
            raise applied.refusal
        return applied


def _key_of(request: Request) -> str:
    """The key of a tap: the request's own."""
    return fitting(request.headers.get(HEADER, "").strip())


def fitting(key: str) -> str:
    """A key in a form that fits."""
    return key if len(key) <= LONGEST_KEY else sha256(key.encode()).hexdigest()


def read(kind: type[TapSerializer], request: Request) -> dict[str, Any]:
    body = kind(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def payload_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a tap says, as it is kept."""
    told = {name: body[name] for name in ("reason", "note", "after") if body.get(name)}
    if "empties_collected" in body:
        told["empties"] = body["empties_collected"]
    if body.get("has_photo"):
        told["has_photo"] = True
    if body.get("cash_collected") is not None:
        told |= {"cash": body["cash_collected"].minor, "currency": body["cash_collected"].currency}
    return told
