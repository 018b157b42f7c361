"""What stands on the shelves."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import StockKeepers
from inventory.models import Stock
from inventory.queries.shelves import LOW, OUT_OF, kept_vendor, shelves_kept_by, summary_of
from inventory.rules import availability
from milkdelivery.core.api.questions import Question
from milkdelivery.core.web import actor_of

LARGEST_ID = 2**63 - 1
LEVELS = ["IN_STOCK", "LOW", "OUT"]


class ShelfSerializer(serializers.ModelSerializer[Stock]):
    vendor_id = serializers.IntegerField()
    vendor = serializers.CharField(source="vendor.name")
    variant_id = serializers.IntegerField()
    product = serializers.CharField(source="variant.product.name")
    pack = serializers.CharField(source="variant.name")
    sku = serializers.CharField(source="variant.sku")
    available = serializers.IntegerField(help_text="On hand and not promised to orders.")
    in_batches = serializers.IntegerField(source="batched", help_text="How many of those on hand are in batches.")
    level = serializers.SerializerMethodField()

    class Meta:
        model = Stock
        fields = [
            "vendor_id",
            "vendor",
            "variant_id",
            "product",
            "pack",
            "sku",
            "on_hand",
            "reserved",
            "available",
            "in_batches",
            "low_threshold",
            "level",
        ]
        read_only_fields = fields

    @extend_schema(responses=serializers.ChoiceField(LEVELS))
    def get_level(self, stock: Stock) -> str:
        return availability(stock.available, stock.low_threshold)


class ShelfQuery(Question):
    vendor = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    variant = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    sku = serializers.CharField(required=False, max_length=64)
    level = serializers.ChoiceField(["LOW", "OUT"], required=False, help_text="LOW includes what is out.")


class Shelves(generics.ListAPIView[Stock]):
    """Shelves."""

    permission_classes = [StockKeepers]
    serializer_class = ShelfSerializer
    queryset = Stock.objects.none()  # for the description; whose shelves are seen depends on the caller
    cursor_ordering = "id"

    @extend_schema(operation_id="inventory_list", parameters=[ShelfQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every dairy's for staff, one's own for a dairy."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        query = ShelfQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        found = shelves_kept_by(actor_of(self.request))
        if "vendor" in asked:
            found = found.filter(vendor_id=asked["vendor"])
        if "variant" in asked:
            found = found.filter(variant_id=asked["variant"])
        if "sku" in asked:
            found = found.filter(variant__sku__iexact=asked["sku"])
        if "level" in asked:
            found = found.filter(LOW if asked["level"] == "LOW" else OUT_OF)
        return found


class ComingSerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    quantity = serializers.IntegerField(help_text="Pieces that the dairy can bring that day.")
    promised = serializers.IntegerField()
    is_received = serializers.BooleanField()


class SummarySerializer(serializers.Serializer[Any]):
    vendor_id = serializers.IntegerField(source="vendor.pk")
    vendor = serializers.CharField(source="vendor.name")
    shelves = serializers.IntegerField()
    on_hand = serializers.IntegerField(help_text="Pieces, over all packs.")
    reserved = serializers.IntegerField()
    available = serializers.IntegerField()
    low = serializers.IntegerField(help_text="Shelves below their threshold, those that are out included.")
    out = serializers.IntegerField()
    expiring_soon = serializers.IntegerField(help_text="Pieces that may be delivered for two more days at most.")
    coming = ComingSerializer(many=True, help_text="Planned supplies from today on.")


class VendorShelves(APIView):
    """A dairy's stock."""

    permission_classes = [StockKeepers]

    @extend_schema(operation_id="vendors_inventory", responses=SummarySerializer)
    def get(self, request: Request, pk: int) -> Response:
        """At a glance. 404 for a dairy that is not the caller's."""
        vendor = kept_vendor(actor_of(request), pk)
        return Response(SummarySerializer(summary_of(vendor)).data)
