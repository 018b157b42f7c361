"""Dairies: who delivers where, and what a dairy has to bring."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Anybody, Vendors
from milkdelivery.core import clock
from milkdelivery.core.api.places import LONGEST_PINCODE, known_pincode
from milkdelivery.core.api.serviceability import SlotSerializer
from milkdelivery.core.errors import NotFound
from milkdelivery.core.queries import region_book
from orders.models import Order, OrderLine
from orders.queries import demand_days, demand_on
from vendors.models import Vendor
from vendors.queries import active_vendor, active_vendors, vendor_of, vendors_serving


class VendorSerializer(serializers.ModelSerializer[Vendor]):
    """What the law and a household want to know of a dairy."""

    rating = serializers.DecimalField(max_digits=3, decimal_places=2, help_text="0.00 until deliveries are rated.")

    class Meta:
        model = Vendor
        fields = ["id", "name", "rating", "fssai_licence"]
        read_only_fields = fields


class VendorQuery(serializers.Serializer[Any]):
    pincode = serializers.CharField(required=False, max_length=LONGEST_PINCODE, help_text="Those that serve it.")


class VendorList(generics.ListAPIView[Vendor]):
    """The dairies."""

    permission_classes = [Anybody]
    serializer_class = VendorSerializer
    filter_backends = ()
    cursor_ordering = "id"

    def get_queryset(self) -> QuerySet[Vendor]:
        if getattr(self, "swagger_fake_view", False):  # the description asks without a question
            return active_vendors()
        asked = VendorQuery(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        if "pincode" not in asked.validated_data:
            return active_vendors()
        return vendors_serving(known_pincode(region_book(), asked.validated_data["pincode"]).code)

    @extend_schema(operation_id="vendors_list", parameters=[VendorQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who delivers to a pincode, or all of them."""
        return super().get(request, *args, **kwargs)


class OneVendor(APIView):
    """A dairy."""

    permission_classes = [Anybody]

    @extend_schema(operation_id="vendors_retrieve", responses=VendorSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One that delivers now; 404 for one that stopped."""
        return Response(VendorSerializer(active_vendor(pk)).data)


# -- a dairy's own -----------------------------------------------------------------------------------------------------


class DemandItemSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    pack = serializers.CharField()
    quantity = serializers.IntegerField()
    packed = serializers.IntegerField(help_text="How many of them stand ready at the hub.")


class AssignedLineSerializer(serializers.ModelSerializer[OrderLine]):
    class Meta:
        model = OrderLine
        fields = ["variant_id", "name", "pack", "quantity", "status"]
        read_only_fields = fields


class AssignmentSerializer(serializers.Serializer[Any]):
    """The dairy's lines of one order. Who the household is, is none of it."""

    order = serializers.CharField(source="order.number")
    order_status = serializers.ChoiceField(Order.Status.choices, source="order.status")
    is_packed = serializers.BooleanField()
    lines = AssignedLineSerializer(many=True)


class SlotDemandSerializer(serializers.Serializer[Any]):
    slot = SlotSerializer()
    pack_by = serializers.DateTimeField()
    is_packed = serializers.BooleanField()
    items = DemandItemSerializer(many=True)
    assignments = AssignmentSerializer(many=True)


class DemandDaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    packs = serializers.IntegerField()
    left = serializers.IntegerField(help_text="How many of them are not packed yet.")


class AssignmentQuery(serializers.Serializer[Any]):
    date = serializers.DateField(required=False, help_text="The first day with something to bring, where none is sent.")


class AssignmentsSerializer(serializers.Serializer[Any]):
    vendor = VendorSerializer()
    date = serializers.DateField()
    days = DemandDaySerializer(many=True, help_text="From today on, those with something to bring.")
    slots = SlotDemandSerializer(many=True)


class OwnAssignments(APIView):
    """What the caller's dairy has to bring."""

    permission_classes = [Vendors]

    @extend_schema(operation_id="vendors_me_assignments", parameters=[AssignmentQuery], responses=AssignmentsSerializer)
    def get(self, request: Request) -> Response:
        """One day, slot by slot: the totals by product, and the orders behind them."""
        asked = AssignmentQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        vendor = vendor_of(request.user.pk or 0)
        if vendor is None:
            raise NotFound(_("You don't work for a dairy here yet."))
        with timezone.override(ZoneInfo(vendor.region.time_zone)):
            today = clock.today(vendor.region)
            days = demand_days(vendor.pk, since=today)
            day: date = asked.validated_data.get("date") or (days[0].date if days else today)
            found = {"vendor": vendor, "date": day, "days": days, "slots": demand_on(vendor.pk, day)}
            return Response(AssignmentsSerializer(found).data)
