"""One's own wallet: what is in it, and what came and went."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import SignedIn
from milkdelivery.core.api import MoneyField, idempotent
from milkdelivery.core.api.questions import Question
from milkdelivery.core.api.throttles import Payments as PaymentTries
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from payments.actions import Means, pay_top_up
from payments.models import LedgerAccount, LedgerEntry, Payment
from payments.queries import Line, balance_of, held_of_person, lines_of, wallets_of
from payments.rules.ledger import TransferKind
from payments.words import reason_words

KEYS = UUID("6f1f1f4a-2a54-4d8c-9d0e-5c1c6a3f7d21")
"""The keys of the API's callers are kept apart from all others."""


def top_up_choices() -> list[tuple[str, Any]]:
    return [(str(value), label) for value, label in Payment.Method.choices if value not in ("COD", "WALLET")]


class CurrencyQuery(Question):
    currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, help_text="Such as INR. Where it is left out: the first that there is."
    )


class WalletSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    balance = MoneyField(help_text="Free to spend. Below zero where a credit limit lets it.")
    held = MoneyField(help_text="Set aside for orders: paid at the door, or free again.")
    credit_limit = MoneyField()
    spendable = MoneyField(help_text="Balance and credit.")
    low_below = MoneyField(help_text="Below which the household is told; zero: never.")
    currencies = serializers.ListField(child=serializers.CharField(), help_text="In which there is a wallet.")


class EntrySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="entry_id")
    kind = serializers.ChoiceField(TransferKind.choices)
    amount = MoneyField(source="change", help_text="Below zero for what went out.")
    balance = MoneyField(help_text="What was there after it.")
    reference = serializers.CharField(allow_blank=True, help_text="Of an order: its number.")
    reason = serializers.SerializerMethodField()
    is_held = serializers.BooleanField(help_text="Still set aside, neither taken nor given free.")
    occurred_at = serializers.DateTimeField()

    @extend_schema_field(serializers.CharField(allow_blank=True, help_text="For people, in their language."))
    def get_reason(self, line: Line) -> str:
        return reason_words(line.reason)


def _wanted(request: Request, wallets: list[LedgerAccount]) -> str:
    query = CurrencyQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    if wanted := query.validated_data.get("currency"):
        return str(wanted)
    if wallets:
        return wallets[0].currency
    return next(iter(sorted(region.currency for region in region_book().regions.values())), "INR")


class Wallet(APIView):
    """The caller's wallet."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="wallet_retrieve", parameters=[CurrencyQuery], responses=WalletSerializer)
    def get(self, request: Request) -> Response:
        """What is in one's own wallet: nothing, where nothing ever was."""
        user_id = request.user.pk or 0
        wallets = wallets_of(user_id)
        currency = _wanted(request, wallets)
        wallet = next((each for each in wallets if each.currency == currency), None)
        zero = Money.zero(currency)
        answer = {
            "currency": currency,
            "balance": wallet.balance if wallet else zero,
            "held": held_of_person(user_id, currency) if wallet else zero,
            "credit_limit": wallet.credit_limit if wallet else zero,
            "spendable": wallet.spendable if wallet else zero,
            "low_below": wallet.low_below if wallet else zero,
            "currencies": [each.currency for each in wallets],
        }
        return Response(WalletSerializer(answer).data)


class TopUpSerializer(serializers.Serializer[Any]):
    amount = MoneyField()
    payment_method = serializers.ChoiceField(top_up_choices(), required=False)
    token = serializers.CharField(max_length=120, required=False, help_text="What the gateway's own form gave.")
    saved_method = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="Instead of `payment_method`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("payment_method") and not attrs.get("saved_method"):
            raise serializers.ValidationError({"payment_method": _("Choose how to pay.")})
        return attrs


class ToppedUpSerializer(serializers.Serializer[Any]):
    payment_id = serializers.IntegerField()
    status = serializers.ChoiceField(Payment.Status.choices)
    amount = MoneyField()
    failure_code = serializers.CharField(allow_blank=True)
    next_action = serializers.CharField(
        allow_blank=True, help_text="While PENDING: FORM, ELEMENT, REDIRECT (open `url`) or WAIT."
    )
    url = serializers.CharField(allow_blank=True)
    balance = MoneyField(help_text="Of the wallet, now.")


class TopUps(APIView):
    """Filling the caller's wallet."""

    permission_classes = [SignedIn]
    throttle_classes = [PaymentTries]

    @extend_schema(operation_id="wallet_top_up", request=TopUpSerializer, responses={201: ToppedUpSerializer})
    @idempotent()
    def post(self, request: Any) -> Response:
        """Ask a gateway for money. A top-up that failed is no error: `status` and `failure_code` say so.

        Once it is SUCCEEDED the money is in the wallet. While it is PENDING, the gateway's word may still come.
        """
        body = TopUpSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        means = Means(
            method=asked.get("payment_method", ""),
            details={"token": asked["token"]} if "token" in asked else {},
            saved_id=asked.get("saved_method"),
        )
        key = uuid5(KEYS, f"{request.user.pk} {request.idempotency.key}").hex
        payment = pay_top_up(request.user.pk, asked["amount"], means, key=key, by=actor_of(request))
        url = str(payment.next_action.get("url", ""))
        answer = {
            "payment_id": payment.pk,
            "status": payment.status,
            "amount": payment.amount,
            "failure_code": payment.failure_code,
            "next_action": str(payment.next_action.get("kind", "")),
            "url": settings.SITE_URL + url if url.startswith("/") else url,
            "balance": balance_of(request.user.pk, payment.currency),
        }
        return Response(ToppedUpSerializer(answer).data, status=HTTPStatus.CREATED)


class WalletEntries(generics.ListAPIView[LedgerEntry]):
    """What came into the caller's wallet and went out of it, newest first."""

    permission_classes = [SignedIn]
    serializer_class = EntrySerializer
    queryset = LedgerEntry.objects.none()  # for the description; whose entries are seen depends on the caller
    filter_backends: list[Any] = []
    cursor_ordering = "-id"

    @extend_schema(operation_id="wallet_entries_list", parameters=[CurrencyQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One's own entries in one currency."""
        return super().get(request, *args, **kwargs)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        wallets = wallets_of(request.user.pk or 0)
        currency = _wanted(request, wallets)
        wallet = next((each for each in wallets if each.currency == currency), None)
        page = self.paginate_queryset(self._entries(wallet)) or []
        lines: list[Line] = lines_of(wallet, page) if wallet else []
        return self.get_paginated_response(self.get_serializer(lines, many=True).data)

    def _entries(self, wallet: LedgerAccount | None) -> QuerySet[LedgerEntry]:
        if wallet is None:
            return LedgerEntry.objects.none()
        return LedgerEntry.objects.touching(wallet.pk).select_related("transfer")
