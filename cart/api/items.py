"""Looking into a cart and filling it."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import Anybody
from cart.actions import add_item, choose_if_short, set_quantity
from cart.api.basket import HEADERS_READ, AppShopping, shopping_of_app
from cart.api.serializers import CartPromoSerializer, CartSerializer, LineChangeSerializer, NewItemSerializer
from milkdelivery.core.api import idempotent
from milkdelivery.core.api.places import PlaceQuery
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of


class CartView(APIView):
    """The caller's cart: a person's own, or a guest's by token."""

    permission_classes = [Anybody]
    headers_read = HEADERS_READ

    def get_throttles(self) -> list[BaseThrottle]:
        return [] if self.request.method in ("GET", "HEAD", "OPTIONS") else [Changes()]

    def answer(self, shopping: AppShopping, code: int = status.HTTP_200_OK) -> Response:
        """The whole cart, whatever was changed in it."""
        view = shopping.view()
        facts = {
            "token": shopping.signed_token,
            "pincode": shopping.code,
            "region": shopping.region,
            "delivery_date": shopping.day,
            "count": view.count,
            "lines": view.lines,
            "quote": view.quote,
            "promo": CartPromoSerializer.facts_of(view.deal),
            "news": shopping.tell_news(view),
        }
        return Response(CartSerializer(facts).data, status=code, headers={"Cache-Control": "no-store"})


class WholeCart(CartView):
    @extend_schema(operation_id="cart_retrieve", parameters=[PlaceQuery], responses=CartSerializer)
    def get(self, request: Request) -> Response:
        """What is in it, what that costs and what of it there is."""
        return self.answer(shopping_of_app(request))


class Items(CartView):
    @extend_schema(
        operation_id="cart_items_create",
        parameters=[PlaceQuery],
        request=NewItemSerializer,
        responses={201: CartSerializer},
    )
    @idempotent(required=False)
    def post(self, request: Request) -> Response:
        """Put pieces into the cart, up to 50 of a pack. A guest's first call answers the token of a new cart."""
        body = NewItemSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        shopping = shopping_of_app(request)
        cart_id = shopping.cart_to_fill()
        add_item(
            cart_id,
            variant_id=body.validated_data["variant_id"],
            quantity=body.validated_data["quantity"],
            region=shopping.region,
            on=shopping.day,
            by=actor_of(request),
        )
        if "if_short" in body.validated_data:
            _choose(request, cart_id, body.validated_data["variant_id"], body.validated_data["if_short"])
        return self.answer(shopping, status.HTTP_201_CREATED)


class OneItem(CartView):
    @extend_schema(
        operation_id="cart_items_partial_update",
        parameters=[PlaceQuery],
        request=LineChangeSerializer,
        responses=CartSerializer,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Have so many pieces, and say what is wanted where there is not enough."""
        shopping = shopping_of_app(request)
        variant_id = _variant_in(shopping, pk)
        body = LineChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if "if_short" in body.validated_data:
            _choose(request, shopping.cart_to_fill(), variant_id, body.validated_data["if_short"])
        if "quantity" in body.validated_data:
            return self._set(request, shopping, variant_id, body.validated_data["quantity"])
        return self.answer(shopping)

    @extend_schema(operation_id="cart_items_destroy", parameters=[PlaceQuery], responses={200: CartSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        """Take the line out. Answers what is left."""
        shopping = shopping_of_app(request)
        return self._set(request, shopping, _variant_in(shopping, pk), 0)

    def _set(self, request: Request, shopping: AppShopping, variant_id: int, quantity: int) -> Response:
        set_quantity(shopping.cart_to_fill(), variant_id=variant_id, quantity=quantity, by=actor_of(request))
        return self.answer(shopping)


def _choose(request: Request, cart_id: int, variant_id: int, if_short: str) -> None:
    choose_if_short(cart_id, variant_id=variant_id, if_short=if_short, by=actor_of(request))


def _variant_in(shopping: AppShopping, line_id: int) -> int:
    """The variant of a line of the caller's cart. Raises NotFound for a line of another's."""
    lines: dict[int, Any] = {line.line.pk: line.line for line in shopping.view().lines}
    if line_id not in lines:
        raise NotFound(_("There is no such line in your cart."))
    return int(lines[line_id].variant_id)
