"""What a dairy can bring on a day, and that it came in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import StockKeepers
from catalog.models import Variant
from inventory import actions
from inventory.actions import BatchFacts
from inventory.api.movements import NO_SUCH_PACK, BatchSerializer, naming_the_batch
from inventory.api.shelves import LARGEST_ID
from inventory.models import DailySupply
from inventory.queries.shelves import kept_variant, kept_vendor, supplies_of
from milkdelivery.core import clock
from milkdelivery.core.api import idempotent
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.questions import Question
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.web import actor_of
from vendors.models import Vendor


class PackQuery(Question):
    vendor_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    variant_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)


class PlanSerializer(Body, PackQuery):
    date = serializers.DateField()
    quantity = serializers.IntegerField(
        min_value=0, max_value=actions.MOST, allow_null=True, help_text="null: sold from the shelf again."
    )


class CameInSerializer(Body, PackQuery):
    date = serializers.DateField()
    quantity = serializers.IntegerField(min_value=0, max_value=actions.MOST, help_text="0: nothing came.")
    batch = BatchSerializer(required=False)


class SupplySerializer(serializers.ModelSerializer[DailySupply]):
    left = serializers.IntegerField(
        help_text="Pieces of it that can still be promised. 0 once it came in: what is free is sold from the shelf."
    )

    class Meta:
        model = DailySupply
        fields = ["date", "quantity", "promised", "left", "received_at", "received_quantity"]
        read_only_fields = fields


def _kept(request: Request, asked: dict[str, Any]) -> tuple[Vendor, Variant]:
    vendor = kept_vendor(actor_of(request), asked["vendor_id"])
    return vendor, kept_variant(vendor, asked["variant_id"])


class Supplies(APIView):
    """What a dairy can bring of a pack, day by day."""

    permission_classes = [StockKeepers]

    def get_throttles(self) -> list[Any]:
        return [Changes()] if self.request.method == "PUT" else super().get_throttles()

    @extend_schema(
        operation_id="inventory_supplies",
        parameters=[PackQuery],
        responses={200: SupplySerializer(many=True), 404: NO_SUCH_PACK},
    )
    def get(self, request: Request) -> Response:
        """The planned days from today on."""
        query = PackQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return _days(*_kept(request, query.validated_data))

    @extend_schema(
        operation_id="inventory_supply_plan",
        request=PlanSerializer,
        responses={200: SupplySerializer(many=True), 404: NO_SUCH_PACK},
    )
    def put(self, request: Request) -> Response:
        """Say how much there will be on a day; its milk is then sold against that alone. Safe to repeat.

        Refused (422, `supply_below_promised`) below what orders were promised, (409, `supply_received`) once it is in.
        """
        body = PlanSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        vendor, variant = _kept(request, asked)
        key = {"vendor_id": vendor.pk, "variant_id": variant.pk, "on": asked["date"], "by": actor_of(request)}
        if asked["quantity"] is None:
            actions.drop_supply(**key)
        else:
            actions.plan_supply(**key, quantity=asked["quantity"])
        return _days(vendor, variant)


class SupplyCameIn(APIView):
    """The milk of a planned day."""

    permission_classes = [StockKeepers]
    throttle_classes = [Changes]

    @extend_schema(
        operation_id="inventory_supply_receive",
        request=CameInSerializer,
        responses={200: SupplySerializer, 404: NO_SUCH_PACK},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """It came in: it stands on the shelf, and every order has its share. Who lacks some is served elsewhere."""
        body = CameInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        vendor, variant = _kept(request, asked)
        with naming_the_batch():
            supply = actions.receive_supply(
                vendor_id=vendor.pk,
                variant_id=variant.pk,
                on=asked["date"],
                quantity=asked["quantity"],
                batch=BatchFacts(**asked["batch"]) if "batch" in asked else None,
                by=actor_of(request),
            )
        return Response(SupplySerializer(supply).data)


def _days(vendor: Vendor, variant: Variant) -> Response:
    days = supplies_of(vendor.pk, variant.pk, since=clock.today(vendor.region))
    return Response(SupplySerializer(days, many=True).data)
