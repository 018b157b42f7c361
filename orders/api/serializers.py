"""What the API says of an order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cart.api.serializers import TaxShareSerializer
from deliveries.models import Delivery, proof_of
from deliveries.photos import photo_address
from deliveries.queries import Followed, follow
from deliveries.rules import UNDER_WAY
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.api import MoneyField
from milkdelivery.core.api.serviceability import SlotSerializer
from milkdelivery.core.web import actor_of
from orders.actions import edition_of
from orders.models import Hold, Order, OrderLine
from orders.queries import open_hold_of
from orders.rules.decision import WORDS, read_decision
from orders.rules.fraud import Rule, read_findings
from orders.rules.status import OrderNotCancellable, ensure_cancellable
from payments.models import Invoice, Payment
from payments.queries import documents_of

STEPS = ["PLACED", "HELD", "VENDOR_ASSIGNED", "PAYMENT_PENDING", "PAID", "PREPARING", "OUT_FOR_DELIVERY", "DELIVERED"]
STEPS += ["ATTEMPTED", "CANCELLED", "RETURNED", "REFUNDED"]


class AtOrder:
    """Times of an order are told as they are where it goes."""

    def to_representation(self, instance: Any) -> Any:
        order: Order = instance if isinstance(instance, Order) else instance.order
        with timezone.override(ZoneInfo(order.region.time_zone)):
            return super().to_representation(instance)  # type: ignore[misc]


class TotalsSerializer(serializers.Serializer[Any]):
    items = MoneyField(source="items_total")
    discount = MoneyField(source="discount_total")
    tax = MoneyField(source="tax_total")
    deposit = MoneyField(source="deposit_total", help_text="Given back with the bottles.")
    delivery = MoneyField(source="delivery_total")
    grand_total = MoneyField()
    tax_inclusive = serializers.BooleanField(
        source="region.tax_inclusive", help_text="Whether the prices hold the tax."
    )
    taxes = TaxShareSerializer(many=True, help_text="By rate, the lowest first.")
    promotion = serializers.CharField(source="promotion_name", help_text="What the discount is called, or nothing.")
    promo_code = serializers.CharField(help_text="The code that it came with; nothing where it came by itself.")


class DocumentSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Invoice.Kind.choices)
    number = serializers.CharField()
    issued_on = serializers.DateField()
    total = MoneyField()
    path = serializers.SerializerMethodField(help_text="Of the PDF.")

    def get_path(self, document: Invoice) -> str:
        number = document.order.number
        if document.is_note:
            return reverse("api-order-credit-note", args=[number, document.pk])
        return reverse("api-order-invoice", args=[number])


class LookedSerializer(serializers.Serializer[Any]):
    """A dairy as it stood when the line was given to one."""

    vendor_id = serializers.IntegerField()
    name = serializers.CharField()
    score = serializers.CharField()
    rating = serializers.CharField()
    orders = serializers.IntegerField(help_text="Orders it had that day.")
    limit = serializers.IntegerField(help_text="Orders it takes that day.")
    available = serializers.IntegerField(help_text="Pieces that could be promised.")
    verdict = serializers.ChoiceField(sorted(WORDS), help_text="Why it was chosen, or was not.")
    words = serializers.CharField(help_text="The same for people, in their language.")


class DecisionSerializer(serializers.Serializer[Any]):
    """Why this dairy: all that were looked at, the chosen one first."""

    looked = LookedSerializer(many=True)
    more = serializers.IntegerField(help_text="Dairies that were looked at besides.")


class OrderLineSerializer(serializers.ModelSerializer[OrderLine]):
    product_id = serializers.IntegerField(source="variant.product_id")
    unit_price = MoneyField()
    gross = MoneyField(help_text="Price times what comes.")
    tax_rate = serializers.CharField(help_text="In percent.")
    substitution_of = serializers.IntegerField(
        source="substitution_of_id", allow_null=True, help_text="Id of the line that it comes instead of."
    )
    discount = MoneyField()
    tax = MoneyField()
    deposit = MoneyField()
    total = MoneyField()
    vendor = serializers.CharField(
        source="bringer.name",
        allow_null=True,
        default=None,
        help_text="Whose it is to bring: null before it is assigned, and once the order was cancelled.",
    )
    vendor_fssai_licence = serializers.CharField(source="bringer.fssai_licence", allow_null=True, default=None)
    decision = serializers.SerializerMethodField()

    @extend_schema_field(DecisionSerializer(allow_null=True))
    def get_decision(self, line: OrderLine) -> Any:
        """For staff: why this dairy. Null for anybody else."""
        request = self.context.get("request")
        if request is None or not actor_of(request).is_staff:
            return None
        decision = read_decision(line.decision)
        return DecisionSerializer(decision).data if decision else None

    class Meta:
        model = OrderLine
        fields = [
            "id",
            "variant_id",
            "product_id",
            "name",
            "pack",
            "quantity",
            "unit_price",
            "gross",
            "discount",
            "tax",
            "tax_rate",
            "deposit",
            "total",
            "vendor",
            "vendor_fssai_licence",
            "decision",
            "status",
            "delivered_quantity",
            "shortage",
            "if_short",
            "substitution_of",
        ]
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "status": {
                "help_text": "OPEN: with no dairy, not yet or because the order was cancelled. REJECTED: its dairy "
                "gave it back, no other could bring it, and the order was cancelled for that."
            }
        }


class OrderRowSerializer(AtOrder, serializers.ModelSerializer[Order]):
    """An order in a list."""

    number = serializers.CharField()
    customer_id = serializers.IntegerField()
    slot = SlotSerializer()
    grand_total = MoneyField()
    lines = OrderLineSerializer(many=True)

    class Meta:
        model = Order
        fields = [
            "number",
            "customer_id",
            "status",
            "payment_status",
            "source",
            "placed_at",
            "delivery_date",
            "slot",
            "grand_total",
            "lines",
        ]
        read_only_fields = fields


class DoorSerializer(serializers.Serializer[Any]):
    """The address as it was when the order was placed. Empty where nothing was said."""

    name = serializers.CharField(default="")
    phone = serializers.CharField(default="")
    text = serializers.CharField(default="", help_text="As it is written on a parcel.")
    society = serializers.CharField(default="")
    tower = serializers.CharField(default="")
    floor = serializers.CharField(default="")
    flat = serializers.CharField(default="")
    line1 = serializers.CharField(default="")
    line2 = serializers.CharField(default="")
    landmark = serializers.CharField(default="")
    city = serializers.CharField(default="")
    state = serializers.CharField(default="")
    pincode = serializers.CharField(default="")
    country = serializers.CharField(default="")
    instructions = serializers.CharField(default="")


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """The latest attempt to take the money."""

    amount = MoneyField()

    class Meta:
        model = Payment
        fields = ["id", "method", "status", "amount", "failure_code", "created_at", "settled_at"]
        read_only_fields = fields


class StepSerializer(serializers.Serializer[Any]):
    """A step of the way. `at` is null while it is still to come."""

    step = serializers.ChoiceField(STEPS, source="name")
    at = serializers.DateTimeField(allow_null=True)
    state = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, Any]:
        """`label` too, which is the name of a serializer's own attribute."""
        label = serializers.CharField(help_text="For people, in their language.")
        return {**super().get_fields(), "label": label}

    @extend_schema_field(serializers.ChoiceField(["DONE", "CURRENT", "TODO", "FAILED"]))
    def get_state(self, step: Any) -> str:
        return str(step.state).upper()


class PositionSerializer(serializers.Serializer[Any]):
    """Where it stands in its round, while it is in the van. `earliest` and `latest` are null where nobody can say."""

    stop = serializers.IntegerField(source="position", help_text="Its number on the round.")
    stops = serializers.IntegerField(help_text="Of the whole round.")
    stops_before = serializers.IntegerField(help_text="Those that come first and are still to do.")
    has_left = serializers.BooleanField(help_text="Whether the driver is on the road.")
    earliest = serializers.DateTimeField(allow_null=True)
    latest = serializers.DateTimeField(allow_null=True)


class WaySerializer(AtOrder, serializers.Serializer[Any]):
    """An order on its way, as it may be shown to whoever holds the link: no address, no contents."""

    number = serializers.CharField(source="order.number")
    status = serializers.ChoiceField(Order.Status.choices, source="order.status")
    delivery_status = serializers.ChoiceField(
        Delivery.Status.choices, source="delivery.status", allow_null=True, default=None
    )
    delivery_date = serializers.DateField(source="order.delivery_date")
    slot = SlotSerializer(source="order.slot")
    driver_name = serializers.SerializerMethodField(help_text="The first name, while they are on the way.")
    delivered_at = serializers.DateTimeField(source="delivery.delivered_at", allow_null=True, default=None)
    round = PositionSerializer(source="way", allow_null=True)
    tracking_url = serializers.SerializerMethodField()
    timeline = StepSerializer(many=True)

    def get_driver_name(self, followed: Followed) -> str:
        delivery = followed.delivery
        driver = delivery.driver if delivery and delivery.status in UNDER_WAY else None
        return driver.user.get_short_name() if driver else ""

    def get_tracking_url(self, followed: Followed) -> str | None:
        """The page for people to follow it on."""
        return tracking_url(followed.delivery)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """The drop at the door."""

    failure_reason = serializers.ChoiceField(Delivery.FailureReason.choices, allow_blank=True)
    tracking_url = serializers.SerializerMethodField()
    photo_url = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = [
            "id",
            "status",
            "delivery_date",
            "picked_up_at",
            "delivered_at",
            "failure_reason",
            "tracking_url",
            "photo_url",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_photo_url(self, delivery: Delivery) -> str | None:
        """What stands at the door, under this site's own address, for an hour. Null without a photo."""
        return photo_address(proof_of(delivery)) or None

    def get_tracking_url(self, delivery: Delivery) -> str:
        """The page for people to follow it on."""
        return str(tracking_url(delivery))


class FindingSerializer(serializers.Serializer[Any]):
    """Something that speaks against an order."""

    rule = serializers.ChoiceField([str(rule) for rule in Rule])
    score = serializers.IntegerField()
    words = serializers.CharField(help_text="For staff, in their language.")


class HoldSerializer(serializers.Serializer[Any]):
    """Why an order waits for a manager."""

    kind = serializers.ChoiceField(Hold.Kind.choices)
    reason = serializers.CharField(help_text="In the words of staff; empty for the screening.")
    score = serializers.IntegerField()
    findings = serializers.SerializerMethodField()
    held_at = serializers.DateTimeField()
    keep_until = serializers.DateTimeField(help_text="Undecided, the order is cancelled then.")

    @extend_schema_field(FindingSerializer(many=True))
    def get_findings(self, hold: Hold) -> Any:
        return FindingSerializer(read_findings(hold.findings), many=True).data


class OrderSerializer(OrderRowSerializer):
    """An order with payment, delivery and its way to the door."""

    address = DoorSerializer()
    totals = TotalsSerializer(source="*")
    cutoff_at = serializers.DateTimeField(help_text="Until when the household can cancel.")
    is_cancellable = serializers.BooleanField(help_text="By the household, now.")
    payment = PaymentSerializer(allow_null=True)
    delivery = DeliverySerializer(allow_null=True)
    timeline = StepSerializer(many=True)
    hold = serializers.SerializerMethodField()
    placed_by = serializers.SerializerMethodField()
    edition = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(help_text="Sent along with a change, it says what was looked at."))
    def get_edition(self, around: "Whole") -> str:
        return edition_of(around.order)

    @extend_schema_field(
        serializers.CharField(allow_null=True, help_text="For staff: who of them placed it for the household.")
    )
    def get_placed_by(self, around: "Whole") -> Any:
        """As the order's history names them. Null for an order of the household's own, and for anybody else."""
        request = self.context.get("request")
        if around.order.source != Order.Source.STAFF or request is None or not actor_of(request).is_staff:
            return None
        return around.order.status_changes.order_by("pk").values_list("actor", flat=True).first()

    documents = serializers.SerializerMethodField()

    @extend_schema_field(HoldSerializer(allow_null=True))
    def get_hold(self, around: "Whole") -> Any:
        """For staff: why the order is on hold. Null where it is not, and for anybody else."""
        request = self.context.get("request")
        if request is None or not actor_of(request).is_staff:
            return None
        hold = open_hold_of(around.order)
        return HoldSerializer(hold).data if hold else None

    @extend_schema_field(DocumentSerializer(many=True))
    def get_documents(self, around: "Whole") -> Any:
        """The invoice and the credit notes, oldest first; none before the delivery."""
        if around.order.status not in (Order.Status.DELIVERED, Order.Status.RETURNED):
            return []
        return DocumentSerializer(documents_of([around.order.pk]).get(around.order.pk, []), many=True).data

    class Meta(OrderRowSerializer.Meta):
        fields = [
            *OrderRowSerializer.Meta.fields,
            "special_instructions",
            "address",
            "totals",
            "cutoff_at",
            "is_cancellable",
            "payment",
            "delivery",
            "timeline",
            "hold",
            "placed_by",
            "edition",
            "documents",
        ]
        read_only_fields = fields


@dataclass
class Whole:
    """An order and everything around it, as `OrderSerializer` reads it."""

    order: Order
    followed: Followed
    cutoff_at: datetime

    def __getattr__(self, name: str) -> Any:
        return getattr(self.order, name)

    @property
    def is_cancellable(self) -> bool:
        household = Actor.user(self.order.customer_id, Role.CUSTOMER)
        try:
            ensure_cancellable(self.order.status, cutoff_at=self.cutoff_at, by=household, now=clock.now())
        except OrderNotCancellable:
            return False
        return True

    @property
    def payment(self) -> Payment | None:
        return self.followed.payment

    @property
    def delivery(self) -> Delivery | None:
        return self.followed.delivery

    @property
    def timeline(self) -> Any:
        return self.followed.timeline


def whole(order: Order, request: Any) -> dict[str, Any]:
    """An order and everything around it, for an answer to whoever asks. Three queries more."""
    cutoff = rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone)
    around: Any = Whole(order, follow(order), cutoff)
    return dict(OrderSerializer(around, context={"request": request}).data)


def tracking_url(delivery: Delivery | None) -> str | None:
    """The whole address of the page, for a message or a browser."""
    if delivery is None:
        return None
    return f"{settings.SITE_URL}{reverse('deliveries:track', args=[delivery.tracking_token])}"
