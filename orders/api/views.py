"""Orders: placing, looking, following, cancelling, packing."""

from http import HTTPStatus
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import Anybody, OrderRunners, SignedIn
from cart.actions.steps import PAYMENT
from cart.api.basket import HEADERS_READ as CART_HEADERS
from cart.api.placing import give_cart_back, place
from cart.api.wish import NOT_THEIRS, PurchaseSerializer, read_wish
from cart.models import Checkout
from deliveries.actions import change_order
from deliveries.queries import delivery_by_token, follow, for_the_link
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.api import MoneyField, ProblemResponse, idempotent
from milkdelivery.core.api.kept import tagged
from milkdelivery.core.api.problems import Problem, not_found
from milkdelivery.core.api.questions import WholeNumberFilter
from milkdelivery.core.api.throttles import Changes, CodesSentAlong, Secrets
from milkdelivery.core.api.throttles import Orders as NewOrders
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from orders.actions import approve_order, cancel_order, hold_order, pack_order, reject_order
from orders.api.access import HEADERS_READ, OrderSeers, order_for, order_token
from orders.api.changing import ChangeSerializer, read_change
from orders.api.serializers import OrderRowSerializer, OrderSerializer, WaySerializer, whole
from orders.models import Order
from orders.queries import order_seen_by, orders_seen_by
from orders.rules.changing import ensure_same_day
from payments.models import Payment

NEXT_STEPS = ["NONE", "PAY", "PAY_ON_DELIVERY", "WAIT"]
HELP = "PAY: POST payments/ for this order. WAIT: look at the order again in a moment."
REFUNDS = {
    Order.PaymentStatus.PAID: "PENDING",
    Order.PaymentStatus.PARTIALLY_REFUNDED: "PENDING",
    Order.PaymentStatus.REFUNDED: "DONE",
}


class OrderFilters(django_filters.FilterSet):
    """`customer` matters to staff only: others see their own."""

    status = django_filters.ChoiceFilter(choices=Order.Status.choices)
    payment_status = django_filters.ChoiceFilter(choices=Order.PaymentStatus.choices)
    delivery_date = django_filters.DateFilter()
    delivery_date_from = django_filters.DateFilter(field_name="delivery_date", lookup_expr="gte")
    delivery_date_until = django_filters.DateFilter(field_name="delivery_date", lookup_expr="lte")
    customer = WholeNumberFilter(field_name="customer_id", min_value=1, max_value=2**63 - 1)

    class Meta:
        model = Order
        fields: list[str] = []


class PayingSerializer(serializers.Serializer[Any]):
    """What the household does next about the money."""

    action = serializers.ChoiceField(
        NEXT_STEPS, help_text="PAY: POST payments/ for this order. WAIT: look at the order again in a moment."
    )
    payment_method = serializers.ChoiceField(Payment.Method.choices)
    amount = MoneyField()


class PlacedSerializer(serializers.Serializer[Any]):
    order = OrderSerializer()
    next_step = PayingSerializer()
    order_token = serializers.CharField(
        allow_null=True, help_text="For a guest: X-Order-Token opens this order, and nothing else, for 60 days."
    )


class Orders(generics.ListAPIView[Order]):
    """Orders."""

    serializer_class = OrderRowSerializer
    queryset = Order.objects.none()  # for the description; whose orders are seen depends on the caller
    filterset_class = OrderFilters
    cursor_ordering = "-id"
    headers_read = CART_HEADERS

    def get_permissions(self) -> list[BasePermission]:
        return [Anybody() if self.request.method == "POST" else SignedIn()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [NewOrders(), CodesSentAlong()] if self.request.method == "POST" else []

    def get_queryset(self) -> QuerySet[Order]:
        return orders_seen_by(actor_of(self.request))

    @extend_schema(operation_id="orders_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One's own orders, newest first; everybody's for staff."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="orders_create",
        request=PurchaseSerializer,
        responses={201: PlacedSerializer, 404: OpenApiResponse(description=NOT_THEIRS)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Place an order, from the caller's cart or from lines, and say how it is paid.

        Refused with everything that has to be mended, by field (422, `checkout_refused`). Where the order comes to
        nothing meanwhile (409: `out_of_stock` and the like) nothing is charged, and a guest finds what was in the
        cart in a new one (`facts.cart_token`).
        """
        body = PurchaseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wish = read_wish(request, body.validated_data)
        run = place(request, wish)
        order = order_seen_by(Actor.user(run.order.customer_id, Role.CUSTOMER), run.order.number)
        if run.state == Checkout.State.FAILED:
            token = None
            if wish.person is None and wish.pieces is None:
                token = give_cart_back(wish.shopping, order, by=actor_of(request))
            return undone(request, run, token)
        answer = {
            "order": whole(order, request),
            "next_step": next_step_of(run, order),
            "order_token": order_token(order) if wish.person is None else None,
        }
        headers = {"Location": reverse("api-order", args=[order.number]), "Cache-Control": "no-store"}
        return Response(answer, status=HTTPStatus.CREATED, headers=headers)


def undone(request: Request, run: Checkout, cart_token: str | None) -> ProblemResponse:
    facts = {"order": run.order.number} | ({"cart_token": cart_token} if cart_token else {})
    return ProblemResponse(Problem(409, run.failure_code, run.failure_message, facts=facts), request._request)  # noqa: SLF001


def next_step_of(run: Checkout, order: Order) -> dict[str, Any]:
    pays_at_door = run.payment_method == Payment.Method.COD and order.payment_status == Order.PaymentStatus.PENDING
    action = "WAIT" if run.state != Checkout.State.DONE else "PAY_ON_DELIVERY" if pays_at_door else "NONE"
    if run.state == Checkout.State.WAITING and run.waiting_for == PAYMENT:
        action = "PAY"
    step = {"action": action, "payment_method": run.payment_method, "amount": order.grand_total}
    return dict(PayingSerializer(step).data)


class OneOrder(APIView):
    """An order, with payment, delivery and timeline."""

    permission_classes = [OrderSeers]
    headers_read = HEADERS_READ

    def get_permissions(self) -> list[BasePermission]:
        return [OrderRunners()] if self.request.method == "PATCH" else [OrderSeers()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [Changes()] if self.request.method == "PATCH" else []

    @extend_schema(operation_id="orders_retrieve", responses=OrderSerializer)
    def get(self, request: Request, number: str) -> Response:
        """One's own; anybody's for staff."""
        return Response(whole(order_for(request, number), request))

    @extend_schema(
        operation_id="orders_change", request=ChangeSerializer, responses={200: OrderSerializer, 404: OpenApiResponse()}
    )
    def patch(self, request: Request, number: str) -> Response:
        """Where it goes, in which slot, what the driver is told: by staff, until the cut-off. Safe to repeat.

        Region and day stay, and with them prices and what was promised. Delivery, round and dairies follow, or it is
        refused: 409 `change_too_late`, `order_not_changeable`, `dairies_elsewhere`, `changed_meanwhile`, `not_served`;
        422 `other_region`, `slot_closed`, `delivery_date_not_changeable`.
        """
        order = order_for(request, number)
        body = ChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        told = body.validated_data
        if "delivery_date" in told:
            ensure_same_day(told["delivery_date"], order.delivery_date)
        change_order(order.pk, read_change(order, told), seen=told.get("edition"), by=actor_of(request))
        return Response(whole(order_for(request, number), request))


class Track(APIView):
    """An order on its way."""

    permission_classes = [OrderSeers]
    headers_read = HEADERS_READ

    @extend_schema(operation_id="orders_track", responses=WaySerializer)
    def get(self, request: Request, number: str) -> Response:
        """Where it is, and the link to hand on."""
        return Response(WaySerializer(follow(order_for(request, number))).data)


class PublicTrack(APIView):
    """A delivery, for whoever holds its link."""

    permission_classes = [Anybody]
    throttle_classes = [Secrets]
    headers_read = {"If-None-Match": "The ETag of the answer that the caller has."}

    @extend_schema(operation_id="track_retrieve", responses={200: WaySerializer, 304: None})
    def get(self, request: Request, token: str) -> Any:
        """Where it is: no address, no contents, no names but the driver's first."""
        delivery = delivery_by_token(token)
        if delivery is None:
            return ProblemResponse(not_found(), request._request)  # noqa: SLF001
        answer = tagged(
            request, JSONRenderer().render(WaySerializer(for_the_link(follow(delivery.order))).data), private=True
        )
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=255, help_text="Why, in a few words.")


class CancelRefundSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["NONE", "PENDING", "DONE"], help_text="NONE: nothing had been paid.")
    amount = MoneyField()


class CancelledSerializer(serializers.Serializer[Any]):
    order = OrderSerializer()
    refund = CancelRefundSerializer()


class Cancel(APIView):
    """Cancelling an order."""

    permission_classes = [OrderSeers]
    throttle_classes = [Changes]
    headers_read = HEADERS_READ

    @extend_schema(operation_id="orders_cancel", request=CancelSerializer, responses=CancelledSerializer)
    @idempotent(required=False)
    def put(self, request: Request, number: str) -> Response:
        """The household may until the cut-off, staff until it leaves the hub. Safe to repeat."""
        order = order_for(request, number)
        body = CancelSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        cancel_order(order.pk, by=actor_of(request), reason=body.validated_data["reason"])
        order = order_for(request, number)
        state = REFUNDS.get(Order.PaymentStatus(order.payment_status), "NONE")
        amount = Money.zero(order.currency) if state == "NONE" else order.grand_total
        refund = CancelRefundSerializer({"status": state, "amount": amount}).data
        return Response({"order": whole(order, request), "refund": refund})


class Pack(APIView):
    """Packing an order."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="orders_pack", request=None, responses=OrderSerializer)
    @idempotent()
    def post(self, request: Request, number: str) -> Response:
        """It stands packed at the hub: what it held has left the shelf."""
        order = order_for(request, number)
        pack_order(order.pk, by=actor_of(request))
        return Response(whole(order_for(request, number), request))


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=255, help_text="Why. For staff: the household is not shown it.")


class ApprovalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")


class Hold(APIView):
    """Holding an order."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="orders_hold", request=ReasonSerializer, responses=OrderSerializer)
    @idempotent()
    def post(self, request: Request, number: str) -> Response:
        """It keeps its stock, and nothing goes on until somebody decides; undecided it is cancelled at the cut-off."""
        order = order_for(request, number)
        hold_order(order.pk, by=actor_of(request), reason=_reason(request, ReasonSerializer))
        return Response(whole(order_for(request, number), request))


class Approve(APIView):
    """Letting a held order go on."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="orders_approve", request=ApprovalSerializer, responses=OrderSerializer)
    @idempotent()
    def post(self, request: Request, number: str) -> Response:
        """Until the cut-off. An order that was not paid yet is paid and confirmed next."""
        order = order_for(request, number)
        approve_order(order.pk, by=actor_of(request), reason=_reason(request, ApprovalSerializer))
        return Response(whole(order_for(request, number), request))


class Reject(APIView):
    """Refusing a held order."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="orders_reject", request=ReasonSerializer, responses=OrderSerializer)
    @idempotent()
    def post(self, request: Request, number: str) -> Response:
        """It is cancelled, what was paid goes back, and the household is told."""
        order = order_for(request, number)
        reject_order(order.pk, by=actor_of(request), reason=_reason(request, ReasonSerializer))
        return Response(whole(order_for(request, number), request))


def _reason(request: Request, kind: type[serializers.Serializer[Any]]) -> str:
    body = kind(data=request.data)
    body.is_valid(raise_exception=True)
    return str(body.validated_data["reason"])
