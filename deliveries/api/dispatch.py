"""Dispatch: the rounds of a hub's slot, as the desk of the back office makes and changes them."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import OrderRunners
from deliveries.actions import (
    add_route,
    call_off_route,
    call_off_slot,
    give_route,
    lock_route,
    move_stops,
    order_stops,
    plan_routes,
)
from deliveries.api.rounds import RouteSerializer
from deliveries.api.stops import NamedSerializer
from deliveries.api.tapping import LARGEST_ID
from deliveries.models import Delivery, Hub, Route, Stop, Vehicle
from deliveries.queries import hubs_with_crews, routes_seen_by, stops_of_route
from milkdelivery.core.api import idempotent
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of

MOST_STOPS = 500
LONGEST_REASON = 200
NOT_THERE = OpenApiResponse(description="No such hub, or a driver or vehicle of another one.")


def _key(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST_ID, **more)


class DropSerializer(serializers.ModelSerializer[Delivery]):
    order = serializers.CharField(source="order.number")

    class Meta:
        model = Delivery
        fields = ["id", "order", "status"]
        read_only_fields = fields


class RouteStopSerializer(serializers.ModelSerializer[Stop]):
    """A door of a round, and what is or was brought there."""

    deliveries = DropSerializer(many=True)

    class Meta:
        model = Stop
        fields = ["id", "sequence", "door", "planned_arrival", "deliveries"]
        read_only_fields = fields


class WholeRouteSerializer(RouteSerializer):
    """A round with its doors in order."""

    stops = serializers.SerializerMethodField()

    @extend_schema(responses=RouteStopSerializer(many=True))
    def get_stops(self, route: Route) -> Any:
        return RouteStopSerializer(stops_of_route(route.pk), many=True).data


class VehicleSerializer(serializers.ModelSerializer[Vehicle]):
    class Meta:
        model = Vehicle
        fields = ["id", "plate", "crates"]
        read_only_fields = fields


class HubSerializer(serializers.ModelSerializer[Hub]):
    """A depot, and who and what drives from it."""

    region = serializers.CharField(source="region.code")
    drivers = NamedSerializer(many=True)
    vehicles = VehicleSerializer(many=True)

    class Meta:
        model = Hub
        fields = ["id", "name", "region", "drivers", "vehicles"]
        read_only_fields = fields


class SlotOfHubSerializer(serializers.Serializer[Any]):
    """A hub's slot of a day."""

    hub = _key()
    date = serializers.DateField()
    slot = serializers.ChoiceField(DeliverySlot.Code.choices)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """With the slot's own key. Raises NotFound for a hub that is not there."""
        hub = Hub.objects.filter(pk=attrs["hub"]).first()
        if hub is None:
            raise NotFound(_("There is no such hub."), field="hub")
        found = next((slot for slot in region_book().slots_of(hub.region_id) if slot.code == attrs["slot"]), None)
        if found is None:
            raise serializers.ValidationError({"slot": _("This hub has no such slot.")})
        return {**attrs, "slot_id": found.pk}


class NewRouteSerializer(SlotOfHubSerializer):
    driver = _key(required=False, allow_null=True, default=None)
    vehicle = _key(required=False, allow_null=True, default=None)


class PlanRoundsSerializer(SlotOfHubSerializer):
    anew = serializers.BooleanField(
        required=False, default=False, help_text="Share all doors out again, also those of rounds that are planned."
    )


class PlannedSerializer(serializers.Serializer[Any]):
    """What planning came to. `left_over` are orders that nobody drives."""

    routes = serializers.IntegerField()
    stops = serializers.IntegerField()
    left_over = serializers.IntegerField()


class SeenSerializer(serializers.Serializer[Any]):
    driver = _key(allow_null=True)
    vehicle = _key(allow_null=True)


class ChangeRouteSerializer(serializers.Serializer[Any]):
    """What is not sent stays."""

    driver = _key(required=False, allow_null=True)
    vehicle = _key(required=False, allow_null=True)
    is_locked = serializers.BooleanField(required=False, help_text="Planning leaves the round alone.")
    seen = SeenSerializer(
        required=False, help_text="The driver and vehicle that the app showed: 409 where others have it meanwhile."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"driver", "vehicle", "is_locked"} & set(attrs):
            raise serializers.ValidationError(_("Name a driver, a vehicle or is_locked."))
        return attrs


class PlaceSerializer(serializers.Serializer[Any]):
    """A stop, and where the app showed it."""

    id = _key()
    route = _key()
    sequence = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)


class BringSerializer(serializers.Serializer[Any]):
    """Doors that are to be brought on a round."""

    stops = serializers.ListField(child=PlaceSerializer(), allow_empty=False, max_length=MOST_STOPS)
    before = _key(
        required=False,
        allow_null=True,
        help_text="A stop of the round; null for last; not sent for where it costs least.",
    )


class OrderSerializer(serializers.Serializer[Any]):
    """All stops of a round in the order in which they are to be driven."""

    stops = serializers.ListField(child=_key(), allow_empty=False, max_length=MOST_STOPS)


class CallOffSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="The households read it.")


class CallOffSlotSerializer(SlotOfHubSerializer):
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="The households read it.")


class CalledOffSerializer(serializers.Serializer[Any]):
    orders = serializers.IntegerField(help_text="How many are cancelled or given back.")


class RouteFilters(django_filters.FilterSet):
    date = django_filters.DateFilter()
    slot = django_filters.ChoiceFilter(field_name="slot__code", choices=DeliverySlot.Code.choices)
    hub = django_filters.NumberFilter(field_name="hub_id", min_value=1, max_value=LARGEST_ID)
    driver = django_filters.NumberFilter(field_name="driver_id", min_value=1, max_value=LARGEST_ID)
    status = django_filters.MultipleChoiceFilter(choices=Route.Status.choices)

    class Meta:
        model = Route
        fields: list[str] = []


class Dispatching(APIView):
    """What a dispatcher does."""

    permission_classes = [OrderRunners]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    def told(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        body = kind(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def route(self, pk: int) -> Route:
        """Raises NotFound."""
        found = routes_seen_by(actor_of(self.request)).filter(pk=pk).first()
        if found is None:
            raise NotFound(_("There is no such round."))
        return found

    def answer(self, pk: int, *, status: int = 200) -> Response:
        return Response(WholeRouteSerializer(self.route(pk)).data, status=status)


class Hubs(generics.ListAPIView[Hub]):
    """Hubs."""

    permission_classes = [OrderRunners]
    serializer_class = HubSerializer
    queryset = Hub.objects.none()
    cursor_ordering = ("name",)

    def get_queryset(self) -> QuerySet[Hub]:
        return hubs_with_crews()

    @extend_schema(operation_id="hubs_list")
    def get(self, request: Request) -> Response:
        """Where rounds start from, with the drivers and vehicles that are there."""
        return self.list(request)


class Routes(Dispatching, generics.GenericAPIView[Route]):
    """Rounds."""

    serializer_class = RouteSerializer
    queryset = Route.objects.none()  # for the description
    filterset_class = RouteFilters
    cursor_ordering = ("-date", "-id")

    @extend_schema(operation_id="routes_list", responses=RouteSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Everybody's, the latest day first."""
        page = self.paginate_queryset(self.filter_queryset(routes_seen_by(actor_of(request)))) or []
        return self.get_paginated_response(RouteSerializer(page, many=True).data)

    @extend_schema(
        operation_id="routes_create", request=NewRouteSerializer, responses={201: WholeRouteSerializer, 404: NOT_THERE}
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """One round more in a hub's slot, empty. Also for a driver who is back from a round of it.

        422 for a day that is over, `driver_busy`, `driver_absent`; 404 for a driver or vehicle of
        another hub.
        """
        body = self.told(NewRouteSerializer)
        route = add_route(
            body["hub"],
            on=body["date"],
            slot_id=body["slot_id"],
            driver_id=body["driver"],
            vehicle_id=body["vehicle"],
            by=actor_of(request),
        )
        return self.answer(route.pk, status=201)


class Plan(Dispatching):
    @extend_schema(
        operation_id="routes_plan", request=PlanRoundsSerializer, responses={200: PlannedSerializer, 404: NOT_THERE}
    )
    def post(self, request: Request) -> Response:
        """Plan a hub's slot. Safe to repeat: rounds that are planned take what is new and keep what their drivers know,
        unless all is to be shared out `anew`. Locked rounds, and those being loaded, stay."""
        body = self.told(PlanRoundsSerializer)
        plan = plan_routes(
            body["hub"], on=body["date"], slot_id=body["slot_id"], replan=body["anew"], by=actor_of(request)
        )
        return Response(PlannedSerializer(plan).data)


class OneRoute(Dispatching):
    @extend_schema(operation_id="routes_retrieve", responses=WholeRouteSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A round with its doors in order."""
        return self.answer(pk)

    @extend_schema(operation_id="routes_update", request=ChangeRouteSerializer, responses=WholeRouteSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Another driver or vehicle, also on the road; locked or open for planning. Safe to repeat.

        409 `round_over`, `changed_meanwhile`, and `round_not_at_hub` where what is in the van would have nobody; 422
        `driver_busy`, `driver_absent`; 404 for another hub's driver or vehicle.
        """
        body = self.told(ChangeRouteSerializer)
        route, by = self.route(pk), actor_of(request)
        if {"driver", "vehicle"} & set(body):
            give_route(
                pk,
                driver_id=body.get("driver", route.driver_id),
                vehicle_id=body.get("vehicle", route.vehicle_id),
                seen=_seen(body.get("seen"), route),
                by=by,
            )
        if "is_locked" in body:
            lock_route(pk, is_locked=body["is_locked"], by=by)
        return self.answer(pk)


def _seen(told: Mapping[str, Any] | None, route: Route) -> tuple[int | None, int | None]:
    """What the app showed; what the round had when this call began, where it says nothing: half of it is kept."""
    return (told["driver"], told["vehicle"]) if told else (route.driver_id, route.vehicle_id)


class RouteStops(Dispatching):
    @extend_schema(operation_id="routes_order_stops", request=OrderSerializer, responses=WholeRouteSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """The order in which a round is driven: all of its stops. Safe to repeat. 409 `round_over`, and
        `changed_meanwhile` where the round has other stops by now."""
        body = self.told(OrderSerializer)
        order_stops(pk, body["stops"], by=actor_of(request))
        return self.answer(pk)

    @extend_schema(operation_id="routes_bring_stops", request=BringSerializer, responses=WholeRouteSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Bring these doors on this round, from others of the same hub and slot or from another place on it.

        409 `changed_meanwhile` where one stands elsewhere than the app showed it, `round_over`, `round_not_at_hub` for
        what is in a van or was brought.
        """
        body = self.told(BringSerializer)
        move_stops(
            [each["id"] for each in body["stops"]],
            to_route=pk,
            before=body.get("before"),
            is_last="before" in body and body["before"] is None,
            seen={each["id"]: (each["route"], each["sequence"]) for each in body["stops"]},
            by=actor_of(request),
        )
        return self.answer(pk)


class RouteCallOff(Dispatching):
    @extend_schema(operation_id="routes_call_off", request=CallOffSerializer, responses=WholeRouteSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """Nobody drives this round (to its end): what was not brought is given back its money. 409 `round_over`."""
        body = self.told(CallOffSerializer)
        call_off_route(pk, reason=body["reason"], by=actor_of(request))
        return self.answer(pk)


class SlotCallOff(Dispatching):
    @extend_schema(
        operation_id="routes_call_off_slot",
        request=CallOffSlotSerializer,
        responses={200: CalledOffSerializer, 404: NOT_THERE},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Nobody drives from a hub in a slot: all its rounds, and what is on none."""
        body = self.told(CallOffSlotSerializer)
        count = call_off_slot(
            body["hub"], on=body["date"], slot_id=body["slot_id"], reason=body["reason"], by=actor_of(request)
        )
        return Response({"orders": count})
