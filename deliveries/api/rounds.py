"""A driver's rounds as a whole."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import DriversAndStaff
from deliveries.actions import close_route, start_route
from deliveries.api.stops import NamedSerializer
from deliveries.api.tapping import ByDrivers, Kind, TapSerializer, read
from deliveries.models import Route
from deliveries.queries import routes_seen_by, summary_seen_by
from milkdelivery.core.api import MoneyField, idempotent
from milkdelivery.core.api.serviceability import SlotSerializer
from milkdelivery.core.web import actor_of


class RouteSerializer(serializers.Serializer[Any]):
    """A driver's round of a slot. Its stops are deliveries: `GET deliveries/` lists them."""

    id = serializers.IntegerField(source="pk")
    hub = NamedSerializer()
    date = serializers.DateField()
    slot = SlotSerializer()
    number = serializers.IntegerField()
    driver = NamedSerializer(allow_null=True)
    vehicle = NamedSerializer(allow_null=True)
    status = serializers.ChoiceField(Route.Status.choices)
    is_locked = serializers.BooleanField(help_text="Planning leaves it alone.")
    planned_metres = serializers.IntegerField()
    planned_minutes = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    call_off_reason = serializers.CharField()

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


class RouteStart(ByDrivers):
    @extend_schema(operation_id="routes_start", request=TapSerializer, responses=RouteSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """The driver leaves the hub: what was picked up is on the way. Safe to repeat.

        409 `round_nothing_loaded`, `round_over`.
        """
        body = read(TapSerializer, request)
        driver = self.driver()
        if driver is not None:
            self.tapped(driver, Kind.START, pk, body)
        else:
            start_route(pk, by=actor_of(request))
        return Response(RouteSerializer(routes_seen_by(actor_of(request)).get(pk=pk)).data)


class RouteSummarySerializer(serializers.Serializer[Any]):
    """What a round came to."""

    delivered = serializers.IntegerField()
    failed = serializers.IntegerField()
    missed = serializers.IntegerField()
    left = serializers.IntegerField()
    cash = MoneyField(help_text="To be handed in.")
    empties = serializers.IntegerField()


class RouteClose(ByDrivers):
    @extend_schema(operation_id="routes_close", request=TapSerializer, responses=RouteSummarySerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """The driver is back: what was not brought is given back its money. Safe to repeat.

        409 `round_over`, `round_not_started`, and `round_too_early` before its slot begins while doors wait for it.
        """
        body = read(TapSerializer, request)
        driver = self.driver()
        if driver is not None:
            self.tapped(driver, Kind.CLOSE, pk, body)
        else:
            close_route(pk, by=actor_of(request))
        return Response(RouteSummarySerializer(summary_seen_by(actor_of(request), pk)).data)
