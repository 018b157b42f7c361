"""Whether milk comes to a pincode, and when."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from milkdelivery.core.api.places import LONGEST_PINCODE, Place
from milkdelivery.core.api.questions import Question
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.queries import RegionBook, SlotDays, normal_pincode, region_book


class RegionSerializer(serializers.ModelSerializer[Region]):
    """A market."""

    class Meta:
        model = Region
        fields = ["code", "name", "currency", "time_zone", "tax_inclusive"]
        read_only_fields = fields


class DaySerializer(serializers.Serializer[Any]):
    """A delivery day that can still be ordered, and until when."""

    date = serializers.DateField()
    cutoff_at = serializers.DateTimeField()


class SlotSerializer(serializers.ModelSerializer[DeliverySlot]):
    """A part of the day in which we deliver, in local time."""

    class Meta:
        model = DeliverySlot
        fields = ["code", "starts_at", "ends_at"]
        read_only_fields = fields


class SlotDaysSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(DeliverySlot.Code.choices, source="slot.code")
    starts_at = serializers.TimeField(source="slot.starts_at")
    ends_at = serializers.TimeField(source="slot.ends_at")
    next_delivery_date = serializers.DateField(source="soonest.date", default=None, allow_null=True)
    cutoff_at = serializers.DateTimeField(
        source="soonest.cutoff_at",
        default=None,
        allow_null=True,
        help_text="Until when the next delivery can be changed.",
    )
    days = DaySerializer(many=True)


class NextDeliverySerializer(serializers.Serializer[Any]):
    slot = serializers.ChoiceField(DeliverySlot.Code.choices)
    date = serializers.DateField()
    cutoff_at = serializers.DateTimeField()


class ServiceabilityQuery(Question):
    pincode = serializers.CharField(max_length=LONGEST_PINCODE)


class ServiceabilitySerializer(serializers.Serializer[Any]):
    pincode = serializers.CharField()
    place = serializers.CharField(allow_null=True, help_text="The locality, where we know it.")
    is_served = serializers.BooleanField()
    message = serializers.CharField(help_text="For people, in their language.")
    region = RegionSerializer(allow_null=True)
    next_delivery = NextDeliverySerializer(allow_null=True)
    slots = SlotDaysSerializer(many=True)


class Serviceability(APIView):
    """Whether milk comes to a pincode, and when."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(
        operation_id="serviceability_retrieve", parameters=[ServiceabilityQuery], responses=ServiceabilitySerializer
    )
    def get(self, request: Request) -> Response:
        """A pincode that we don't know is an answer too (`is_served: false`), what is no pincode is refused (400)."""
        asked = ServiceabilityQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        code = normal_pincode(asked.validated_data["pincode"])
        book = region_book()
        if not book.looks_like_pincode(code):
            raise serializers.ValidationError({"pincode": [_("A pincode has six digits, such as 560034.")]})
        pincode = book.pincode(code)
        if pincode is None or not pincode.is_served:
            return Response(_unserved(code, pincode.name if pincode else None))
        return Response(_served(Place(book, pincode.region, pincode)))


def _unserved(code: str, name: str | None) -> dict[str, Any]:
    message = _("We don't deliver to %(code)s yet.") % {"code": code}
    nothing = {"is_served": False, "message": message, "region": None, "next_delivery": None, "slots": []}
    return {"pincode": code, "place": name, **nothing}


def _served(place: Place) -> dict[str, Any]:
    pincode = place.pincode
    assert pincode is not None  # noqa: S101 - for the type checker
    message = _("We deliver to %(place)s, %(code)s.") % {"place": pincode.name, "code": pincode.code}
    with timezone.override(ZoneInfo(place.region.time_zone)):
        calendar: list[SlotDays] = place.book.calendar(place.region.id)
        return {
            "pincode": pincode.code,
            "place": pincode.name,
            "is_served": True,
            "message": message,
            "region": RegionSerializer(place.region).data,
            "next_delivery": _next(place.book, place.region),
            "slots": SlotDaysSerializer(calendar, many=True).data,
        }


def _next(book: RegionBook, region: Region) -> dict[str, Any] | None:
    upcoming = book.next_delivery(region.id)
    if upcoming is None:
        return None
    slot, day = upcoming
    found = {"slot": slot.code, "date": day.date, "cutoff_at": day.cutoff_at}
    return dict(NextDeliverySerializer(found).data)
