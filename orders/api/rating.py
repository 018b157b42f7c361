"""What a household says of a delivery."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from deliveries.actions import rate_delivery
from deliveries.models import Delivery
from deliveries.models.ratings import LONGEST_WORDS
from deliveries.rules.ratings import MOST_STARS, NotRatable
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of
from orders.api.access import HEADERS_READ, OrderSeers, order_for


class RatingSerializer(serializers.Serializer[Any]):
    """Stars for a delivery, and perhaps a word."""

    stars = serializers.IntegerField(min_value=1, max_value=MOST_STARS)
    words = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_WORDS)
    rated_at = serializers.DateTimeField(read_only=True)
    changed_at = serializers.DateTimeField(read_only=True, allow_null=True)


class OrderRating(APIView):
    """What a household says of a delivery."""

    permission_classes = [OrderSeers]
    headers_read = HEADERS_READ

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()]

    @extend_schema(operation_id="orders_rating", request=RatingSerializer, responses=RatingSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Give one to five stars, or change them within a day. Safe to repeat.

        409 `rating_not_possible` for what was not delivered or is 30 days old, `rating_kept` after that day.
        """
        order = order_for(request, number)
        body = RatingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        delivery = Delivery.objects.filter(order=order).first()
        by = actor_of(request)
        if delivery is None or (request.user.is_authenticated and order.customer_id != by.user_id):
            raise NotRatable(_("Only its household rates a delivery, and only what was delivered."))
        told = body.validated_data
        rating = rate_delivery(delivery.pk, stars=told["stars"], words=told["words"], by=by)
        with timezone.override(ZoneInfo(order.region.time_zone)):
            return Response(RatingSerializer(rating).data)
