"""Serializer fields of the API."""

import re
from decimal import Decimal
from typing import Any

from babel import Locale
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from milkdelivery.core.money import Money, exponent

_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?", re.ASCII)
_CURRENCIES = frozenset(Locale("en").currencies)


class MoneyField(serializers.Field):
    """`{"amount": "52.00", "currency": "INR"}`: the amount is text, so that no client makes it a float."""

    default_error_messages = {
        "shape": _('Send money as {{"amount": "52.00", "currency": "INR"}}.'),
        "amount": _("Send the amount as text in digits, such as “52.00”."),
        "currency": _("Send the three letters of the currency, such as INR."),
        "decimals": _("{currency} has at most {decimals} decimals."),
        "negative": _("The amount can't be less than zero."),
    }

    def __init__(self, *, allow_negative: bool = False, **kwargs: Any) -> None:
        self.allow_negative = allow_negative
        super().__init__(**kwargs)

    def to_representation(self, value: Money) -> dict[str, str]:
        return money_json(value)

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict) or set(data) != {"amount", "currency"}:
            self.fail("shape")
        amount, currency = data["amount"], data["currency"]
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
            self.fail("amount")
        if not isinstance(currency, str) or currency not in _CURRENCIES:
            self.fail("currency")
        if len(amount.partition(".")[2]) > exponent(currency):
            self.fail("decimals", currency=currency, decimals=exponent(currency))
        money = Money.from_decimal(Decimal(amount), currency)
        if money.minor < 0 and not self.allow_negative:
            self.fail("negative")
        return money


def money_json(value: Money) -> dict[str, str]:
    return {"amount": f"{value.to_decimal():f}", "currency": value.currency}
