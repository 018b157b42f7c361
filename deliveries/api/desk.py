"""A delivery as the dispatcher moves it."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import DriversAndStaff, OrderRunners
from deliveries.actions import assign_driver, give_delivery, move_stops
from deliveries.api.stops import StopSerializer
from deliveries.api.tapping import LARGEST_ID
from deliveries.models import Stop
from deliveries.queries import delivery_seen_by, stops_of
from deliveries.rules.status import NoDriver
from milkdelivery.core.actors import Actor
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of


class MoveSerializer(serializers.Serializer[Any]):
    """Where a delivery goes. What is not sent stays."""

    route = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="A round of its hub, day and slot."
    )
    driver = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="On this driver’s round, made where there is none."
    )
    stop = serializers.IntegerField(
        required=False, min_value=1, max_value=10_000, help_text="Which stop of the round its door becomes."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(_("Name a route, a driver or a stop."))
        if "route" in attrs and "driver" in attrs:
            raise serializers.ValidationError({"driver": _("Name a route or a driver, not both.")})
        return attrs


class OneDelivery(APIView):
    """A delivery."""

    permission_classes = [DriversAndStaff]

    def get_permissions(self) -> list[BasePermission]:
        return [OrderRunners()] if self.request.method == "PATCH" else [DriversAndStaff()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    @extend_schema(operation_id="deliveries_retrieve", responses=StopSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A driver's own; anybody's for staff."""
        return self.answer(pk)

    @extend_schema(operation_id="deliveries_move", request=MoveSerializer, responses=StopSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """To another round or driver, or earlier or later on its round. For managers and admins. Safe to repeat.

        404 for a round of another hub, day or slot. 409 `round_not_at_hub` for what is in a van or was brought,
        `round_over`, `delivery_without_driver` where it is on no round.
        """
        body = MoveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        told, by = body.validated_data, actor_of(request)
        delivery_seen_by(by, pk)
        if "route" in told:
            give_delivery(pk, route_id=told["route"], by=by)
        elif "driver" in told:
            assign_driver(pk, driver_id=told["driver"], by=by)
        if "stop" in told:
            _to_number(pk, told["stop"], by=by)
        return self.answer(pk)

    def answer(self, delivery_id: int) -> Response:
        delivery = delivery_seen_by(actor_of(self.request), delivery_id)
        return Response(StopSerializer(stops_of([delivery])[0]).data)


def _to_number(delivery_id: int, number: int, *, by: Actor) -> None:
    """Its door becomes the stop of this number, the last where there are not so many."""
    stop = delivery_seen_by(by, delivery_id).stop
    if stop is None:
        raise NoDriver(_("Nobody drives this yet. Give it to a driver first."))
    others = list(Stop.objects.filter(route=stop.route_id).exclude(pk=stop.pk).in_order().values_list("pk", flat=True))
    before = others[number - 1] if number <= len(others) else None
    move_stops([stop.pk], to_route=stop.route_id, before=before, is_last=before is None, by=by)
