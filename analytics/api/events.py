"""The event log for staff, and taps that apps tell of."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Anybody, Permitted
from analytics.actions import note_click, note_promo_click
from cart.api.serializers import LARGEST_ID
from milkdelivery.core.api import throttles
from milkdelivery.core.api.questions import WholeNumberFilter
from milkdelivery.core.eventlog.events import event_names
from milkdelivery.core.models import Event
from milkdelivery.core.web import actor_of

WORD = r"^[a-z0-9][a-z0-9_.-]{0,63}\Z"
"""What an app calls a button or a page: small letters, digits, dots, dashes. No room for a name or a number to call."""


class LogReaders(Permitted):
    who = "Managers and admins."
    needs = {"GET": "core.view_event"}


class EventActorSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(source="actor_kind", help_text="user, guest, system or gateway.")
    id = serializers.IntegerField(source="actor_id", allow_null=True, help_text="Of the person.")
    name = serializers.CharField(source="actor_name", help_text="Part of the system, or gateway.")
    role = serializers.CharField()


class EventOriginSerializer(serializers.Serializer[Any]):
    """Where the request came from. All empty once the person was erased."""

    ip = serializers.CharField(allow_null=True)
    place = serializers.CharField()
    device_id = serializers.CharField(allow_null=True)
    user_agent = serializers.CharField()


class EventSerializer(serializers.ModelSerializer[Event]):
    """What happened, who did it, and from where."""

    type = serializers.CharField(source="name")
    actor = EventActorSerializer(source="*")
    origin = EventOriginSerializer(allow_null=True, help_text="Null for what no request caused.")
    data = serializers.SerializerMethodField()  # type: ignore[assignment]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_data(self, event: Event) -> Any:
        """The facts: ids and plain values; never a name, an address or a secret."""
        return event.data

    class Meta:
        model = Event
        fields = ["id", "type", "subject", "actor", "occurred_at", "request_id", "origin", "data"]
        read_only_fields = fields


class EventFilters(django_filters.FilterSet):
    type = django_filters.ChoiceFilter(field_name="name", choices=lambda: [(name, name) for name in event_names()])
    subject = django_filters.CharFilter(max_length=80, help_text="Whole, such as order:42.")
    actor = WholeNumberFilter(field_name="actor_id", min_value=1, max_value=LARGEST_ID)
    request_id = django_filters.CharFilter(max_length=64)
    since = django_filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = Event
        fields: list[str] = []


class Events(generics.ListAPIView[Event]):
    """The event log."""

    permission_classes = [LogReaders]
    serializer_class = EventSerializer
    filterset_class = EventFilters
    cursor_ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.select_related("origin")

    @extend_schema(operation_id="events_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What happened, newest first."""
        return super().get(request, *args, **kwargs)


class ClickSerializer(serializers.Serializer[Any]):
    """A tap: on something of the app, or on a promotion."""

    element = serializers.RegexField(WORD, required=False, max_length=64, help_text="What was tapped: add-to-cart.")
    promotion = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    page = serializers.RegexField(WORD, required=False, max_length=64, default="", help_text="Where: product.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("element" in attrs) == ("promotion" in attrs):
            raise serializers.ValidationError({"element": [_("Send what was tapped, or which promotion.")]})
        return attrs


class Clicks(APIView):
    """Taps."""

    permission_classes = [Anybody]
    throttle_classes = [throttles.Clicks]

    @extend_schema(
        operation_id="events_clicks",
        request=ClickSerializer,
        responses={204: OpenApiResponse(description="Noted."), 404: OpenApiResponse(description="No such promotion.")},
    )
    def post(self, request: Request) -> Response:
        """Note that something was tapped. Words of the app only: anything else is refused and not kept."""
        body = ClickSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        told = body.validated_data
        if "promotion" in told:
            note_promo_click(told["promotion"], page=told["page"], by=actor_of(request))
        else:
            note_click(element=told["element"], page=told["page"], by=actor_of(request))
        return Response(status=HTTPStatus.NO_CONTENT)
