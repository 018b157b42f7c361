"""Whether so much of something can be had."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Anybody
from cart.queries import next_day
from cart.rules import line_state
from catalog.queries import sellable
from inventory.queries import availability_at
from milkdelivery.core.api.places import PlaceQuery, place_of
from milkdelivery.core.rules import MAX_QUANTITY

LARGEST_ID = 2**63 - 1


class CheckQuery(PlaceQuery):
    variant = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(required=False, default=1, min_value=1, max_value=MAX_QUANTITY)


class CheckSerializer(serializers.Serializer[Any]):
    variant_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    available = serializers.BooleanField(help_text="Whether one order can have that many.")
    available_quantity = serializers.IntegerField(help_text="At most 50.")
    reason = serializers.ChoiceField(["OK", "LOW", "SHORT", "UNAVAILABLE"])
    message = serializers.CharField(help_text="For people; empty where all is well.")


class StockCheck(APIView):
    """Whether so much of something can be had."""

    permission_classes = [Anybody]

    @extend_schema(operation_id="inventory_check", parameters=[CheckQuery], responses=CheckSerializer)
    def get(self, request: Request) -> Response:
        """At a place, for the next delivery. Nothing is kept for the caller: only an order does that."""
        query = CheckQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked, place = query.validated_data, place_of(query.validated_data)
        variant_id, quantity = asked["variant"], asked["quantity"]
        day = next_day(place.book, place.region)
        sold = variant_id in sellable([variant_id], region=place.region, on=day)
        left = availability_at(place.code, [variant_id], region_id=place.region.pk, on=day)[variant_id]
        state = line_state(on_sale=sold, wanted=quantity, available=left.quantity, state=left.state)
        answer = {
            "variant_id": variant_id,
            "quantity": quantity,
            "available": state in ("OK", "LOW"),
            "available_quantity": left.quantity if sold else 0,
            "reason": state,
            "message": _words(state, left.quantity),
        }
        return Response(CheckSerializer(answer).data)


def _words(state: str, left: int) -> str:
    if state == "UNAVAILABLE":
        return _("This is not available now.")
    if state != "SHORT":
        return ""
    return ngettext("Only %(left)d is left.", "Only %(left)d are left.", left) % {"left": left}
