"""The promo code on a cart."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from cart.actions import apply_code, remove_code
from cart.api.basket import shopping_of_app
from cart.api.items import CartView
from cart.api.serializers import CartSerializer, CodeSerializer
from milkdelivery.core.api.places import PlaceQuery
from milkdelivery.core.api.throttles import Changes, PromoCodes
from milkdelivery.core.web import actor_of


class Promo(CartView):
    def get_throttles(self) -> list[BaseThrottle]:
        """Nobody guesses codes."""
        return [PromoCodes()] if self.request.method == "POST" else [Changes()]

    @extend_schema(
        operation_id="cart_promo_create",
        parameters=[PlaceQuery],
        request=CodeSerializer,
        responses={200: CartSerializer},
    )
    def post(self, request: Request) -> Response:
        """Put a code on the cart, in place of one that is there. What only lacks something in the cart stays on it.

        409 says at the field `code` why a code can't be used; what was on the cart stays then.
        """
        body = CodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        shopping = shopping_of_app(request)
        apply_code(
            shopping.cart_to_fill(),
            body.validated_data["code"],
            region=shopping.region,
            book=shopping.book,
            by=actor_of(request),
        )
        shopping.look_anew()
        return self.answer(shopping)

    @extend_schema(operation_id="cart_promo_destroy", parameters=[PlaceQuery], responses={200: CartSerializer})
    def delete(self, request: Request) -> Response:
        """Take the code off. Answers the cart without it."""
        shopping = shopping_of_app(request)
        if shopping.cart is not None:
            remove_code(shopping.cart.pk, by=actor_of(request))
            shopping.look_anew()
        return self.answer(shopping)
