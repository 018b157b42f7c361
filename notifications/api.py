"""The bell and pushes, for apps."""

import base64
import binascii
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import SignedIn
from accounts.queries import device_of as known_device
from milkdelivery.core.api.pagination import CursorPagination
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of, device_of
from notifications.actions import mark_read, subscribe_push, unsubscribe_push
from notifications.models import Notification, PushSubscription
from notifications.queries import bell_of, pushes_of
from notifications.rules import KINDS, LONGEST_ENDPOINT, is_push_endpoint

POINT_BYTES, SECRET_BYTES = 65, 16
"""Of the keys of a subscription (RFC 8291): a point on P-256, not compressed, and a shared secret."""
UNCOMPRESSED = 4


class BellFilters(django_filters.FilterSet):
    """What of one's bell is wanted."""

    unread = django_filters.BooleanFilter(method="only_unread", help_text="true: only what is unread.")
    kind = django_filters.ChoiceFilter(choices=[(str(kind), str(kind)) for kind in KINDS])

    class Meta:
        model = Notification
        fields: list[str] = []

    def only_unread(self, rows: QuerySet[Notification], _name: str, wanted: bool) -> QuerySet[Notification]:
        return rows.filter(read_at__isnull=wanted)


class ToldSerializer(serializers.ModelSerializer[Notification]):
    """Something one was told, in the words in which it was told."""

    title = serializers.CharField(source="subject", read_only=True)
    text = serializers.CharField(source="body", read_only=True, help_text="Empty where the title says it all.")
    link = serializers.CharField(read_only=True, help_text="The page of the site that it leads to, from the root.")
    role = serializers.CharField(read_only=True, help_text="In which of one's roles: CUSTOMER, DRIVER, VENDOR, ADMIN.")
    told_at = serializers.DateTimeField(source="sent_at", read_only=True)

    class Meta:
        model = Notification
        fields = ["id", "kind", "role", "title", "text", "link", "told_at", "read_at"]
        read_only_fields = fields


class UnreadSerializer(serializers.Serializer[Any]):
    unread = serializers.IntegerField(min_value=0, help_text="How much is left to read.")


class BellPages(CursorPagination):
    """With the number on the bell."""

    def get_paginated_response(self, data: Any) -> Response:
        answer = super().get_paginated_response(data)
        answer.data["unread"] = self.request.user.unread_count
        return answer

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        self.request = request
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response_schema(self, schema: Any) -> Any:
        found = super().get_paginated_response_schema(schema)
        found["properties"]["unread"] = {"type": "integer", "minimum": 0, "description": "How much is left to read."}
        found["required"] = [*found.get("required", []), "unread"]
        return found


class Told(generics.ListAPIView[Notification]):
    """What one was told, in every role, the latest first."""

    permission_classes = [SignedIn]
    serializer_class = ToldSerializer
    pagination_class = BellPages
    filterset_class = BellFilters
    queryset = Notification.objects.none()  # for the description; whose they are depends on the caller
    cursor_ordering = "-id"

    def get_queryset(self) -> QuerySet[Notification]:
        return bell_of(self.request.user.pk or 0)


class Read(APIView):
    """One that was read."""

    permission_classes = [SignedIn]
    throttle_classes = [Changes]

    @extend_schema(operation_id="notifications_read", request=None, responses=UnreadSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Safe to repeat."""
        mark_read(request.user.pk or 0, only=pk, by=actor_of(request))
        return _left(request)


class ReadAll(APIView):
    """All that were read."""

    permission_classes = [SignedIn]
    throttle_classes = [Changes]

    @extend_schema(operation_id="notifications_read_all", request=None, responses=UnreadSerializer)
    def post(self, request: Request) -> Response:
        """Safe to repeat."""
        mark_read(request.user.pk or 0, by=actor_of(request))
        return _left(request)


def _left(request: Request) -> Response:
    left = bell_of(request.user.pk or 0).filter(read_at=None).count()
    return Response(UnreadSerializer({"unread": left}).data)


class KeysSerializer(serializers.Serializer[Any]):
    """As the browser's PushSubscription.toJSON() names them, in base64url."""

    p256dh = serializers.CharField(max_length=100)
    auth = serializers.CharField(max_length=40)

    def validate_p256dh(self, value: str) -> str:
        raw = _bytes_of(value)
        if len(raw) != POINT_BYTES or raw[0] != UNCOMPRESSED:
            raise serializers.ValidationError(_("That is no public key of a push subscription."))
        return value

    def validate_auth(self, value: str) -> str:
        if len(_bytes_of(value)) != SECRET_BYTES:
            raise serializers.ValidationError(_("That is no secret of a push subscription."))
        return value


class PushSubscriptionSerializer(serializers.Serializer[Any]):
    """Where a browser or an app listens for pushes."""

    id = serializers.IntegerField(read_only=True)
    endpoint = serializers.CharField(max_length=LONGEST_ENDPOINT, help_text="https, of the browser's own push service.")
    keys = KeysSerializer(write_only=True)
    device_id = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Ends with that device's sign-out; null: with any sign-out."
    )
    created_at = serializers.DateTimeField(read_only=True)

    def validate_endpoint(self, value: str) -> str:
        if not is_push_endpoint(value):
            raise serializers.ValidationError(_("That is no address of a push service that we know."))
        return value


class PushSubscriptions(generics.ListAPIView[PushSubscription]):
    """Where one is pushed to."""

    permission_classes = [SignedIn]
    serializer_class = PushSubscriptionSerializer
    queryset = PushSubscription.objects.none()  # for the description; whose they are depends on the caller
    filter_backends: list[Any] = []
    cursor_ordering = "-id"

    def get_queryset(self) -> QuerySet[PushSubscription]:
        return pushes_of(self.request.user.pk or 0)

    def get_throttles(self) -> list[Any]:
        return [Changes()] if self.request.method == "POST" else []

    @extend_schema(request=PushSubscriptionSerializer, responses={201: PushSubscriptionSerializer})
    def post(self, request: Request) -> Response:
        """Push to this browser or app from now on. Send it again whenever the app starts: it is stored once."""
        body = PushSubscriptionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        kept = subscribe_push(
            request.user.pk or 0,
            endpoint=values["endpoint"],
            p256dh=values["keys"]["p256dh"],
            auth=values["keys"]["auth"],
            device_id=known_device(request.user.pk or 0, device_of(request)),
            by=actor_of(request),
        )
        return Response(PushSubscriptionSerializer(kept).data, status=status.HTTP_201_CREATED)


class OnePushSubscription(APIView):
    """A subscription of one's own."""

    permission_classes = [SignedIn]

    @extend_schema(responses={204: OpenApiResponse(description="Nothing is pushed there any more.")})
    def delete(self, request: Request, pk: int) -> Response:
        unsubscribe_push(pk, user_id=request.user.pk or 0, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
