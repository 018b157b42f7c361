"""What the API says of payments."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from milkdelivery.core.api import MoneyField
from orders.models import Order
from payments.models import Payment, Refund, RefundMovement, SavedMethod
from payments.queries import moved_back
from payments.words import failure_words, refund_words

LARGEST_ID = 2**63 - 1
ACTIONS = ["NONE", "FORM", "ELEMENT", "REDIRECT", "WAIT", "PAY_ON_DELIVERY", "TRY_AGAIN"]


class PaymentStepSerializer(serializers.Serializer[Any]):
    """What the household does next about a payment."""

    action = serializers.ChoiceField(
        ACTIONS,
        help_text="FORM: send `token` or `saved_method` with POST payments/. ELEMENT: open the gateway's own form with "
        "`client_secret`. REDIRECT: open `url`, then verify. WAIT: verify in a moment. TRY_AGAIN: it failed, and "
        "another attempt may be made.",
    )
    url = serializers.CharField(help_text="Where to go, else empty.")
    client_secret = serializers.CharField(help_text="For the gateway's own form, else empty.")


class RefundSerializer(serializers.ModelSerializer[Refund]):
    amount = MoneyField()
    reason = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    goes_to = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(help_text="Why, for people; `kind` is for programs."))
    def get_reason(self, refund: Refund) -> str:
        return refund_words(refund)

    @extend_schema_field(serializers.ChoiceField(RefundMovement.Status.choices))
    def get_status(self, refund: Refund) -> str:
        """How far its money is."""
        moves = list(refund.movements.all())
        return str(moves[-1].status) if moves else str(RefundMovement.Status.PENDING)

    @extend_schema_field(serializers.ChoiceField(RefundMovement.Destination.choices))
    def get_goes_to(self, refund: Refund) -> str:
        """Where its money goes: another way than was decided where that way was closed."""
        moves = list(refund.movements.all())
        return str(moves[-1].destination if moves else refund.destination)

    class Meta:
        model = Refund
        fields = ["id", "kind", "reason", "amount", "destination", "goes_to", "status", "decided_at"]
        read_only_fields = fields


class PaidSerializer(serializers.ModelSerializer[Payment]):
    """An attempt to take money."""

    order = serializers.CharField(source="order.number", allow_null=True, default=None)
    amount = MoneyField()
    refunded = MoneyField(help_text="Decided to go back.")
    returned = serializers.SerializerMethodField()
    saved_method = serializers.IntegerField(source="saved_method_id", allow_null=True)
    failure = serializers.SerializerMethodField()
    next_step = serializers.SerializerMethodField()
    refunds = RefundSerializer(many=True)

    @extend_schema_field(MoneyField(help_text="Of that, what has arrived."))
    def get_returned(self, payment: Payment) -> Any:
        return MoneyField().to_representation(moved_back(list(payment.refunds.all()), payment.currency))

    @extend_schema_field(serializers.CharField(help_text="Why it failed, for people; else empty."))
    def get_failure(self, payment: Payment) -> str:
        return failure_words(payment)

    @extend_schema_field(PaymentStepSerializer())
    def get_next_step(self, payment: Payment) -> Any:
        return next_step_of(payment)

    class Meta:
        model = Payment
        fields = [
            "id",
            "order",
            "attempt",
            "method",
            "status",
            "amount",
            "refunded",
            "returned",
            "saved_method",
            "failure_code",
            "failure",
            "next_step",
            "refunds",
            "created_at",
            "expires_at",
            "settled_at",
        ]
        read_only_fields = fields


def next_step_of(payment: Payment) -> dict[str, str]:
    """What is to be done about a payment now."""
    step = {"action": "NONE", "url": "", "client_secret": ""}
    if payment.status == Payment.Status.FAILED:
        is_wanted = payment.order is None or payment.order.status == Order.Status.CREATED
        return step | {"action": "TRY_AGAIN"} if is_wanted else step
    if payment.status != Payment.Status.PENDING:
        return step
    if payment.expires_at is None:
        return step | {"action": "PAY_ON_DELIVERY"}
    action = payment.next_action
    url = str(action.get("url", ""))
    return step | {
        "action": str(action.get("kind") or "FORM"),
        "url": settings.SITE_URL + url if url.startswith("/") else url,
        "client_secret": str(action.get("client_secret", "")),
    }


class PaySerializer(serializers.Serializer[Any]):
    """An attempt to pay an order. Card numbers never come here: apps send the gateway's token."""

    order = serializers.CharField(max_length=8, help_text="Its number.")
    payment_method = serializers.ChoiceField(Payment.Method.choices, required=False)
    saved_method = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    token = serializers.RegexField(
        r"^[A-Za-z][A-Za-z0-9_]{0,99}$",
        required=False,
        error_messages={"invalid": _("Send the gateway's token, never a card's number.")},
        help_text="What the gateway's own part of the app made of the card. The pretend bank knows demo_success, "
        "demo_declined, demo_authenticate, demo_late and the others of its page.",
    )
    keep = serializers.BooleanField(required=False, default=False, help_text="Keep it for later.")
    amount = MoneyField(required=False, help_text="What the person saw. Another amount is refused, never charged.")
    instead_of = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="The payment under way that is given up for this one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "payment_method" not in attrs and "saved_method" not in attrs:
            raise serializers.ValidationError({"payment_method": [self.fields["order"].error_messages["required"]]})
        if "saved_method" in attrs and ("payment_method" in attrs or "token" in attrs):
            text = _("Send a saved way to pay, or a new one, not both.")
            raise serializers.ValidationError({"saved_method": [text]})
        return attrs


class RefundLineSerializer(serializers.Serializer[Any]):
    line_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=50)


class RefundWishSerializer(serializers.Serializer[Any]):
    """By lines, by amount, or all that is left."""

    reason = serializers.CharField(max_length=255)
    lines = RefundLineSerializer(many=True, required=False, allow_empty=False)
    amount = MoneyField(required=False)
    destination = serializers.ChoiceField(Refund.Destination.choices, default=Refund.Destination.SOURCE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "lines" in attrs and "amount" in attrs:
            raise serializers.ValidationError({"amount": ["Send lines or an amount, not both."]})
        return attrs


class SavedMethodSerializer(serializers.ModelSerializer[SavedMethod]):
    class Meta:
        model = SavedMethod
        fields = ["id", "method", "brand", "last4", "label", "expires_on", "last_used_at"]
        read_only_fields = fields
