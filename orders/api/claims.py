"""Claims about delivered goods: making one, seeing them, deciding."""

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid5

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import OrderRunners, SignedIn
from cart.api.serializers import LARGEST_ID
from milkdelivery.core.api import JSONParser, MoneyField, idempotent
from milkdelivery.core.api.parsers import is_storable
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.rules import MAX_LINES, MAX_QUANTITY
from milkdelivery.core.web import actor_of
from orders.actions import ClaimDraft, reject_claim
from orders.api.access import HEADERS_READ, OrderSeers, order_for
from orders.api.serializers import AtOrder
from orders.models import Claim, ClaimLine
from orders.photos import forget_photo, keep_photo
from orders.queries import claim_seen_by, claims_of_order, claims_seen_by
from orders.rules.claims import Claimed, Why
from orders.tokens import photo_address
from payments.actions import approve_claim, make_claim, settle_claim

KEYS = UUID("b7a1f6f4-3c1e-4f0b-9c0d-6e1f0a2b8d55")
"""The namespace in which an idempotency key names a claim."""
LONGEST_WORDS = 500


class ClaimedSerializer(serializers.Serializer[Any]):
    """Pieces of a line, and what was wrong with them."""

    line_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, help_text="`id` of the order's line.")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)
    reason = serializers.ChoiceField(ClaimLine.Reason.choices)


class ClaimWishSerializer(serializers.Serializer[Any]):
    """A claim. Send it as JSON, or with a photo as multipart/form-data."""

    lines = ClaimedSerializer(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    words = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_WORDS)
    destination = serializers.ChoiceField(
        Claim.Destination.choices,
        required=False,
        help_text="Left out: the wallet or, for a guest who paid a bank, where it came from. Cash and wallets: WALLET.",
    )


class ClaimUploadSerializer(ClaimWishSerializer):
    """The same with a photo, without which most claims wait for somebody to look at them."""

    lines = serializers.CharField(help_text="The lines, as JSON text.")  # type: ignore[assignment]
    photo = serializers.FileField(
        required=False, allow_empty_file=True, help_text="JPEG, PNG or WebP, at most 10 MB. Its notes are left behind."
    )


class ClaimLineSerializer(serializers.ModelSerializer[ClaimLine]):
    line_id = serializers.IntegerField()
    name = serializers.CharField(source="line.name")
    pack = serializers.CharField(source="line.pack")
    amount = MoneyField(help_text="What was paid for these pieces.")

    class Meta:
        model = ClaimLine
        fields = ["line_id", "name", "pack", "quantity", "reason", "amount", "granted_quantity"]
        read_only_fields = fields


class WhySerializer(serializers.Serializer[Any]):
    """Why somebody has to look at a claim."""

    why = serializers.ChoiceField([str(why) for why in Why])
    words = serializers.CharField(help_text="For staff, in their language.")


class ClaimSerializer(AtOrder, serializers.ModelSerializer[Claim]):
    """What a household said was wrong, and what was decided."""

    order = serializers.CharField(source="order.number")
    amount = MoneyField(help_text="What was paid for all that is claimed, as it was reckoned then.")
    granted = MoneyField(help_text="What goes back.")
    lines = ClaimLineSerializer(many=True)
    photo_url = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_photo_url(self, claim: Claim) -> str | None:
        """Under this site's own address, for an hour. Null without a photo."""
        return photo_address(claim) or None

    @extend_schema_field(WhySerializer(many=True, allow_null=True))
    def get_why(self, claim: Claim) -> Any:
        """For staff: why no rule decided it. Null for anybody else."""
        request = self.context.get("request")
        if request is None or not actor_of(request).is_staff:
            return None
        return WhySerializer(claim.why_looked_at, many=True).data

    class Meta:
        model = Claim
        fields = [
            "id",
            "order",
            "status",
            "lines",
            "words",
            "photo_url",
            "destination",
            "amount",
            "granted",
            "opened_at",
            "is_by_rule",
            "decision_reason",
            "decided_at",
            "why",
        ]
        read_only_fields = fields


class OrderClaims(APIView):
    """Claims of an order."""

    permission_classes = [OrderSeers]
    parser_classes = [JSONParser, MultiPartParser]
    headers_read = HEADERS_READ

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()] if self.request.method == "POST" else []

    @extend_schema(operation_id="orders_claims_list", responses=ClaimSerializer(many=True), filters=False)
    def get(self, request: Request, number: str) -> Response:
        """What was claimed of it, oldest first."""
        found = claims_of_order(order_for(request, number))
        return Response(ClaimSerializer(found, many=True, context={"request": request}).data)

    @extend_schema(
        operation_id="orders_claims_create",
        request={"application/json": ClaimWishSerializer, "multipart/form-data": ClaimUploadSerializer},
        responses={201: ClaimSerializer, 409: OpenApiResponse(description="Too late, claimed already, not delivered.")},
    )
    @idempotent()
    def post(self, request: Any, number: str) -> Response:
        """Say that delivered goods were spoiled, wrong or missing.

        What is small is granted at once (`APPROVED`), anything else waits for a manager (`OPEN`). What goes back is
        what was paid for the pieces, with the deposit where no bottle is left to hand back.
        """
        order = order_for(request, number)
        body = ClaimWishSerializer(data=_plain(request.data))
        body.is_valid(raise_exception=True)
        asked, upload = body.validated_data, request.FILES.get("photo")
        photo = keep_photo(upload, size=upload.size) if upload is not None else None
        draft = ClaimDraft(
            key=f"api-{order.pk}-{uuid5(KEYS, request.idempotency.key)}",
            lines=[Claimed(line["line_id"], line["quantity"], line["reason"]) for line in asked["lines"]],
            words=asked["words"],
            photo=photo,
            destination=asked.get("destination", ""),
        )
        kept = ""
        try:
            claim = make_claim(order.pk, draft, by=actor_of(request))
            kept = claim.photo
        finally:
            if photo is not None and kept != photo.stem:
                forget_photo(photo.stem)
        whole = next(each for each in claims_of_order(order) if each.pk == claim.pk)
        told = ClaimSerializer(whole, context={"request": request}).data
        return Response(told, status=HTTPStatus.CREATED)


class ClaimFilters(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Claim.Status.choices)

    class Meta:
        model = Claim
        fields: list[str] = []


class Claims(generics.ListAPIView[Claim]):
    """Claims."""

    serializer_class = ClaimSerializer
    permission_classes = [SignedIn]
    queryset = Claim.objects.none()  # for the description; whose claims are seen depends on the caller
    filterset_class = ClaimFilters
    cursor_ordering = "-id"

    def get_queryset(self) -> QuerySet[Claim]:
        return claims_seen_by(actor_of(self.request))

    @extend_schema(operation_id="claims_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One's own, newest first; everybody's for staff."""
        return super().get(request, *args, **kwargs)


class GrantedSerializer(serializers.Serializer[Any]):
    line_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(min_value=0, max_value=MAX_QUANTITY)


class GrantSerializer(serializers.Serializer[Any]):
    lines = GrantedSerializer(  # type: ignore[call-arg]
        many=True, required=False, allow_empty=False, max_length=MAX_LINES, help_text="Left out: all that was claimed."
    )
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=255,
        help_text="The household reads it; needed where not all is granted.",
    )


class RefusalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=255, help_text="Why. The household reads it.")


class ApproveClaim(APIView):
    """Granting a claim."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="claims_approve", request=GrantSerializer, responses=ClaimSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """All of it, or so many pieces of each line; lines that are left out get nothing then. The money goes back."""
        claim = claim_seen_by(actor_of(request), pk)
        body = GrantSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        granted = {line["line_id"]: line["quantity"] for line in asked["lines"]} if "lines" in asked else None
        approve_claim(claim.pk, granted=granted, reason=asked["reason"], by=actor_of(request))
        return _told(request, pk)


class SettleClaim(APIView):
    """Ending a claim for which the money went back another way."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="claims_settle", request=None, responses=ClaimSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """No more goes back, and the household is told that it has it. 409 (`claim_not_paid_back`) where nothing of
        the order went back but by claims. A claim whose pieces are all paid back is settled by itself."""
        claim = claim_seen_by(actor_of(request), pk)
        settle_claim(claim.pk, by=actor_of(request))
        return _told(request, pk)


class RejectClaim(APIView):
    """Refusing a claim."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="claims_reject", request=RefusalSerializer, responses=ClaimSerializer)
    @idempotent()
    def post(self, request: Request, pk: int) -> Response:
        """Nothing goes back, and the household is told why."""
        claim = claim_seen_by(actor_of(request), pk)
        body = RefusalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        reject_claim(claim.pk, reason=body.validated_data["reason"], by=actor_of(request))
        return _told(request, pk)


def _told(request: Request, pk: int) -> Response:
    return Response(ClaimSerializer(claim_seen_by(actor_of(request), pk), context={"request": request}).data)


def _plain(data: Any) -> Any:
    """What was sent as a form, as it would be in JSON. Raises ValidationError for lines that are no JSON."""
    if not hasattr(data, "getlist"):
        return data
    plain = {name: data[name] for name in ("words", "destination") if name in data}
    text = data.get("lines", "[]")
    try:
        if not isinstance(text, str) or not is_storable(text):
            raise ValueError
        return {**plain, "lines": json.loads(text)}
    except (ValueError, RecursionError) as problem:
        raise serializers.ValidationError({"lines": _("Send the lines as a list in JSON.")}) from problem
