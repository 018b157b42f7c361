"""What to offer beside a product."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Anybody
from cart.queries import next_day
from catalog.alternatives import BOUGHT_TOGETHER, MIXED, alternatives_of, recommended
from catalog.api.products import TAGGED, UNCHANGED, Offered, ProductSerializer, offered
from catalog.api.records import LARGEST_ID
from catalog.queries import product_record
from milkdelivery.core.api import same_for_all
from milkdelivery.core.api.places import PlaceQuery, place_of

SHOWN = 8
LOOKED_AT = 24
"""More than are shown: some may be sold out there."""
MOST_PRODUCTS = 50


class RecommendationsQuery(PlaceQuery):
    product = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), required=False, max_length=MOST_PRODUCTS
    )


class AlternativesSerializer(serializers.Serializer[Any]):
    results = ProductSerializer(many=True)


class RecommendationsSerializer(serializers.Serializer[Any]):
    basis = serializers.ChoiceField(
        [BOUGHT_TOGETHER, MIXED],
        help_text="Why these: others bought them together with what was asked, or nothing is known and it is a mix.",
    )
    results = ProductSerializer(many=True)


class Alternatives(APIView):
    """What can be bought instead of a product."""

    permission_classes: list[type[BasePermission]] = [Anybody]
    headers_read = TAGGED

    @extend_schema(
        operation_id="products_alternatives_list",
        parameters=[PlaceQuery],
        responses={200: AlternativesSerializer, 304: UNCHANGED},
        filters=False,
    )
    @same_for_all
    def get(self, request: Request, pk: int) -> Response:
        """In stock there, the best first. The product itself may be sold out or off sale."""
        asked = PlaceQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = place_of(asked.validated_data)
        day = next_day(place.book, place.region)
        found = alternatives_of(product_record(pk), region=place.region, on=day, most=LOOKED_AT)
        return Response(AlternativesSerializer({"results": _in_stock(offered(found, place))}).data)


class Recommendations(APIView):
    """What goes with something, or is good to begin with."""

    permission_classes: list[type[BasePermission]] = [Anybody]
    headers_read = TAGGED

    @extend_schema(
        operation_id="recommendations_list",
        parameters=[
            PlaceQuery,
            OpenApiParameter("product", int, many=True, description="Ids of products, such as those of a cart."),
        ],
        responses={200: RecommendationsSerializer, 304: UNCHANGED, 400: OpenApiResponse(description="No such id.")},
        filters=False,
    )
    @same_for_all
    def get(self, request: Request) -> Response:
        """In stock there, the best first, with the reason in `basis`."""
        asked = RecommendationsQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = place_of(asked.validated_data)
        day = next_day(place.book, place.region)
        found = recommended(asked.validated_data.get("product", []), region=place.region, on=day, most=LOOKED_AT)
        answer = {"basis": found.basis, "results": _in_stock(offered(found.products, place))}
        return Response(RecommendationsSerializer(answer).data)


def _in_stock(found: list[Offered]) -> list[Offered]:
    return [each for each in found if any(pack.availability.state != "OUT" for pack in each.packs)][:SHOWN]
