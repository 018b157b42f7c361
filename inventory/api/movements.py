"""What is done to the shelves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import StockKeepers
from inventory import actions
from inventory.actions import BatchFacts
from inventory.api.shelves import LARGEST_ID, ShelfSerializer
from inventory.models import Stock
from inventory.queries.shelves import kept_variant, kept_vendor
from inventory.rules import COLDEST, WARMEST
from milkdelivery.core.api import idempotent
from milkdelivery.core.api.bodies import Body
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.web import actor_of

NO_SUCH_PACK = OpenApiResponse(description="The dairy is not there or not the caller's, or keeps no such pack.")

FIELDS_OF_BATCH = {
    "batch_code": "batch.code",
    "produced_on": "batch.produced_on",
    "expires_on": "batch.expires_on",
}

KINDS = {"ADD": ("RECEIVE", "ADJUST"), "SUBTRACT": ("ADJUST", "SPOIL"), "SET": ("SET",)}
"""What may lie behind each operation; the first is meant where nothing is said."""


class BatchSerializer(Body):
    code = serializers.CharField(max_length=40)
    produced_on = serializers.DateField()
    expires_on = serializers.DateField(
        help_text="The last day it may be delivered: at most twice the pack's shelf life (or three days more than it, "
        "whichever is longer) after production."
    )
    fat_percent = serializers.DecimalField(max_digits=4, decimal_places=2, min_value=0, max_value=99, required=False)
    snf_percent = serializers.DecimalField(max_digits=4, decimal_places=2, min_value=0, max_value=99, required=False)
    temperature = serializers.DecimalField(
        max_digits=4,
        decimal_places=1,
        min_value=COLDEST,
        max_value=WARMEST,
        required=False,
        help_text="On arrival, °C.",
    )


class MovementSerializer(Body):
    """ADD and SUBTRACT say how many; SET says how many there are, and the difference is stored."""

    vendor_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    variant_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    operation = serializers.ChoiceField(list(KINDS))
    kind = serializers.ChoiceField(
        ["RECEIVE", "ADJUST", "SPOIL", "SET"],
        required=False,
        help_text="ADD: RECEIVE (default) or ADJUST. SUBTRACT: ADJUST (default) or SPOIL.",
    )
    quantity = serializers.IntegerField(min_value=0, max_value=actions.MOST)
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    batch = BatchSerializer(
        required=False,
        help_text="The batch that came in. For RECEIVE only. Without one the goods count as produced today, good for "
        "the pack's shelf life.",
    )
    is_spoiled = serializers.BooleanField(
        default=False, help_text="It came in spoiled (or expired) and is thrown away at once. For RECEIVE only."
    )
    batch_id = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_ID,
        required=False,
        help_text="The batch that is corrected or thrown away. Without one, what is added is in the batch of the day "
        "and what expires first goes first; SET counts the whole shelf.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        allowed = KINDS[attrs["operation"]]
        kind = attrs.setdefault("kind", allowed[0])
        problems = {}
        if kind not in allowed:
            problems["kind"] = _("%(operation)s can't be %(kind)s.") % {"operation": attrs["operation"], "kind": kind}
        if kind != "RECEIVE" and not attrs["reason"].strip():
            problems["reason"] = _("Say why.")
        if kind != "RECEIVE" and "batch" in attrs:
            problems["batch"] = _("Name the batch by batch_id.")
        if kind == "RECEIVE" and "batch_id" in attrs:
            problems["batch_id"] = _("Goods that come in are described in batch.")
        if kind != "RECEIVE" and attrs["is_spoiled"]:
            problems["is_spoiled"] = _("Only what comes in can come in spoiled; throw away with SPOIL.")
        if attrs["operation"] != "SET" and not attrs["quantity"]:
            problems["quantity"] = _("Enter a quantity above zero.")
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class Movements(APIView):
    """Movements of stock."""

    permission_classes = [StockKeepers]
    throttle_classes = [Changes]

    @extend_schema(
        operation_id="inventory_move",
        request=MovementSerializer,
        responses={201: ShelfSerializer, 404: NO_SUCH_PACK},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Goods come in, are counted, corrected or thrown away; the answer is the shelf afterwards.

        Refused (422, `stock_would_break`) where less would be there than nothing or than is promised to orders.
        """
        body = MovementSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked, by = body.validated_data, actor_of(request)
        vendor = kept_vendor(by, asked["vendor_id"])
        variant = kept_variant(vendor, asked["variant_id"])
        shelf: dict[str, Any] = {"vendor_id": vendor.pk, "variant_id": variant.pk, "reason": asked["reason"], "by": by}
        moved = _move(asked, shelf)
        after = Stock.objects.select_related("vendor", "variant__product").get(pk=moved.pk)
        return Response(ShelfSerializer(after).data, status=status.HTTP_201_CREATED)


def _move(asked: dict[str, Any], shelf: dict[str, Any]) -> Stock:
    quantity, batch_id = asked["quantity"], asked.get("batch_id")
    match asked["kind"]:
        case "RECEIVE":
            facts = BatchFacts(**asked["batch"]) if "batch" in asked else None
            receive = actions.receive_spoiled if asked["is_spoiled"] else actions.receive
            with naming_the_batch():
                return receive(**shelf, quantity=quantity, batch=facts)
        case "SPOIL":
            return actions.spoil(**shelf, quantity=quantity, batch_id=batch_id)
        case "SET":
            return actions.set_on_hand(**shelf, quantity=quantity, batch_id=batch_id)
    change = quantity if asked["operation"] == "ADD" else -quantity
    return actions.adjust(**shelf, change=change, batch_id=batch_id)


@contextmanager
def naming_the_batch() -> Iterator[None]:
    """A refusal within names the field of a batch as it was sent."""
    try:
        yield
    except InvalidInput as refusal:
        refusal.field = FIELDS_OF_BATCH.get(refusal.field or "", refusal.field)
        raise
