"""Ordering once more by one call."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import SignedIn
from accounts.models import User
from cart.actions import Seen, order_again, run_checkout
from cart.api.placing import KEYS
from cart.api.precheck import MissingSerializer
from cart.api.serializers import LARGEST_ID, LineSerializer, QuoteSerializer
from cart.models import Checkout
from cart.queries import Offer, ordered_cart, repeat_offer, usual_offer
from cart.rules import CheckoutRefused, Problem
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.api import MoneyField, idempotent
from milkdelivery.core.api.throttles import Orders as NewOrders
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of, caller_of
from orders.api.access import LONGEST_NUMBER
from orders.api.serializers import whole
from orders.api.views import PlacedSerializer, next_step_of, undone
from orders.queries import order_seen_by
from payments.models import Payment

NOTHING_USUAL = "The caller has had no order yet."
GIVEN_AS = {"address": "address_id"}
"""What fills a gap, where the field of the body is called otherwise."""


class NothingUsual(NotFound):
    code = "nothing_usual"


class LeftOutSerializer(serializers.Serializer[Any]):
    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    reason = serializers.CharField(help_text="For people, in their language.")


class ReorderOfferSerializer(serializers.Serializer[Any]):
    """The order that the next call would place: what can come, to the default address, paid the preferred way."""

    is_ready = serializers.BooleanField(help_text="Whether POST with `expected_total` alone would go through now.")
    problems = MissingSerializer(many=True, help_text="What keeps it from that.")
    lines = LineSerializer(source="view.lines", many=True)
    left_out = LeftOutSerializer(many=True, help_text="What was in the order and can't come.")
    totals = QuoteSerializer(source="view.quote")
    address_id = serializers.IntegerField(source="address.pk", allow_null=True, default=None)
    slot = serializers.ChoiceField(
        DeliverySlot.Code.choices, source="slot.code", allow_null=True, default=None, help_text="The preferred one."
    )
    delivery_date = serializers.DateField(
        allow_null=True, help_text="The soonest on which nothing comes in that slot already."
    )
    payment_method = serializers.ChoiceField(Payment.Method.choices)


class ReorderSerializer(serializers.Serializer[Any]):
    """What the person saw. What is left out of it is as GET says."""

    expected_total = MoneyField(help_text="What the person saw. Another total is refused.")
    address_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    slot = serializers.ChoiceField(DeliverySlot.Code.choices, required=False)
    delivery_date = serializers.DateField(required=False)
    payment_method = serializers.ChoiceField(Payment.Method.choices, required=False)


class ReorderedSerializer(PlacedSerializer):
    left_out = LeftOutSerializer(many=True)


class Again(APIView):
    """Something that the caller ordered before: a look, and one call that orders it."""

    permission_classes = [SignedIn]

    def get_throttles(self) -> list[BaseThrottle]:
        return [NewOrders()] if self.request.method == "POST" else []

    def look(self, offer: Offer) -> Response:
        return Response(ReorderOfferSerializer(offer).data, headers={"Cache-Control": "no-store"})

    def place(self, request: Request, subject: str, find_offer: Callable[[], Offer]) -> Response:
        """Order what is offered, with what the body says in place of it. `subject` names it in the caller's keys."""
        body = ReorderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = body.validated_data
        offer = find_offer()
        user, by = cast(User, request.user), actor_of(request)
        token = uuid.uuid5(KEYS, f"{caller_of(request)} {subject} {request.idempotency.key}")  # type: ignore[attr-defined]
        if ordered_cart(token) is None:  # else it was placed by a server that crashed then
            _ensure_possible(offer, chosen)
        placed = order_again(_seen(offer, chosen), user_id=user.pk, token=token, by=by)
        run = run_checkout(placed.pk, by=by, seen=placed)
        if run.state == Checkout.State.FAILED:
            return undone(request, run, None)
        order = order_seen_by(Actor.user(user.pk, Role.CUSTOMER), run.order.number)
        answer = {
            "order": whole(order, request),
            "next_step": next_step_of(run, order),
            "order_token": None,
            "left_out": LeftOutSerializer(offer.left_out, many=True).data,
        }
        headers = {"Location": reverse("api-order", args=[order.number]), "Cache-Control": "no-store"}
        return Response(answer, status=HTTPStatus.CREATED, headers=headers)


class Usual(Again):
    """What the caller orders most."""

    @extend_schema(
        operation_id="orders_usual_look",
        responses={200: ReorderOfferSerializer, 404: OpenApiResponse(description=NOTHING_USUAL)},
    )
    def get(self, request: Request) -> Response:
        """What one's usual order would be now, with prices and what there is of it. Nothing is kept and nothing
        promised. 404 (`nothing_usual`) for somebody who has had no order yet."""
        return self.look(_usual(request))

    @extend_schema(
        operation_id="orders_usual",
        request=ReorderSerializer,
        responses={201: ReorderedSerializer, 404: OpenApiResponse(description=NOTHING_USUAL)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Order it, as `orders/{number}/reorder/` does. The usual may have changed since it was looked at:
        `expected_total` is compared, and nothing is ordered at another."""
        return self.place(request, "usual", lambda: _usual(request))


class Reorder(Again):
    """The same again."""

    @extend_schema(operation_id="orders_reorder_look", responses=ReorderOfferSerializer)
    def get(self, request: Request, number: str) -> Response:
        """What ordering one's own order again would mean now. Nothing is kept and nothing promised."""
        return self.look(_offer(request, number))

    @extend_schema(
        operation_id="orders_reorder",
        request=ReorderSerializer,
        responses={201: ReorderedSerializer, 404: OpenApiResponse(description="There is no such order of the caller.")},
    )
    @idempotent()
    def post(self, request: Request, number: str) -> Response:
        """Order it again. Fields that are not sent are as GET says. The caller's cart is left alone.

        Refused (422, `checkout_refused`) where the total is another, the cut-off has passed, or something only the
        person can fill in is missing: an address, or a way to pay that takes no form.
        """
        return self.place(request, "again", lambda: _offer(request, number))


def _usual(request: Request) -> Offer:
    """Raises NothingUsual."""
    offer = usual_offer(cast(User, request.user), book=region_book())
    if offer is None:
        raise NothingUsual(_("You have had no order yet, so nothing is usual."))
    return offer


def _offer(request: Request, number: str) -> Offer:
    """Of the caller's own order. Raises NotFound for another's, whoever asks: nobody orders for others here."""
    user = cast(User, request.user)
    order = order_seen_by(Actor.user(user.pk, Role.CUSTOMER), number[: LONGEST_NUMBER + 1])
    return repeat_offer(order, user, book=region_book())


def _ensure_possible(offer: Offer, chosen: Mapping[str, Any]) -> None:
    """Raises CheckoutRefused."""
    gaps = [gap for gap in offer.gaps if GIVEN_AS.get(gap.field or "", gap.field) not in chosen]
    if not offer.pieces:
        gaps.append(Problem("nothing_left", _("Nothing of it can come now."), "lines"))
    if gaps:
        raise CheckoutRefused(gaps)


def _seen(offer: Offer, chosen: Mapping[str, Any]) -> Seen:
    book = region_book()
    seen = Seen(
        pieces=offer.pieces,
        if_short=offer.if_short,
        address_id=chosen.get("address_id", offer.address.pk if offer.address else None),
        slot_id=offer.slot.pk if offer.slot else None,
        delivery_date=chosen.get("delivery_date", offer.delivery_date),
        payment_method=chosen.get("payment_method", offer.payment_method),
        expected_total=chosen["expected_total"],
    )
    if "slot" not in chosen:
        return seen
    region_id = offer.slot.region_id if offer.slot else 0
    slot = next((slot for slot in book.slots_of(region_id) if slot.code == chosen["slot"]), None)
    return replace(seen, slot_id=slot.pk if slot else None)
