"""Dairies: who delivers where, and how admins keep them."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as ModelError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import VendorEditors, VendorKeepers, role_of
from accounts.rules import permitted
from deliveries.queries import hub_names
from milkdelivery.core import clock
from milkdelivery.core.api import MoneyField, idempotent
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.places import LONGEST_PINCODE, known_pincode
from milkdelivery.core.api.questions import Question
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.errors import DomainError, NotFound
from milkdelivery.core.models import Pincode, Region
from milkdelivery.core.queries import normal_pincode, region_book
from milkdelivery.core.web import actor_of
from vendors.actions import (
    DayChangedMeanwhile,
    activate_vendor,
    change_vendor,
    deactivate_vendor,
    replace_service_areas,
    save_offers,
    save_vendor,
    set_day_limit,
)
from vendors.actions.dairies import ForeignPincode
from vendors.models import Offer, Vendor
from vendors.queries import (
    active_vendors,
    any_vendor,
    areas_of,
    capacity_days,
    is_pack,
    offer_of,
    offers_of,
    serving_vendor,
    serving_vendors,
    vendors_serving,
)

MOST_AREAS = 2_000
_SIX_DIGITS = "560034"


class VendorSerializer(serializers.ModelSerializer[Vendor]):
    """What the law and a household want to know of a dairy."""

    rating = serializers.DecimalField(max_digits=3, decimal_places=2, help_text="0.00 until deliveries are rated.")

    class Meta:
        model = Vendor
        fields = ["id", "name", "name_hi", "rating", "fssai_licence"]
        read_only_fields = fields


class VendorRecord(Body, serializers.ModelSerializer[Vendor]):
    """A dairy as it is kept."""

    elsewhere: ClassVar[dict[str, Any]] = {
        "is_active": gettext_lazy(
            "A dairy stops by DELETE vendors/{id}/, which moves its orders on, and starts again by "
            "POST vendors/{id}/activate/."
        )
    }
    moving = ("rating",)

    region = serializers.SlugRelatedField(slug_field="code", queryset=Region.objects.all())
    commission_basis_points = serializers.IntegerField(required=False, min_value=0, max_value=10_000)
    daily_order_limit = serializers.IntegerField(required=False, min_value=0, max_value=100_000)

    class Meta:
        model = Vendor
        fields = [
            "id",
            "name",
            "name_hi",
            "region",
            "email",
            "phone",
            "address",
            "pincode",
            "latitude",
            "longitude",
            "rating",
            "daily_order_limit",
            "commission_basis_points",
            "gstin",
            "fssai_licence",
            "bank_reference",
            "is_active",
        ]
        read_only_fields = ["id", "rating", "is_active"]


def keep_vendor(vendor: Vendor, request: Request, *, partial: bool) -> Vendor:
    """The dairy with what was sent; what was not sent stays. Raises ValidationError by field, and TakenMeanwhile."""
    body = VendorRecord(vendor if vendor.pk else None, data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    sent, by = body.validated_data, actor_of(request)
    try:
        if vendor.pk:
            return change_vendor(vendor.pk, changes=sent, by=by)
        made = Vendor(**sent)
        made.full_clean()
    except ModelError as refusal:
        raise serializers.ValidationError(refusal.message_dict) from refusal
    return save_vendor(made, by=by)


class VendorQuery(Question):
    pincode = serializers.CharField(required=False, max_length=LONGEST_PINCODE, help_text="Those that serve it.")


class VendorList(generics.ListAPIView[Vendor]):
    """The dairies."""

    permission_classes = [VendorEditors]
    serializer_class = VendorSerializer
    filter_backends = ()
    cursor_ordering = "id"

    def get_queryset(self) -> QuerySet[Vendor]:
        if getattr(self, "swagger_fake_view", False):  # the description asks without a question
            return active_vendors()
        asked = VendorQuery(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        if "pincode" not in asked.validated_data:
            return active_vendors() if permitted(role_of(self.request), "vendors.view_vendor") else serving_vendors()
        return vendors_serving(known_pincode(region_book(), asked.validated_data["pincode"]).code)

    @extend_schema(operation_id="vendors_list", parameters=[VendorQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who delivers to a pincode, or all who may deliver. Staff see those too that lack the licence for it."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="vendors_create", request=VendorRecord, responses={201: VendorRecord})
    @idempotent(required=False)
    def post(self, request: Request) -> Response:
        """A new dairy. It serves nobody before it has areas and offers."""
        vendor = keep_vendor(Vendor(), request, partial=False)
        where = {"Location": reverse("api-vendor", args=[vendor.pk])}
        return Response(VendorRecord(vendor).data, status=201, headers=where)


class OneVendor(APIView):
    """A dairy."""

    permission_classes = [VendorEditors]
    throttle_classes = [Changes]

    @extend_schema(operation_id="vendors_retrieve", responses=VendorSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One that delivers now; 404 for one that stopped or lacks its licence. Staff see all, with their papers."""
        if permitted(role_of(request), "vendors.view_vendor"):
            return Response(VendorRecord(any_vendor(pk)).data)
        return Response(VendorSerializer(serving_vendor(pk)).data)

    @extend_schema(operation_id="vendors_update", request=VendorRecord, responses=VendorRecord)
    def put(self, request: Request, pk: int) -> Response:
        """All that is required, and what else is sent."""
        return Response(VendorRecord(keep_vendor(any_vendor(pk), request, partial=False)).data)

    @extend_schema(operation_id="vendors_partial_update", request=VendorRecord, responses=VendorRecord)
    def patch(self, request: Request, pk: int) -> Response:
        """Some of it."""
        return Response(VendorRecord(keep_vendor(any_vendor(pk), request, partial=True)).data)

    @extend_schema(operation_id="vendors_destroy", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """It stops: no further orders, and what it has not packed goes to others. Its history stays."""
        deactivate_vendor(any_vendor(pk).pk, by=actor_of(request))
        return Response(status=204)


class Activate(APIView):
    """A dairy that stopped."""

    permission_classes = [VendorKeepers]
    throttle_classes = [Changes]

    @extend_schema(operation_id="vendors_activate", request=None, responses=VendorRecord)
    def post(self, request: Request, pk: int) -> Response:
        """It gets orders again. Safe to repeat. Refused (409, `vendor_licence_in_use`) while another one works with its
        licence."""
        vendor = activate_vendor(any_vendor(pk).pk, by=actor_of(request))
        return Response(VendorRecord(any_vendor(vendor.pk)).data)


# -- where it delivers, what it offers, how much it takes --------------------------------------------------------------


class AreasSerializer(Body):
    pincodes = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_PINCODE), max_length=MOST_AREAS, help_text="All it delivers to."
    )


class KeptAreas(serializers.Serializer[Any]):
    pincodes = serializers.ListField(child=serializers.CharField(), help_text="All it delivers to.")
    without_hub = serializers.ListField(
        child=serializers.CharField(), help_text="Those that no hub serves yet: nobody can order from there."
    )


def _kept_areas(vendor: Vendor) -> Response:
    codes = areas_of(vendor)
    hubs = hub_names(codes)
    return Response({"pincodes": codes, "without_hub": [code for code in codes if code not in hubs]})


def _pincodes(vendor: Vendor, sent: Sequence[str]) -> list[Pincode]:
    """Those of the codes, as they are kept now. Raises ValidationError."""
    codes = list(dict.fromkeys(normal_pincode(code) for code in sent))
    known = {pincode.code: pincode for pincode in Pincode.objects.filter(code__in=codes)}
    for code in codes:
        if code in known:  # of which market, `change_service_areas` looks
            continue
        if re.fullmatch(vendor.region.postal_code_pattern, code):
            text = _("Pincode %(code)s is not known yet. Add it among the pincodes first.")
        elif re.fullmatch(vendor.region.postal_code_pattern, _SIX_DIGITS):
            text = _("%(code)s is no pincode. A pincode has six digits, such as 560034.")
        else:
            text = _("%(code)s is no pincode of this market.")
        raise serializers.ValidationError({"pincodes": [text % {"code": code}]})
    return [known[code] for code in codes]


class Areas(APIView):
    """Where a dairy delivers."""

    permission_classes = [VendorKeepers]
    throttle_classes = [Changes]

    @extend_schema(operation_id="vendors_areas_retrieve", responses=KeptAreas)
    def get(self, request: Request, pk: int) -> Response:
        """Its pincodes."""
        return _kept_areas(any_vendor(pk))

    @extend_schema(operation_id="vendors_areas_update", request=AreasSerializer, responses=KeptAreas)
    def put(self, request: Request, pk: int) -> Response:
        """Exactly these from now on. Orders that are promised stay with it. An empty list is refused (422,
        `vendor_without_area`) for a working dairy that delivers somewhere: deleting the dairy moves its orders on."""
        vendor = any_vendor(pk)
        body = AreasSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = _pincodes(vendor, body.validated_data["pincodes"])
        try:
            replace_service_areas(vendor.pk, [pincode.pk for pincode in found], by=actor_of(request))
        except ForeignPincode as refusal:
            raise serializers.ValidationError({"pincodes": [str(refusal)]}) from refusal
        return _kept_areas(vendor)


class OfferSerializer(Body, serializers.ModelSerializer[Offer]):
    """A pack that a dairy supplies. What it costs us is for staff alone."""

    variant_id = serializers.IntegerField(read_only=True)
    cost_price = MoneyField()
    lead_time_days = serializers.IntegerField(min_value=0, max_value=30, default=0)

    class Meta:
        model = Offer
        fields = ["variant_id", "cost_price", "lead_time_days", "is_active"]


class Offers(APIView):
    """What a dairy offers."""

    permission_classes = [VendorKeepers]

    @extend_schema(operation_id="vendors_offers_list", responses=OfferSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Every pack, also those that it does not offer now."""
        return Response(OfferSerializer(offers_of(any_vendor(pk)), many=True).data)


class OneOffer(APIView):
    """A pack that a dairy offers."""

    permission_classes = [VendorKeepers]
    throttle_classes = [Changes]

    @extend_schema(operation_id="vendors_offers_update", request=OfferSerializer, responses=OfferSerializer)
    def put(self, request: Request, pk: int, variant_id: int) -> Response:
        """What it costs us, and how many days it needs."""
        vendor = any_vendor(pk)
        if not is_pack(variant_id):
            raise NotFound(_("There is no such pack."))
        offer = offer_of(vendor, variant_id) or Offer(vendor=vendor, variant_id=variant_id)
        body = OfferSerializer(offer, data=request.data)
        body.is_valid(raise_exception=True)
        cost = body.validated_data["cost_price"]
        if cost.currency != vendor.region.currency:
            text = _("This dairy is paid in %(currency)s.") % {"currency": vendor.region.currency}
            raise serializers.ValidationError({"cost_price": [text]})
        offer.cost_price = cost
        offer.lead_time_days = body.validated_data["lead_time_days"]
        offer.is_active = body.validated_data.get("is_active", True)
        save_offers(vendor.pk, offers=[offer], by=actor_of(request))
        return Response(OfferSerializer(offer).data)


class CapacityDaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    orders = serializers.IntegerField(help_text="Distinct orders that it has.")
    limit = serializers.IntegerField(help_text="How many it takes that day.")
    left = serializers.IntegerField()
    is_set = serializers.BooleanField(help_text="Whether the limit is for this day alone.")
    note = serializers.CharField()
    etag = serializers.CharField(help_text="Of the limit: what `If-Match` takes when the day is set.")


class Capacity(APIView):
    """How full a dairy's days are."""

    permission_classes = [VendorKeepers]

    @extend_schema(operation_id="vendors_capacity_list", responses=CapacityDaySerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The coming days."""
        vendor = any_vendor(pk)
        return Response(CapacityDaySerializer(capacity_days(vendor, since=clock.today(vendor.region)), many=True).data)


class DayLimitSerializer(Body):
    order_limit = serializers.IntegerField(min_value=0, max_value=100_000, help_text="0: it takes none.")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=80)


class DayMovedOn(DomainError):
    """The day is not what `If-Match` says that the caller saw."""

    code = "precondition_failed"
    status = 412


NOT_AS_SEEN = OpenApiResponse(description="Somebody set the day since (If-Match). Look at it again.")


class OneDay(APIView):
    """A dairy's day."""

    headers_read = {"If-Match": "The `etag` of the day as the caller saw it. Without it, the last one to write wins."}

    permission_classes = [VendorKeepers]
    throttle_classes = [Changes]

    @extend_schema(
        operation_id="vendors_capacity_update",
        request=DayLimitSerializer,
        responses={200: CapacityDaySerializer, 412: NOT_AS_SEEN},
    )
    def put(self, request: Request, pk: int, day: str) -> Response:
        """How many orders it takes on that day alone. What it has already stays."""
        vendor, on = any_vendor(pk), _day(day)
        body = DayLimitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        _set(request, vendor, on, body.validated_data["order_limit"], body.validated_data["note"])
        (kept,) = capacity_days(vendor, since=on, days=1)
        return Response(CapacityDaySerializer(kept).data, headers={"ETag": kept.etag})

    @extend_schema(operation_id="vendors_capacity_destroy", responses={204: None, 412: NOT_AS_SEEN})
    def delete(self, request: Request, pk: int, day: str) -> Response:
        """As many as on any other day."""
        _set(request, any_vendor(pk), _day(day), None, "")
        return Response(status=204)


def _set(request: Request, vendor: Vendor, on: date, order_limit: int | None, note: str) -> None:
    """Raises DayMovedOn, and what `set_day_limit` raises."""
    tags = parse_etags(request.headers.get("If-Match", "")) if "If-Match" in request.headers else ["*"]
    seen = None if "*" in tags else tags
    try:
        set_day_limit(vendor.pk, on=on, order_limit=order_limit, note=note, seen=seen, by=actor_of(request))
    except DayChangedMeanwhile as refusal:
        (now,) = capacity_days(vendor, since=on, days=1)
        raise DayMovedOn(refusal.message, field=refusal.field, etag=now.etag) from refusal


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound(_("There is no such day.")) from None
