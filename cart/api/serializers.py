"""What the API says of a cart."""

from typing import Any

from rest_framework import serializers

from milkdelivery.core.api import MoneyField
from milkdelivery.core.rules import MAX_QUANTITY

LARGEST_ID = 2**63 - 1
STATES = ["OK", "LOW", "SHORT", "UNAVAILABLE"]


class QuoteSerializer(serializers.Serializer[Any]):
    """What it costs: items less discount, and deposit and delivery, and the tax where prices exclude it."""

    items = MoneyField(source="items_total")
    discount = MoneyField(source="discount_total")
    tax = MoneyField(source="tax_total")
    deposit = MoneyField(source="deposit_total", help_text="Given back with the bottles.")
    delivery = MoneyField(source="delivery_total")
    grand_total = MoneyField()
    tax_inclusive = serializers.BooleanField(source="terms.tax_inclusive", help_text="Whether the prices hold the tax.")
    to_free_delivery = MoneyField(allow_null=True, help_text="How much more makes the delivery free.")


class LineSerializer(serializers.Serializer[Any]):
    """A line at this look. What can't be bought any more has no price and counts for nothing."""

    variant_id = serializers.IntegerField(source="line.variant_id")
    product_id = serializers.IntegerField(source="line.variant.product_id")
    name = serializers.CharField(source="line.variant.product.name")
    pack = serializers.CharField(source="line.variant.name")
    quantity = serializers.IntegerField()
    state = serializers.ChoiceField(STATES)
    availability = serializers.ChoiceField(["IN_STOCK", "LOW", "OUT"], source="availability.state")
    available_quantity = serializers.IntegerField(source="availability.quantity", help_text="At most 50.")
    unit_price = MoneyField(source="priced.item.unit_price", allow_null=True, default=None)
    discount = MoneyField(source="priced.discount", allow_null=True, default=None)
    tax = MoneyField(source="priced.tax", allow_null=True, default=None)
    deposit = MoneyField(source="priced.deposit", allow_null=True, default=None)
    total = MoneyField(source="priced.total", allow_null=True, default=None)


class CartLineSerializer(LineSerializer):
    id = serializers.IntegerField(source="line.pk", help_text="Of the line, to change it.")


class CartSerializer(serializers.Serializer[Any]):
    """A cart, priced for the next delivery."""

    token = serializers.CharField(allow_null=True, help_text="A guest sends it as X-Cart-Token from now on.")
    pincode = serializers.CharField(allow_null=True)
    region = serializers.CharField(source="region.code")
    delivery_date = serializers.DateField(help_text="The day that the prices are for.")
    count = serializers.IntegerField(help_text="Pieces that can be bought.")
    lines = CartLineSerializer(many=True)
    totals = QuoteSerializer(source="quote")


class NewItemSerializer(serializers.Serializer[Any]):
    variant_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)


class QuantitySerializer(serializers.Serializer[Any]):
    quantity = serializers.IntegerField(min_value=0, max_value=MAX_QUANTITY, help_text="0 takes the line out.")
