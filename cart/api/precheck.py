"""What still stands between a cart and an order, step by step, for a screen to follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import Anybody
from cart.api.basket import HEADERS_READ
from cart.api.serializers import CartPromoSerializer, LineSerializer, QuoteSerializer
from cart.api.wish import NOT_THEIRS, PurchaseSerializer, look_over, read_wish
from cart.queries import LineView, instead_of_short
from cart.rules import Problem
from catalog.queries import Sellable
from milkdelivery.core.api import MoneyField
from milkdelivery.core.api.places import PlaceQuery
from milkdelivery.core.api.throttles import CodesSentAlong, Orders
from payments.gateways import usable_methods
from payments.models import Payment

# In the order of the screens. What belongs to no field is looked at before the button is pressed.
STEPS = {
    "CART": ("lines", "promo_code"),
    "PERSON": ("name", "contact"),
    "ADDRESS": ("address", "address_id", "pincode"),
    "TIME": ("slot", "delivery_date"),
    "PAYMENT": ("payment_method", None),
}


class MissingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs. Stable.")
    field = serializers.CharField(allow_null=True, help_text="Of the body of POST orders/.")
    message = serializers.CharField(help_text="For people, in their language.")
    facts = serializers.DictField(help_text="Which pack, how many are left.")


class CheckoutStepSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(list(STEPS))
    is_done = serializers.BooleanField()
    problems = MissingSerializer(many=True)


class InsteadSerializer(serializers.Serializer[Any]):
    """A pack that could be ordered instead."""

    variant_id = serializers.IntegerField(source="variant.pk")
    product_id = serializers.IntegerField(source="variant.product_id")
    name = serializers.CharField(source="variant.product.name")
    pack = serializers.CharField(source="variant.name")
    unit_price = MoneyField(source="price.price")


class CheckedLineSerializer(LineSerializer):
    alternatives = InsteadSerializer(
        many=True, help_text="Of a line that is SHORT or UNAVAILABLE: what there is instead."
    )


class PrecheckSerializer(serializers.Serializer[Any]):
    is_ready = serializers.BooleanField(help_text="Whether POST orders/ with the same body would go through now.")
    next_step = serializers.ChoiceField(list(STEPS), allow_null=True, help_text="The first that is not done.")
    steps = CheckoutStepSerializer(many=True)
    lines = CheckedLineSerializer(many=True)
    totals = QuoteSerializer(source="quote")
    promo = CartPromoSerializer(allow_null=True, help_text="The code that counts here; null without one.")
    payment_methods = serializers.ListField(child=serializers.ChoiceField(Payment.Method.choices))


class Precheck(APIView):
    """The check before an order."""

    permission_classes = [Anybody]
    throttle_classes = [Orders, CodesSentAlong]
    headers_read = HEADERS_READ

    @extend_schema(
        operation_id="orders_precheck",
        parameters=[PlaceQuery],
        request=PurchaseSerializer,
        responses={200: PrecheckSerializer, 404: OpenApiResponse(description=NOT_THEIRS)},
    )
    def post(self, request: Request) -> Response:
        """Send what is known so far, in the form of POST orders/. Nothing is kept and nothing promised."""
        body = PurchaseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wish = read_wish(request, body.validated_data)
        view, problems = look_over(wish)
        steps = [_step(name, problems) for name in STEPS]
        region = wish.shopping.book.region_of(wish.purchase.plan.pincode) or wish.shopping.region
        pincode = wish.purchase.plan.pincode or wish.shopping.code
        day = wish.purchase.plan.delivery_date or wish.shopping.day
        others = instead_of_short(view, region=region, pincode=pincode, on=day)
        answer = {
            "is_ready": not problems,
            "next_step": next((step["step"] for step in steps if not step["is_done"]), None),
            "steps": steps,
            "lines": [CheckedLine(line, others.get(line.line.variant_id, ())) for line in view.lines],
            "quote": view.quote,
            "promo": CartPromoSerializer.facts_of(view.deal),
            "payment_methods": list(usable_methods(has_account=wish.purchase.buyer.user_id is not None)),
        }
        return Response(PrecheckSerializer(answer).data)


@dataclass(frozen=True)
class CheckedLine:
    """A line with what could be ordered instead, as its serializer reads it."""

    view: LineView
    alternatives: Sequence[Sellable]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.view, name)


def _step(name: str, problems: Sequence[Problem]) -> dict[str, Any]:
    found = [problem for problem in problems if _step_of(problem) == name]
    return {"step": name, "is_done": not found, "problems": found}


def _step_of(problem: Problem) -> str:
    if problem.code == "cart_empty":
        return "CART"
    return next((name for name, fields in STEPS.items() if problem.field in fields), "PAYMENT")
