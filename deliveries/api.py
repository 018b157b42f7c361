"""Deliveries: a driver's round, and what happens at the hub and at the door."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import DriversAndStaff
from deliveries.actions import close_route, mark_delivered, mark_failed, mark_picked_up, start_route
from deliveries.models import Delivery, Route
from deliveries.queries import Drop, deliveries_seen_by, delivery_seen_by, routes_seen_by, stops_of
from milkdelivery.core.api import MoneyField, idempotent
from milkdelivery.core.api.serviceability import SlotSerializer
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of

LARGEST_ID = 2**63 - 1
MOST_EMPTIES = 500


class NamedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="__str__")


class LoadLineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    pack = serializers.CharField()
    quantity = serializers.IntegerField()


class StopSerializer(serializers.Serializer[Any]):
    """A drop as the driver needs it. Whom to ask for and to call is told while there is something to bring."""

    id = serializers.IntegerField(source="delivery.pk")
    order = serializers.CharField(source="order.number")
    order_status = serializers.CharField(source="order.status")
    status = serializers.ChoiceField(Delivery.Status.choices, source="delivery.status")
    delivery_date = serializers.DateField(source="delivery.delivery_date")
    slot = SlotSerializer(source="delivery.slot")
    hub = NamedSerializer(source="delivery.hub")
    driver = NamedSerializer(source="delivery.driver", allow_null=True)
    sequence = serializers.IntegerField(source="delivery.sequence", allow_null=True)
    person = serializers.CharField()
    phone = serializers.CharField()
    place = serializers.CharField(help_text="The building, or the street where it has no name.")
    door = serializers.CharField(help_text="Tower, floor, flat.")
    street = serializers.CharField()
    instructions = serializers.ListField(child=serializers.CharField())
    packs = serializers.IntegerField()
    bottles = serializers.IntegerField(help_text="Packs that carry a deposit and come back.")
    lines = LoadLineSerializer(many=True, source="order.coming_lines")
    cash_due = MoneyField(allow_null=True, help_text="To be collected at the door; null where nothing is.")
    cash_collected = MoneyField(source="delivery.cash_collected")
    picked_up_at = serializers.DateTimeField(source="delivery.picked_up_at", allow_null=True)
    delivered_at = serializers.DateTimeField(source="delivery.delivered_at", allow_null=True)

    def to_representation(self, instance: Drop) -> dict[str, Any]:
        with timezone.override(ZoneInfo(instance.order.region.time_zone)):
            return super().to_representation(instance)


class DeliveryFilters(django_filters.FilterSet):
    delivery_date = django_filters.DateFilter()
    delivery_date_from = django_filters.DateFilter(field_name="delivery_date", lookup_expr="gte")
    delivery_date_until = django_filters.DateFilter(field_name="delivery_date", lookup_expr="lte")
    status = django_filters.MultipleChoiceFilter(choices=Delivery.Status.choices)
    hub = django_filters.NumberFilter(field_name="hub_id", min_value=1, max_value=LARGEST_ID)
    driver = django_filters.NumberFilter(field_name="stop__route__driver_id", min_value=1, max_value=LARGEST_ID)

    class Meta:
        model = Delivery
        fields: list[str] = []


class Deliveries(generics.ListAPIView[Delivery]):
    """Deliveries."""

    permission_classes = [DriversAndStaff]
    serializer_class = StopSerializer
    queryset = Delivery.objects.none()  # for the description; whose deliveries are seen depends on the caller
    filterset_class = DeliveryFilters
    cursor_ordering = ("delivery_date", "id")

    def get_queryset(self) -> QuerySet[Delivery]:
        return deliveries_seen_by(actor_of(self.request))

    @extend_schema(operation_id="deliveries_list")
    def get(self, request: Request) -> Response:
        """A driver's own, everybody's for staff; the soonest day first."""
        page: Sequence[Delivery] = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(StopSerializer(stops_of(page), many=True).data)


class AtWork(APIView):
    """What a driver does with a delivery of theirs. Staff may for any."""

    permission_classes = [DriversAndStaff]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    def answer(self, delivery_id: int) -> Response:
        delivery = delivery_seen_by(actor_of(self.request), delivery_id)
        return Response(StopSerializer(stops_of([delivery])[0]).data)

    def driver_id(self, delivery_id: int) -> int | None:
        """Whose the delivery has to be; None for staff. Raises NotFound for another's."""
        actor = actor_of(self.request)
        delivery = delivery_seen_by(actor, delivery_id)
        return None if actor.is_staff else delivery.driver_id


class PickedUp(AtWork):
    @extend_schema(operation_id="deliveries_picked_up", request=None, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """It has left the hub. Safe to repeat.

        409 `order_not_packed`, `delivery_not_its_day` before its day, `delivery_called_off`.
        """
        mark_picked_up(pk, by=actor_of(request), driver_id=self.driver_id(pk))
        return self.answer(pk)


class HandOverSerializer(serializers.Serializer[Any]):
    cash_collected = MoneyField(required=False, help_text="What the driver took: exactly what was due, if sent.")
    empties_collected = serializers.IntegerField(required=False, default=0, min_value=0, max_value=MOST_EMPTIES)


class Delivered(AtWork):
    @extend_schema(operation_id="deliveries_delivered", request=HandOverSerializer, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """It is at the door, and paid where it is paid there. Safe to repeat. 409 `delivery_not_picked_up`."""
        driver_id = self.driver_id(pk)
        body = HandOverSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        cash, empties = body.validated_data.get("cash_collected"), body.validated_data["empties_collected"]
        mark_delivered(pk, by=actor_of(request), cash_collected=cash, empties=empties, driver_id=driver_id)
        return self.answer(pk)


class FailureSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(Delivery.FailureReason.choices)
    note = serializers.CharField(required=False, default="", max_length=200, allow_blank=True)


class Failed(AtWork):
    @extend_schema(operation_id="deliveries_failed", request=FailureSerializer, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """It could not be handed over. Its order is brought again, or returned with its money. Safe to repeat.

        409 `delivery_not_picked_up`, `delivery_called_off`.
        """
        driver_id = self.driver_id(pk)
        body = FailureSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        mark_failed(pk, by=actor_of(request), driver_id=driver_id, **body.validated_data)
        return self.answer(pk)


class RouteSerializer(serializers.Serializer[Any]):
    """A driver's round of a slot. Its stops are deliveries: `GET deliveries/` lists them."""

    id = serializers.IntegerField(source="pk")
    hub = NamedSerializer()
    date = serializers.DateField()
    slot = SlotSerializer()
    number = serializers.IntegerField()
    driver = NamedSerializer(allow_null=True)
    status = serializers.ChoiceField(Route.Status.choices)
    planned_metres = serializers.IntegerField()
    planned_minutes = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Route) -> dict[str, Any]:
        with timezone.override(ZoneInfo(instance.hub.region.time_zone)):
            return super().to_representation(instance)


class MyRoutes(generics.ListAPIView[Route]):
    """Rounds."""

    permission_classes = [DriversAndStaff]
    serializer_class = RouteSerializer
    queryset = Route.objects.none()  # for the description; whose rounds are seen depends on the caller
    cursor_ordering = ("-date", "-id")

    def get_queryset(self) -> QuerySet[Route]:
        return routes_seen_by(actor_of(self.request))

    @extend_schema(operation_id="routes_mine")
    def get(self, request: Request) -> Response:
        """A driver's own, everybody's for staff; the latest day first."""
        return self.list(request)


class RouteAtWork(APIView):
    """What a driver does with a round of theirs. Staff may for any."""

    permission_classes = [DriversAndStaff]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    def driver_id(self, route_id: int) -> int | None:
        """Whose the round has to be; None for staff."""
        actor = actor_of(self.request)
        if actor.is_staff:
            return None
        return routes_seen_by(actor).filter(pk=route_id).values_list("driver_id", flat=True).first() or 0


class RouteStart(RouteAtWork):
    @extend_schema(operation_id="routes_start", request=None, responses=RouteSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """The driver leaves the hub: what was picked up is on the way. Safe to repeat.

        409 `round_nothing_loaded`, `round_over`.
        """
        return Response(RouteSerializer(start_route(pk, by=actor_of(request), driver_id=self.driver_id(pk))).data)


class RouteSummarySerializer(serializers.Serializer[Any]):
    """What a round came to."""

    delivered = serializers.IntegerField()
    failed = serializers.IntegerField()
    missed = serializers.IntegerField()
    left = serializers.IntegerField()
    cash = MoneyField(help_text="To be handed in.")
    empties = serializers.IntegerField()


class RouteClose(RouteAtWork):
    @extend_schema(operation_id="routes_close", request=None, responses=RouteSummarySerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """The driver is back: what was not brought is given back its money. Safe to repeat. 409 `round_over`."""
        return Response(
            RouteSummarySerializer(close_route(pk, by=actor_of(request), driver_id=self.driver_id(pk))).data
        )
