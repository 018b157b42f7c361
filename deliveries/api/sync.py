"""What a driver's phone kept while it was offline."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deliveries.actions import Applied, Sent, tap_all
from deliveries.api.tapping import LARGEST_ID, LONGEST_KEY, MOST_EMPTIES, ByDrivers, Kind, PlaceField, payload_of
from deliveries.models import Delivery, Driver, DriverAction
from milkdelivery.core.api import AnyTextJSONParser, MoneyField, is_storable_throughout
from milkdelivery.core.errors import NotAllowed
from milkdelivery.core.web import actor_of

MOST_TAPS = 200
MOST_TAPS_OF_A_ROUND = 2_000


class OfflineTapSerializer(serializers.Serializer[Any]):
    """One tap. DELIVERED may say what was taken and came back, FAILED says why, CLOSE which taps came before it."""

    key = serializers.CharField(max_length=LONGEST_KEY, help_text="A new random value for each tap.")
    kind = serializers.ChoiceField(DriverAction.Kind.choices)
    delivery = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    route = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="The round, of START and CLOSE."
    )
    tapped_at = serializers.DateTimeField(help_text="By the phone's clock.")
    cash_collected = MoneyField(required=False)
    empties_collected = serializers.IntegerField(required=False, min_value=0, max_value=MOST_EMPTIES)
    position = PlaceField(required=False, help_text="Of DELIVERED.")
    has_photo = serializers.BooleanField(
        required=False, help_text="Of DELIVERED: a photo follows under this key, see `deliveries/{id}/proof/`."
    )
    reason = serializers.ChoiceField(Delivery.FailureReason.choices, required=False)
    note = serializers.CharField(required=False, max_length=200, allow_blank=True)
    after = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_KEY),
        required=False,
        max_length=MOST_TAPS_OF_A_ROUND,
        help_text="Of CLOSE: the keys of what this phone tapped on the round before. It waits until all are there.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        subject = "route" if attrs["kind"] in (Kind.START, Kind.CLOSE) else "delivery"
        if subject not in attrs:
            raise serializers.ValidationError({subject: [_("This is needed for what was tapped.")]})
        if attrs["kind"] == Kind.FAILED and "reason" not in attrs:
            raise serializers.ValidationError({"reason": [_("Choose a reason.")]})
        return attrs


class SyncSerializer(serializers.Serializer[Any]):
    sent_at = serializers.DateTimeField(help_text="What the phone's clock shows now; it may be wrong.")
    actions = serializers.ListField(child=OfflineTapSerializer(), max_length=MOST_TAPS)


class _Envelope(serializers.Serializer[Any]):
    """The same, whose taps are looked at one by one: a broken one stops none of the others."""

    sent_at = serializers.DateTimeField()
    actions = serializers.ListField(child=serializers.DictField(), max_length=MOST_TAPS)


class TapResultSerializer(serializers.Serializer[Any]):
    """What became of one tap. A refused one may be sent again; it is refused again."""

    key = serializers.CharField(allow_blank=True)
    result = serializers.ChoiceField(DriverAction.Result.choices)
    code = serializers.CharField(help_text="Why it was refused, for programs; else empty.")
    message = serializers.CharField(help_text="The same for the driver.")
    wrong = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="What can't be right in it, by field. A `position` that can't be is left out; the tap counts.",
    )
    status = serializers.CharField(help_text="Where the delivery stands now; empty for a round's.")


class SyncResultSerializer(serializers.Serializer[Any]):
    results = TapResultSerializer(many=True, help_text="In the order in which they were sent.")


class Sync(ByDrivers):
    parser_classes = [AnyTextJSONParser]

    @extend_schema(operation_id="driver_sync", request=SyncSerializer, responses=SyncResultSerializer)
    def post(self, request: Request) -> Response:
        """What a driver's phone kept while it was offline. Each tap is applied once, by its key, in the order of the
        phone's clock; one that is refused stops none of the others. At most 200 at once. Send again what was not
        answered.
        """
        driver = self.driver()
        if driver is None:
            raise NotAllowed(_("Only drivers tap on rounds."))
        envelope = _Envelope(data=request.data)
        envelope.is_valid(raise_exception=True)
        results: list[dict[str, Any]] = []
        good: list[Sent] = []
        for each in envelope.validated_data["actions"]:
            unheard = _unstorable(each)
            if unheard:
                results.append(_refused(_readable(each.get("key", "")), unheard))
                continue
            one = OfflineTapSerializer(data=each)
            if one.is_valid():
                told = one.validated_data
                subject = told["route"] if told["kind"] in (Kind.START, Kind.CLOSE) else told["delivery"]
                facts = {"device_at": told["tapped_at"], "sent_at": envelope.validated_data["sent_at"]}
                facts["position"] = told.get("position")
                good.append(Sent(told["key"], told["kind"], subject, payload=payload_of(told), **facts))
                results.append({"key": told["key"], "place": len(good) - 1})
            else:
                results.append(_refused(_readable(each.get("key", "")), _errors(one.errors)))
        applied = _applied(good, driver, request)
        return Response({"results": [applied[each["place"]] if "place" in each else each for each in results]})


def _applied(sent: list[Sent], driver: Driver, request: Request) -> list[dict[str, Any]]:
    """What became of each. Where each delivery stands is read once, at the end."""
    done = tap_all(sent, driver=driver, by=actor_of(request))
    kept = [each for each in done if isinstance(each, Applied)]
    actions = DriverAction.objects.in_bulk([each.action.pk for each in kept])
    ids = {action.delivery_id for action in actions.values() if action.delivery_id is not None}
    statuses = dict(Delivery.objects.filter(pk__in=ids, stop__route__driver=driver).values_list("pk", "status"))
    found: list[dict[str, Any]] = []
    for each, of in zip(done, sent, strict=True):
        if not isinstance(each, Applied):
            found.append(_refused(of.key, {"key": [str(each)]}, code=each.code))
            continue
        action, why = actions[each.action.pk], each.refusal
        found.append(
            {
                "key": of.key,
                "result": action.result,
                "code": action.code or (why.code if why else ""),
                "message": action.said or (str(why) if why else ""),
                "wrong": {"position": [each.left_out]} if each.left_out else {},
                "status": statuses.get(action.delivery_id or 0, ""),
            }
        )
    return found


def _refused(key: str, errors: dict[str, list[str]], *, code: str = "invalid") -> dict[str, Any]:
    words = next((text for texts in errors.values() for text in texts), "")
    told = {"key": key, "result": DriverAction.Result.REFUSED.value, "code": code, "message": words}
    return {**told, "wrong": errors, "status": ""}


def _unstorable(tap: Mapping[str, Any]) -> dict[str, list[str]]:
    """What of a tap can't be kept, by field: a phone that cuts a note at so many letters may halve the last one."""
    words = _("This holds a character that is not allowed.")
    return {_readable(name): [words] for name, value in tap.items() if not is_storable_throughout({name: value})}


def _readable(text: object) -> str:
    """As much of it as an answer can repeat."""
    return str(text).encode(errors="replace").decode()[:LONGEST_KEY]


def _errors(found: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]
        for name, texts in found.items()
    }
