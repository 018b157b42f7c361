"""Deliveries, and what happens to them at the hub and at the door."""

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

from accounts.api.permissions import DriversAndStaff
from deliveries.actions import mark_delivered, mark_failed, mark_picked_up, take_back
from deliveries.api.tapping import (
    LARGEST_ID,
    MOST_EMPTIES,
    ByDrivers,
    Kind,
    PlaceField,
    TapSerializer,
    payload_of,
    read,
)
from deliveries.models import Delivery
from deliveries.queries import Drop, deliveries_seen_by, delivery_seen_by, stops_of
from milkdelivery.core.api import MoneyField, idempotent
from milkdelivery.core.api.questions import WholeNumberFilter
from milkdelivery.core.api.serviceability import SlotSerializer
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.web import actor_of


class NamedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="__str__")


class LoadLineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    pack = serializers.CharField()
    quantity = serializers.IntegerField()


class ProofSerializer(serializers.Serializer[Any]):
    """Where the driver's phone was, and whether a photo came. All of a position is null where none is known."""

    latitude = serializers.DecimalField(max_digits=8, decimal_places=5, allow_null=True, coerce_to_string=False)
    longitude = serializers.DecimalField(max_digits=8, decimal_places=5, allow_null=True, coerce_to_string=False)
    accuracy = serializers.IntegerField(allow_null=True, help_text="Give or take so many metres.")
    located_at = serializers.DateTimeField(allow_null=True)
    metres_from_door = serializers.IntegerField(
        source="metres", allow_null=True, help_text="Null where the household did not mark its door."
    )
    is_far = serializers.BooleanField(help_text="Too far to have been at the door.")
    has_photo = serializers.BooleanField()


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
    route = serializers.IntegerField(
        source="delivery.stop.route_id", default=None, allow_null=True, help_text="The round that it is on."
    )
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
    needs_photo = serializers.BooleanField(help_text="Whether its hub wants a photo with `delivered`.")
    proof = ProofSerializer(allow_null=True, help_text="What came along with `delivered`.")
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
    hub = WholeNumberFilter(field_name="hub_id", min_value=1, max_value=LARGEST_ID)
    driver = WholeNumberFilter(field_name="stop__route__driver_id", min_value=1, max_value=LARGEST_ID)
    slot = django_filters.ChoiceFilter(field_name="slot__code", choices=DeliverySlot.Code.choices)
    route = WholeNumberFilter(field_name="stop__route_id", min_value=1, max_value=LARGEST_ID)
    order = django_filters.CharFilter(field_name="order__number", max_length=8)
    without_driver = django_filters.BooleanFilter(
        field_name="stop__route__driver", lookup_expr="isnull", help_text="On no round, or on one that nobody drives."
    )

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


class AtWork(ByDrivers):
    """What a driver does with a delivery of theirs."""

    def answer(self, delivery_id: int) -> Response:
        delivery = delivery_seen_by(actor_of(self.request), delivery_id)
        return Response(StopSerializer(stops_of([delivery])[0]).data)


class PickedUp(AtWork):
    @extend_schema(operation_id="deliveries_picked_up", request=TapSerializer, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """It has left the hub. Safe to repeat.

        409 `order_not_packed`, `delivery_not_its_day` before its day, `delivery_called_off`, `round_over`.
        """
        body = read(TapSerializer, request)
        driver = self.driver()
        if driver is not None:
            self.tapped(driver, Kind.PICKED_UP, pk, body)
        else:
            mark_picked_up(pk, by=actor_of(request))
        return self.answer(pk)


class HandOverSerializer(TapSerializer):
    cash_collected = MoneyField(required=False, help_text="What the driver took: exactly what was due, if sent.")
    empties_collected = serializers.IntegerField(required=False, default=0, min_value=0, max_value=MOST_EMPTIES)
    position = PlaceField(required=False)
    has_photo = serializers.BooleanField(
        required=False, help_text="A photo follows under this call's key: `PUT deliveries/{id}/proof/`."
    )


class Delivered(AtWork):
    @extend_schema(operation_id="deliveries_delivered", request=HandOverSerializer, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """It is at the door, and paid where it is paid there. Safe to repeat.

        `position` and `has_photo` are a driver's. 422 `door_photo_missing` where the hub wants a photo of this door.
        409 `delivery_not_picked_up`, `delivery_already_failed`, `delivery_called_off`, `round_over`.
        """
        body = read(HandOverSerializer, request)
        driver = self.driver()
        if driver is not None:
            self.tapped(driver, Kind.DELIVERED, pk, body, **payload_of(body))
        else:
            cash, empties = body.get("cash_collected"), body["empties_collected"]
            mark_delivered(pk, by=actor_of(request), cash_collected=cash, empties=empties)
        return self.answer(pk)


class FailureSerializer(TapSerializer):
    reason = serializers.ChoiceField(Delivery.FailureReason.choices)
    note = serializers.CharField(required=False, default="", max_length=200, allow_blank=True)


class Failed(AtWork):
    @extend_schema(operation_id="deliveries_failed", request=FailureSerializer, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """It could not be handed over. Its order is brought again, or returned with its money. Safe to repeat.

        409 `delivery_not_picked_up`, `delivery_already_delivered`, `delivery_called_off`, `round_over`.
        """
        body = read(FailureSerializer, request)
        driver = self.driver()
        if driver is not None:
            self.tapped(driver, Kind.FAILED, pk, body, **payload_of(body))
        else:
            mark_failed(pk, by=actor_of(request), reason=body["reason"], note=body["note"])
        return self.answer(pk)


class UndoSerializer(TapSerializer):
    reason = serializers.CharField(
        required=False, default="", max_length=200, allow_blank=True, help_text="Why, where staff take it back."
    )


class Undo(AtWork):
    @extend_schema(operation_id="deliveries_undo", request=UndoSerializer, responses=StopSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """Take back a wrong "delivered" or "not handed over": delivery, order and money are as before it.

        A driver within five minutes of the tap, staff as long as the round is on the road. 409 `nothing_to_undo`,
        `undo_too_late`, `round_over`, and `not_undoable` once something came of it that stays: an invoice, money that
        has gone back, a claim.
        """
        body = read(UndoSerializer, request)
        driver = self.driver()
        if driver is not None:
            self.tapped(driver, Kind.UNDO, pk, body)
        else:
            take_back(pk, reason=body["reason"], by=actor_of(request))
        return self.answer(pk)
