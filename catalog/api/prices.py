"""The price list as admins keep it."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError as ModelError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import PriceKeepers
from catalog.actions import remove_price, save_price
from catalog.api.records import LARGEST_ID
from catalog.models import PriceListEntry, Variant
from catalog.queries import price_on
from milkdelivery.core.api import MoneyField
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.questions import Question
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of

_AMOUNTS = ("price", "mrp", "deposit")


class PriceRecord(Body, serializers.ModelSerializer[PriceListEntry]):
    """A price of a pack in a market, from one delivery day to another (both included)."""

    variant = serializers.PrimaryKeyRelatedField(
        queryset=Variant.objects.all(), pk_field=serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    )
    region = serializers.SlugRelatedField(slug_field="code", queryset=Region.objects.all())
    price = MoneyField()
    mrp = MoneyField(required=False, allow_null=True)
    deposit = MoneyField(required=False)

    class Meta:
        model = PriceListEntry
        fields = ["id", "variant", "region", "price", "mrp", "deposit", "valid_from", "valid_until"]
        validators: ClassVar[list[Any]] = []  # another price from the same day on is an overlap: `save_price` says so


class PriceChange(PriceRecord):
    """What may change of a price: not what it is the price of."""

    class Meta(PriceRecord.Meta):
        read_only_fields = ["variant", "region"]

    variant = serializers.PrimaryKeyRelatedField(read_only=True)
    region = serializers.SlugRelatedField(slug_field="code", read_only=True)


class SavedPriceSerializer(PriceRecord):
    """A price as it was saved, and what that did to the one before it."""

    ended = PriceRecord(allow_null=True, help_text="The open-ended price that now ends the day before.")
    resumed = PriceRecord(allow_null=True, help_text="The same price, going on after the end of the new one.")
    extended = PriceRecord(
        allow_null=True, help_text="The price that this one had ended, and that goes on until its later start."
    )
    moved = PriceRecord(
        allow_null=True, help_text="The price that goes on after this one, and starts on another day by its other end."
    )

    class Meta(PriceRecord.Meta):
        fields = [*PriceRecord.Meta.fields, "ended", "resumed", "extended", "moved"]


class PriceQuery(Question):
    variant = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    region = serializers.CharField(required=False, max_length=8)


class Prices(generics.ListAPIView[PriceListEntry]):
    """The price list, past and future."""

    permission_classes = [PriceKeepers]
    serializer_class = PriceRecord
    queryset = PriceListEntry.objects.none()  # for the description
    cursor_ordering = ("-valid_from", "-pk")

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()] if self.request.method == "POST" else []

    @extend_schema(operation_id="prices_list", parameters=[PriceQuery], responses=PriceRecord(many=True))
    def get(self, request: Request) -> Response:
        """The latest start first."""
        asked = PriceQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        names = {"variant": "variant_id", "region": "region__code"}
        wanted = {names[name]: value for name, value in asked.validated_data.items()}
        found = PriceListEntry.objects.filter(**wanted).select_related("variant", "region")
        page = self.paginate_queryset(found.order_by(*self.cursor_ordering)) or []
        return self.get_paginated_response(PriceRecord(page, many=True).data)

    @extend_schema(operation_id="prices_create", request=PriceRecord, responses={201: SavedPriceSerializer})
    def post(self, request: Request) -> Response:
        """A price for the future. An open-ended one before it makes room, any other overlap is refused (409).

        `mrp` and `deposit` that are not sent stay as they are on the day it begins.
        """
        body = PriceRecord(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        entry = PriceListEntry(region=wanted["region"], mrp=None)
        before = price_on(wanted["variant"].pk, region=entry.region, on=wanted["valid_from"])
        entry.mrp, entry.deposit = (before.mrp, before.deposit) if before else (None, Money.zero(entry.currency))
        return Response(_kept(entry, body.validated_data, request), status=status.HTTP_201_CREATED)


class OnePrice(APIView):
    """One entry of the price list."""

    permission_classes = [PriceKeepers]

    def get_throttles(self) -> list[BaseThrottle]:
        return [] if self.request.method == "GET" else [Changes()]

    @extend_schema(operation_id="prices_retrieve", responses=PriceRecord)
    def get(self, request: Request, pk: int) -> Response:
        """As it is kept."""
        return Response(PriceRecord(_entry(pk)).data)

    @extend_schema(
        operation_id="prices_partial_update", request=PriceChange(partial=True), responses=SavedPriceSerializer
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Of a price that has been in force only the end can change. What made room for this one follows both its ends:
        the price before it (`ended`, `extended`) and the one that goes on after it (`moved`)."""
        entry = _entry(pk)
        body = PriceChange(entry, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        return Response(_kept(entry, body.validated_data, request))

    @extend_schema(
        operation_id="prices_destroy", responses={204: OpenApiResponse(description="It will not take effect.")}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Only of a price that starts after today: what is or was in force is ended by its `valid_until` instead (409,
        `price_in_force`). An open-ended price that ended because this one starts goes
        on in its place, as one with its copy after this one where both charge the same; an end that somebody gave it
        stays."""
        remove_price(_entry(pk).pk, by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _entry(pk: int) -> PriceListEntry:
    return get_object_or_404(PriceListEntry.objects.select_related("variant", "region"), pk=min(pk, LARGEST_ID))


def _kept(entry: PriceListEntry, values: dict[str, Any], request: Request) -> Any:
    """The entry with what was sent. Raises ValidationError by field, and what `save_price` raises."""
    for name, value in values.items():
        setattr(entry, name, value)
    amounts = {name: values[name] for name in _AMOUNTS if values.get(name) is not None}
    foreign = [name for name, amount in amounts.items() if amount.currency != entry.currency]
    if foreign:
        text = _("This market charges in %(currency)s.") % {"currency": entry.currency}
        raise serializers.ValidationError({name: [text] for name in foreign})
    try:
        entry.clean()
    except ModelError as refusal:
        raise serializers.ValidationError(refusal.message_dict) from refusal
    saved = save_price(entry, by=actor_of(request))
    answer = PriceRecord(saved.entry).data
    others = {"ended": saved.ended, "resumed": saved.resumed, "extended": saved.extended, "moved": saved.moved}
    return answer | {name: PriceRecord(other).data if other else None for name, other in others.items()}
