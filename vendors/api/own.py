"""What a dairy has to bring, and its answers."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Vendors
from milkdelivery.core import clock
from milkdelivery.core.api import idempotent
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.questions import Question
from milkdelivery.core.api.serviceability import SlotSerializer
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of
from orders import actions
from orders.models import Order, OrderLine, VendorAnswer
from orders.queries import OPEN, demand_days, demand_on, given_back_by, lines_for_vendor
from vendors.api.dairies import CapacityDaySerializer, VendorSerializer
from vendors.models import Vendor
from vendors.queries import capacity_days, vendor_of

LONGEST_NUMBER = 8


class DemandItemSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    pack = serializers.CharField()
    quantity = serializers.IntegerField()
    packed = serializers.IntegerField(help_text="How many of them stand ready at the hub.")


class AssignedLineSerializer(serializers.ModelSerializer[OrderLine]):
    class Meta:
        model = OrderLine
        fields = ["id", "variant_id", "name", "pack", "quantity", "status"]
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


class AssignmentQuery(Question):
    date = serializers.DateField(required=False, help_text="The first day with something to bring, where none is sent.")


class AssignmentsSerializer(serializers.Serializer[Any]):
    vendor = VendorSerializer()
    date = serializers.DateField()
    days = DemandDaySerializer(many=True, help_text="From today on, those with something to bring.")
    slots = SlotDemandSerializer(many=True)


def own_vendor(request: Request) -> Vendor:
    """The dairy that the caller works for. Raises NotFound."""
    vendor = vendor_of(request.user.pk or 0)
    if vendor is None:
        raise NotFound(_("You don't work for a dairy here yet."))
    return vendor


class OwnAssignments(APIView):
    """What the caller's dairy has to bring."""

    permission_classes = [Vendors]

    @extend_schema(operation_id="vendors_me_assignments", parameters=[AssignmentQuery], responses=AssignmentsSerializer)
    def get(self, request: Request) -> Response:
        """One day, slot by slot: the totals by product, and the orders behind them."""
        asked = AssignmentQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        vendor = own_vendor(request)
        with timezone.override(ZoneInfo(vendor.region.time_zone)):
            today = clock.today(vendor.region)
            days = demand_days(vendor.pk, since=today)
            day: date = asked.validated_data.get("date") or (days[0].date if days else today)
            found = {"vendor": vendor, "date": day, "days": days, "slots": demand_on(vendor.pk, day)}
            return Response(AssignmentsSerializer(found).data)


class OwnDays(APIView):
    """How full the caller's dairy is."""

    permission_classes = [Vendors]

    @extend_schema(operation_id="vendors_me_capacity", responses=CapacityDaySerializer(many=True))
    def get(self, request: Request) -> Response:
        """The coming days: orders, how many it takes, how many are left."""
        vendor = own_vendor(request)
        return Response(CapacityDaySerializer(capacity_days(vendor, since=clock.today(vendor.region)), many=True).data)


class GiveBackSerializer(Body):
    reason = serializers.ChoiceField(VendorAnswer.Reason.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)


class DaySerializer(Body):
    date = serializers.DateField()


class GiveBackDaySerializer(DaySerializer):
    reason = serializers.ChoiceField(VendorAnswer.Reason.choices)


class ShortSerializer(Body):
    available = serializers.IntegerField(min_value=0, max_value=50, help_text="How many of the line can be brought.")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)


class LinesSerializer(serializers.Serializer[Any]):
    """How the dairy's lines stand now. What it gave back is not among them any more."""

    lines = AssignedLineSerializer(many=True)


class AcceptedSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="Lines that were not accepted before.")


def answered(vendor: Vendor, order_id: int) -> Response:
    """The dairy's lines of the order as they stand now."""
    lines = list(lines_for_vendor(vendor.pk).filter(order=order_id))
    return Response(LinesSerializer({"lines": lines}).data)


class _Answer(APIView):
    permission_classes = [Vendors]
    throttle_classes = [Changes]

    def order_of(self, vendor: Vendor, line_id: int) -> int:
        """The order that a line is of, if the dairy has it or had it. Raises NotFound."""
        answers = VendorAnswer.objects.filter(vendor=vendor, line=line_id).values_list("order_id", flat=True)
        own = lines_for_vendor(vendor.pk).filter(pk=line_id).values_list("order_id", flat=True)
        found = own.first() or answers.first()
        if found is None:
            raise NotFound(_("There is no such line among what you were given."))
        return found


class AcceptLine(_Answer):
    """A line that the dairy was given."""

    @extend_schema(operation_id="vendors_me_accept", request=None, responses=LinesSerializer)
    @idempotent(required=False)
    def post(self, request: Request, pk: int) -> Response:
        """It brings it. Safe to repeat; until the pack time."""
        vendor = own_vendor(request)
        order_id = self.order_of(vendor, pk)
        actions.accept_lines(vendor.pk, [pk], by=actor_of(request))
        return answered(vendor, order_id)

    @extend_schema(operation_id="vendors_me_accept_undo", request=None, responses=LinesSerializer)
    def delete(self, request: Request, pk: int) -> Response:
        """A wrong tap: the line waits for an answer again."""
        vendor = own_vendor(request)
        order_id = self.order_of(vendor, pk)
        actions.undo_acceptance(vendor.pk, [pk], by=actor_of(request))
        return answered(vendor, order_id)


class RejectLine(_Answer):
    """A line that the dairy was given."""

    @extend_schema(operation_id="vendors_me_reject", request=GiveBackSerializer, responses=LinesSerializer)
    @idempotent(required=False)
    def post(self, request: Request, pk: int) -> Response:
        """It does not bring it: another dairy does, or the household is told and pays less. Until the pack time."""
        vendor = own_vendor(request)
        order_id = self.order_of(vendor, pk)
        body = GiveBackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actions.reject_lines(vendor.pk, [pk], by=actor_of(request), **body.validated_data)
        return answered(vendor, order_id)


class ShortLine(_Answer):
    """A line that the dairy was given."""

    @extend_schema(operation_id="vendors_me_short", request=ShortSerializer, responses=LinesSerializer)
    @idempotent(required=False)
    def post(self, request: Request, pk: int) -> Response:
        """It has only some of it, and brings that. Safe to repeat; until the pack time."""
        vendor = own_vendor(request)
        order_id = self.order_of(vendor, pk)
        body = ShortSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actions.report_short(vendor.pk, pk, by=actor_of(request), **body.validated_data)
        return answered(vendor, order_id)


class _OrderAnswer(_Answer):
    def own_lines(self, vendor: Vendor, number: str, *, said: QuerySet[VendorAnswer] | None = None) -> list[OrderLine]:
        """The dairy's open lines of an order, or else those that it `said` this of before. Raises NotFound."""
        if len(number) > LONGEST_NUMBER:
            raise NotFound(_("There is no such order."))
        lines = list(lines_for_vendor(vendor.pk).filter(order__number=number, status__in=OPEN))
        if not lines and said is not None:
            lines = [answer.line for answer in said.filter(order__number=number)]
        if not lines:
            raise NotFound(_("There is no such order."))
        return lines


class AcceptOrder(_OrderAnswer):
    """The dairy's lines of an order."""

    @extend_schema(operation_id="vendors_me_accept_order", request=None, responses=LinesSerializer)
    @idempotent(required=False)
    def post(self, request: Request, number: str) -> Response:
        """It brings all of them."""
        vendor = own_vendor(request)
        lines = self.own_lines(vendor, number)
        actions.accept_lines(vendor.pk, [line.pk for line in lines], by=actor_of(request))
        return answered(vendor, lines[0].order_id)


class RejectOrder(_OrderAnswer):
    """The dairy's lines of an order."""

    @extend_schema(operation_id="vendors_me_reject_order", request=GiveBackSerializer, responses=LinesSerializer)
    @idempotent(required=False)
    def post(self, request: Request, number: str) -> Response:
        """It brings none of them. Safe to repeat; until the pack time."""
        vendor = own_vendor(request)
        lines = self.own_lines(vendor, number, said=given_back_by(vendor.pk))
        body = GiveBackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        ids = [line.pk for line in lines]
        actions.reject_lines(vendor.pk, ids, by=actor_of(request), **body.validated_data)
        return answered(vendor, lines[0].order_id)


class AcceptDay(_Answer):
    """All that the dairy was given for a day."""

    @extend_schema(operation_id="vendors_me_accept_day", request=DaySerializer, responses=AcceptedSerializer)
    @idempotent(required=False)
    def post(self, request: Request) -> Response:
        """It brings whatever it has not answered for and still may."""
        vendor = own_vendor(request)
        body = DaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        count = actions.accept_day(vendor.pk, on=body.validated_data["date"], by=actor_of(request))
        return Response(AcceptedSerializer({"accepted": count}).data)


class RejectDay(_Answer):
    """All that the dairy was given for a day."""

    @extend_schema(operation_id="vendors_me_reject_day", request=GiveBackDaySerializer, responses={202: None})
    @idempotent(required=False)
    def post(self, request: Request) -> Response:
        """It brings nothing. A worker gives the orders to others one by one, so the answer is 202."""
        vendor = own_vendor(request)
        body = GiveBackDaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        actions.reject_day(vendor.pk, on=asked["date"], reason=asked["reason"], by=actor_of(request))
        return Response(status=202)
