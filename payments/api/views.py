"""Payments: paying, verifying, looking, refunding, and the door for gateways."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid5

from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api.permissions import Anybody, OrderRunners, SignedIn
from cart.actions import resume_checkout
from cart.models import Checkout
from cart.queries import checkout_of_order
from milkdelivery.core.api import idempotent
from milkdelivery.core.api.throttles import Changes
from milkdelivery.core.api.throttles import Payments as PaymentTries
from milkdelivery.core.web import actor_of
from orders.api.access import HEADERS_READ, OrderSeers, opened_by, order_for
from payments.actions import Means, Wish, look_at_payment, pay, receive_webhook, refund_payment, remove_method
from payments.api.serializers import (
    PaidSerializer,
    PaySerializer,
    RefundSerializer,
    RefundWishSerializer,
    SavedMethodSerializer,
)
from payments.models import Payment, SavedMethod
from payments.queries import payment_of_order, payment_seen_by, payments_of, payments_seen_by

KEYS = UUID("0d7f2b2a-6a35-4f07-8a5c-5b9d6e1f2c44")
"""The namespace in which an idempotency key names a refund."""

LONGEST_WORD = 64_000
"""Bytes of a gateway's word. A longer one is refused before anybody reads it."""


class Payments(generics.ListAPIView[Payment]):
    """Payments."""

    serializer_class = PaidSerializer
    queryset = Payment.objects.none()  # for the description; whose payments are seen depends on the caller
    cursor_ordering = "-id"
    headers_read = HEADERS_READ

    def get_permissions(self) -> list[BasePermission]:
        return [OrderSeers() if self.request.method == "POST" else SignedIn()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [PaymentTries()] if self.request.method == "POST" else []

    def get_queryset(self) -> QuerySet[Payment]:
        return payments_seen_by(actor_of(self.request))

    @extend_schema(operation_id="payments_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One's own payments, newest first; everybody's for staff."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="payments_create",
        request=PaySerializer,
        responses={201: PaidSerializer, 404: OpenApiResponse(description="No such order, or somebody else's.")},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Make an attempt to pay an order, or go on with the one under way.

        At most three attempts in all, within 15 minutes of the first. A payment that failed is no error: `status` and
        `failure_code` say so, and `next_step` what can be done.
        """
        body = PaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        order = order_for(request, asked["order"])
        means = Means(
            method=asked.get("payment_method", ""),
            details={"token": asked["token"]} if "token" in asked else {},
            saved_id=asked.get("saved_method"),
            instead_of=asked.get("instead_of"),
            saves=asked["keep"],
            expected=asked.get("amount"),
        )
        payment = pay(order.pk, means, by=actor_of(request))
        _carry_on(request, payment)
        return Response(_answer(payment), status=HTTPStatus.CREATED)


class Verify(APIView):
    """Looking how far a payment is."""

    permission_classes = [OrderSeers]
    throttle_classes = [Changes]
    headers_read = HEADERS_READ

    @extend_schema(operation_id="payments_verify", request=None, responses=PaidSerializer)
    @idempotent(required=False)
    def post(self, request: Request, pk: int) -> Response:
        """Ask the gateway, and carry the order on where the money is there. Safe to repeat."""
        payment = look_at_payment(_seen(request, pk).pk, by=actor_of(request))
        _carry_on(request, payment)
        return Response(_answer(payment))


class Refunds(APIView):
    """Sending money back."""

    permission_classes = [OrderRunners]
    throttle_classes = [Changes]

    @extend_schema(operation_id="payments_refund", request=RefundWishSerializer, responses={201: RefundSerializer})
    @idempotent()
    def post(self, request: Any, pk: int) -> Response:
        """By lines, by amount, or all that is left; never past what was captured. A worker moves the money."""
        payment = payment_seen_by(actor_of(request), pk)
        body = RefundWishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        lines: dict[int, int] = {}
        for line in asked.get("lines", ()):
            lines[line["line_id"]] = lines.get(line["line_id"], 0) + line["quantity"]
        wish = Wish(asked["reason"], lines or None, asked.get("amount"), asked["destination"])
        by = actor_of(request)
        refund = refund_payment(
            payment.pk, wish, key=f"api-{uuid5(KEYS, f'{by.user_id} {pk} {request.idempotency.key}')}", by=by
        )
        return Response(RefundSerializer(refund).data, status=HTTPStatus.CREATED)


class SavedMethods(generics.ListAPIView[SavedMethod]):
    """Saved ways to pay."""

    serializer_class = SavedMethodSerializer
    permission_classes = [SignedIn]
    queryset = SavedMethod.objects.none()  # for the description
    cursor_ordering = "-id"

    def get_queryset(self) -> QuerySet[SavedMethod]:
        return SavedMethod.objects.of(actor_of(self.request).user_id or 0)

    @extend_schema(operation_id="payment_methods_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One's own."""
        return super().get(request, *args, **kwargs)


class OneSavedMethod(APIView):
    """A saved way to pay."""

    permission_classes = [SignedIn]
    throttle_classes = [Changes]

    @extend_schema(operation_id="payment_methods_destroy", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Keep it no longer. Safe to repeat."""
        by = actor_of(request)
        remove_method(pk, user_id=by.user_id or 0, by=by)
        return Response(status=HTTPStatus.NO_CONTENT)


class Webhooks(APIView):
    """The door for gateways."""

    permission_classes = [Anybody]

    @extend_schema(operation_id="payments_webhook", request=OpenApiTypes.OBJECT, responses={204: None})
    def post(self, request: Request, gateway: str) -> Response:
        """A gateway's word: signature and age are checked, it is kept once, and a worker acts on it.

        What is sent is the gateway's own, and so is the header that signs it.
        """
        if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_WORD:
            raise RequestDataTooBig
        headers = {name.lower(): value for name, value in request.headers.items()}
        receive_webhook(gateway, headers, request._request.body)  # noqa: SLF001 - as it came: it is signed
        return Response(status=HTTPStatus.NO_CONTENT)


def _seen(request: Request, pk: int) -> Payment:
    """The payment, if the caller may see it: by themselves, as staff, or by the token of its order."""
    if request.user.is_authenticated:
        return payment_seen_by(actor_of(request), pk)
    opened = opened_by(request)
    return payment_of_order(opened.order_id if opened else 0, pk, customer_id=opened.customer_id if opened else 0)


def _carry_on(request: Request, payment: Payment) -> None:
    """The checkout that waits for this payment runs on, where there is something to go on with."""
    if payment.order_id is None or (payment.status == Payment.Status.PENDING and payment.expires_at is not None):
        return
    run = checkout_of_order(payment.order_id)
    if run is not None and run.state == Checkout.State.WAITING:
        resume_checkout(run.pk, by=actor_of(request))


def _answer(payment: Payment) -> dict[str, Any]:
    whole = payments_of(payment.user_id).get(pk=payment.pk)
    return dict(PaidSerializer(whole).data)
