"""What the API says of a cart."""

from typing import Any

from rest_framework import serializers

from cart.queries import Deal
from cart.rules import CAPPED, GONE, LONGEST_CODE, NO_ROOM, PRICE
from milkdelivery.core.api import MoneyField
from milkdelivery.core.rules import MAX_QUANTITY
from orders.models import OrderLine
from orders.rules.pricing import DeliveryReason

LARGEST_ID = 2**63 - 1
STATES = ["OK", "LOW", "SHORT", "UNAVAILABLE"]


class TaxShareSerializer(serializers.Serializer[Any]):
    """The tax of all lines with one rate."""

    rate = serializers.CharField(help_text="In percent.")
    net = MoneyField(help_text="What the tax is on.")
    tax = MoneyField()


class QuoteSerializer(serializers.Serializer[Any]):
    """What it costs and why: items less discount, and deposit and delivery, and the tax where prices exclude it.

    Each sum is that of the lines, which say the same of themselves.
    """

    items = MoneyField(source="items_total")
    discount = MoneyField(source="discount_total")
    tax = MoneyField(source="tax_total")
    deposit = MoneyField(source="deposit_total", help_text="Given back with the bottles.")
    delivery = MoneyField(source="delivery_total")
    grand_total = MoneyField()
    tax_inclusive = serializers.BooleanField(source="terms.tax_inclusive", help_text="Whether the prices hold the tax.")
    to_free_delivery = MoneyField(allow_null=True, help_text="How much more makes the delivery free.")
    delivery_reason = serializers.ChoiceField([reason.value for reason in DeliveryReason])
    taxes = TaxShareSerializer(many=True, help_text="By rate, the lowest first.")
    promotion = serializers.CharField(source="promotion_name", help_text="What the discount is called, or nothing.")
    promo_code = serializers.CharField(help_text="The code that it came with; nothing where it came by itself.")


class LineSerializer(serializers.Serializer[Any]):
    """A line at this look. What can't be bought any more has no price; of that, and of what is sold out, nothing
    counts: it has no sums, and is in none."""

    variant_id = serializers.IntegerField(source="line.variant_id")
    product_id = serializers.IntegerField(source="line.variant.product_id")
    name = serializers.CharField(source="line.variant.product.name")
    pack = serializers.CharField(source="line.variant.name")
    quantity = serializers.IntegerField()
    state = serializers.ChoiceField(STATES)
    availability = serializers.ChoiceField(["IN_STOCK", "LOW", "OUT"], source="availability.state")
    available_quantity = serializers.IntegerField(source="availability.quantity", help_text="At most 50.")
    counts = serializers.BooleanField(help_text="Whether it is in the totals.")
    unit_price = MoneyField(allow_null=True)
    gross = MoneyField(source="priced.gross", allow_null=True, default=None, help_text="Price times quantity.")
    discount = MoneyField(source="priced.discount", allow_null=True, default=None)
    tax = MoneyField(source="priced.tax", allow_null=True, default=None)
    tax_rate = serializers.CharField(
        source="priced.item.tax_rate", allow_null=True, default=None, help_text="In percent."
    )
    deposit = MoneyField(source="priced.deposit", allow_null=True, default=None)
    total = MoneyField(source="priced.total", allow_null=True, default=None)


class CartLineSerializer(LineSerializer):
    id = serializers.IntegerField(source="line.pk", help_text="Of the line, to change it.")
    if_short = serializers.ChoiceField(
        OrderLine.IfShort.choices, source="line.if_short", help_text="What is wanted where there is not enough."
    )


class CodeRefusalSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs. Stable.")
    message = serializers.CharField(help_text="For people, in their language.")


class CartPromoSerializer(serializers.Serializer[Any]):
    """The code on the cart. Whether it takes something off now, and if not, why."""

    code = serializers.CharField()
    is_applied = serializers.BooleanField()
    refusal = CodeRefusalSerializer(allow_null=True)

    @staticmethod
    def facts_of(deal: Deal) -> dict[str, Any] | None:
        """Nothing where there is no code."""
        return {"code": deal.code, "is_applied": deal.is_used, "refusal": deal.refusal} if deal.code else None


class NewsSerializer(serializers.Serializer[Any]):
    """Something that changed in the cart without its household. It is told in one answer, and never again."""

    kind = serializers.ChoiceField([CAPPED, NO_ROOM, GONE, PRICE])
    variant_id = serializers.IntegerField()
    text = serializers.CharField(help_text="For people, in their language.")
    wanted = serializers.IntegerField(help_text="CAPPED and NO_ROOM: pieces in both carts.")
    kept = serializers.IntegerField(help_text="CAPPED and NO_ROOM: pieces that are in it now.")
    was = MoneyField(allow_null=True, help_text="PRICE: what a piece cost.")
    now = MoneyField(allow_null=True, help_text="PRICE: what it costs.")


class CartSerializer(serializers.Serializer[Any]):
    """A cart, priced for the next delivery."""

    token = serializers.CharField(allow_null=True, help_text="A guest sends it as X-Cart-Token from now on.")
    pincode = serializers.CharField(allow_null=True)
    region = serializers.CharField(source="region.code")
    delivery_date = serializers.DateField(help_text="The day that the prices are for.")
    count = serializers.IntegerField(help_text="Pieces that can be bought.")
    lines = CartLineSerializer(many=True)
    totals = QuoteSerializer(source="quote")
    promo = CartPromoSerializer(allow_null=True, help_text="Null without a code.")
    news = NewsSerializer(many=True)


class NewItemSerializer(serializers.Serializer[Any]):
    variant_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    if_short = serializers.ChoiceField(OrderLine.IfShort.choices, required=False)


class LineChangeSerializer(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    quantity = serializers.IntegerField(
        min_value=0, max_value=MAX_QUANTITY, required=False, help_text="0 takes the line out."
    )
    if_short = serializers.ChoiceField(OrderLine.IfShort.choices, required=False)


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=LONGEST_CODE, help_text="As it was typed: letter case does not matter.")
