"""Orders: the promise to bring these things on that day, with every number that was promised."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Device
from catalog.models import Variant
from milkdelivery.core.fields import ChangedAtField, MoneyField
from milkdelivery.core.languages import is_hindi
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.money import Money
from milkdelivery.core.rules import MAX_QUANTITY
from orders.rules.pricing import TaxShare, rate_of, taxes_of
from vendors.models import Vendor

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class ReadableNumber(Func):
    """The id, scattered over 30 bits by an odd multiplier (a bijection) and written as six Crockford base-32 digits.

    Short, unique without a second look, and says nothing about how many orders there are. Made by the database, so
    that set-based inserts number their rows the same way.
    """

    template = (
        "('M' || "
        + " || ".join(
            f"substr('{_DIGITS}', ((((%(expressions)s * 387420489) & 1073741823) >> {shift}) & 31)::int + 1, 1)"
            for shift in (25, 20, 15, 10, 5, 0)
        )
        + ")"
    )
    output_field = models.CharField(max_length=8)


class OrderQuerySet(models.QuerySet["Order"]):
    def of(self, customer_id: int) -> "OrderQuerySet":
        return self.filter(customer_id=customer_id)

    def locked_of(self, customer_id: int) -> "list[Order]":
        """All orders of a person, locked in primary key order."""
        return list(self.select_for_update(of=("self",)).filter(customer_id=customer_id).order_by("pk"))

    def locked_many(self, ids: Iterable[int]) -> "list[Order]":
        """These orders with their slots and regions, locked in primary key order."""
        found = self.select_for_update(of=("self",)).select_related("slot", "region").filter(pk__in=list(ids))
        return list(found.order_by("pk"))

    def locked(self, pk: int) -> "Order":
        return self.select_for_update(of=("self",)).select_related("slot", "region").get(pk=pk)


class Order(models.Model):
    class Status(models.TextChoices):
        CREATED = "CREATED", _("Placed")
        ON_HOLD = "ON_HOLD", _("On hold")
        CONFIRMED = "CONFIRMED", _("Confirmed")
        PACKED = "PACKED", _("Packed")
        OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY", _("Out for delivery")
        DELIVERED = "DELIVERED", _("Delivered")
        RETURNED = "RETURNED", _("Returned")
        CANCELLED = "CANCELLED", _("Cancelled")

    class PaymentStatus(models.TextChoices):
        PENDING = "PENDING", _("Not paid yet")
        PAID = "PAID", _("Paid")
        FAILED = "FAILED", _("Payment failed")
        PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED", _("Partly refunded")
        REFUNDED = "REFUNDED", _("Refunded")

    class Source(models.TextChoices):
        CHECKOUT = "CHECKOUT", _("Checkout")
        SUBSCRIPTION = "SUBSCRIPTION", _("Subscription")
        QUICK_REORDER = "QUICK_REORDER", _("Quick reorder")
        STAFF = "STAFF", _("Staff")

    number = models.GeneratedField(
        expression=ReadableNumber(F("id")),
        output_field=models.CharField(max_length=8),
        db_persist=True,
        unique=True,
        verbose_name=_("number"),
    )
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("customer"))
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    currency = models.CharField(_("currency"), max_length=3)
    address = models.JSONField(_("address"), help_text=_("As it was when the order was placed"))
    pincode = models.CharField(_("pincode"), max_length=12)
    delivery_date = models.DateField(_("delivery date"))
    slot = models.ForeignKey(DeliverySlot, models.PROTECT, related_name="+", verbose_name=_("slot"))
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.CREATED)
    payment_status = models.CharField(
        _("payment status"), max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.PENDING
    )
    items_total = MoneyField(_("items"))
    discount_total = MoneyField(_("discount"), default=0)
    tax_total = MoneyField(_("tax"))
    deposit_total = MoneyField(_("bottle deposits"), default=0)
    delivery_total = MoneyField(_("delivery"), default=0)
    grand_total = MoneyField(_("total"))
    source = models.CharField(_("source"), max_length=16, choices=Source.choices, default=Source.CHECKOUT)
    special_instructions = models.CharField(_("special instructions"), max_length=255, blank=True)
    promotion_name = models.CharField(
        _("promotion"), max_length=80, blank=True, default="", db_default="", help_text=_("As it was called then")
    )
    promo_code = models.CharField(_("promo code"), max_length=24, blank=True, default="", db_default="")
    partial_fulfilment = models.BooleanField(_("partly fulfilled"), default=False)
    fraud_flag = models.BooleanField(_("fraud flag"), default=False)
    device = models.ForeignKey(
        Device, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("device")
    )
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    door = models.CharField(
        _("door"),
        max_length=32,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("The same for orders to the same door, see orders.rules.doors"),
    )
    placed_at = models.DateTimeField(_("placed at"))
    updated_at = ChangedAtField(_("updated at"))

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(items_total__gte=0, discount_total__gte=0, grand_total__gte=0),
                name="order_totals_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="order_by_customer"),
            models.Index(fields=["delivery_date", "status"], name="order_by_day"),
            models.Index(fields=["-placed_at"], name="order_by_placing"),
            models.Index(fields=["ip", "-placed_at"], name="order_by_ip"),
            models.Index(fields=["door", "-placed_at"], condition=~Q(door=""), name="order_by_door"),
        ]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def coming_lines(self) -> "list[OrderLine]":
        """What is brought: the lines but those that nobody can fill. Reads `lines`, prefetched where there are many."""
        return [line for line in self.lines.all() if line.comes]

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """The tax by rate. Reads `lines`."""
        parts = ((line.tax_basis_points, line.total, line.tax) for line in self.lines.all())
        return taxes_of(parts, tax_inclusive=self.region.tax_inclusive)


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def named(self) -> "OrderLineQuerySet":
        """With what `local_name` and `local_pack` read, in the same query."""
        return self.select_related("variant__product")

    def locked_of(self, order_id: int) -> list["OrderLine"]:
        return list(self.select_for_update().filter(order_id=order_id).order_by("pk"))

    def locked_with(self, order_ids: Iterable[int]) -> list["OrderLine"]:
        """All lines of several orders, whose rows are locked already, locked in primary key order."""
        return list(self.select_for_update().filter(order_id__in=list(order_ids)).order_by("pk"))


class OrderLine(models.Model):
    """A variant in an order, with the name, price and tax it was sold at.

    A line comes whole, from one vendor, or not at all: nobody has it (SHORT), or something else comes in its place
    (SUBSTITUTED; the line that does says so in `substitution_of`). What can come only in part is split.
    """

    class IfShort(models.TextChoices):
        """What the household wants where there is not enough of it."""

        SEND_AVAILABLE = "SEND_AVAILABLE", _("Send what you have")
        SUBSTITUTE = "SUBSTITUTE", _("Send something like it")
        CANCEL_ORDER = "CANCEL_ORDER", _("Cancel the whole order")

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Not assigned yet")
        ASSIGNED = "ASSIGNED", _("Assigned")
        ACCEPTED = "ACCEPTED", _("Accepted")
        REJECTED = "REJECTED", _("Rejected")
        SHORT = "SHORT", _("Short")
        SUBSTITUTED = "SUBSTITUTED", _("Substituted")
        PACKED = "PACKED", _("Packed")
        DELIVERED = "DELIVERED", _("Delivered")
        RETURNED = "RETURNED", _("Returned")

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    name = models.CharField(_("product"), max_length=120)
    pack = models.CharField(_("pack size"), max_length=40)
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    unit_price = MoneyField(_("unit price"))
    discount = MoneyField(_("discount"), default=0)
    hsn_code = models.CharField(_("HSN code"), max_length=8)
    tax_basis_points = models.PositiveIntegerField(_("tax rate in basis points"))
    tax = MoneyField(_("tax"))
    deposit = MoneyField(_("deposit"), default=0)
    total = MoneyField(_("total"), help_text=_("Price times quantity, less discount"))
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("vendor")
    )
    vendor_reason = models.CharField(_("why this vendor"), max_length=200, blank=True)
    decision = models.JSONField(
        _("how the vendor was chosen"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("See orders.rules.decision"),
    )
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OPEN)
    if_short = models.CharField(
        _("if there is not enough"),
        max_length=16,
        choices=IfShort.choices,
        default=IfShort.SEND_AVAILABLE,
        db_default=IfShort.SEND_AVAILABLE,
    )
    delivered_quantity = models.PositiveSmallIntegerField(_("delivered quantity"), default=0)
    shortage = models.PositiveSmallIntegerField(_("shortage"), default=0)
    substitution_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("substitution of")
    )

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="line_quantity"),
            models.CheckConstraint(
                condition=Q(delivered_quantity__lte=F("quantity")), name="line_delivered_in_quantity"
            ),
            models.CheckConstraint(
                condition=Q(total=F("unit_price") * (F("quantity") - F("shortage")) - F("discount")),
                name="line_total_of_what_comes",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["SHORT", "SUBSTITUTED"], shortage=F("quantity"))
                | (~Q(status__in=["SHORT", "SUBSTITUTED"]) & Q(shortage=0)),
                name="line_comes_or_is_missing",
            ),
        ]
        indexes = [models.Index(fields=["vendor", "status"], name="line_by_vendor")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name} {self.pack}"

    @property
    def currency(self) -> str:
        return self.order.currency

    @property
    def local_name(self) -> str:
        """What whoever reads the page calls it, while the product still has the name that it was sold under; else that
        name. On a Hindi page it reads the product, see `named`."""
        if not is_hindi():
            return self.name
        product = self.variant.product
        return product.local_name if product.name == self.name else self.name

    @property
    def local_pack(self) -> str:
        """The same of the pack's size."""
        if not is_hindi():
            return self.pack
        return self.variant.local_name if self.variant.name == self.pack else self.pack

    @property
    def bringer(self) -> Vendor | None:
        """Whose it is to bring: nobody's before it is assigned, nor once the order was cancelled."""
        return self.vendor if self.status != self.Status.OPEN else None

    @property
    def comes(self) -> bool:
        """Whether somebody brings it: not once nobody has it, or something else comes in its place."""
        return self.status not in MISSING

    @property
    def tax_rate(self) -> str:
        """In percent."""
        return rate_of(self.tax_basis_points)

    @property
    def gross(self) -> Money:
        """Price times what comes."""
        return self.unit_price * (self.quantity - self.shortage)


MISSING = (OrderLine.Status.SHORT, OrderLine.Status.SUBSTITUTED)
"""Statuses of a line of which nothing comes."""


class VendorAnswer(models.Model):
    """What a vendor said about a line it was given. Append-only.

    Whoever gave a line back is not asked again for that variant of the order.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "ACCEPTED", _("Accepted")
        UNDONE = "UNDONE", _("Took the acceptance back")
        REJECTED = "REJECTED", _("Rejected")
        SHORT = "SHORT", _("Has not enough")
        STOPPED = "STOPPED", _("Delivers no more")

    class Reason(models.TextChoices):
        SOLD_OUT = "SOLD_OUT", _("Nothing left of it")
        QUALITY = "QUALITY", _("Not good enough today")
        NO_TIME = "NO_TIME", _("Can’t be ready in time")
        CLOSED = "CLOSED", _("Closed that day")
        OTHER = "OTHER", _("Something else")

    order = models.ForeignKey(Order, models.CASCADE, related_name="vendor_answers", verbose_name=_("order"))
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="answers", verbose_name=_("line"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="+", verbose_name=_("vendor"))
    kind = models.CharField(_("answer"), max_length=8, choices=Kind.choices)
    quantity = models.PositiveSmallIntegerField(_("pieces"), help_text=_("That the answer is about"))
    reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    outcome = models.JSONField(_("what became of it"), default=list, blank=True, help_text=_("Who took how many"))
    actor = models.CharField(_("who"), max_length=40)
    occurred_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("dairy’s answer")
        verbose_name_plural = _("dairies’ answers")
        ordering = ["-id"]
        indexes = [models.Index(fields=["vendor", "-id"], name="answer_by_vendor")]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.kind} {self.quantity}"


GAVE_BACK = (VendorAnswer.Kind.REJECTED, VendorAnswer.Kind.SHORT, VendorAnswer.Kind.STOPPED)
"""Answers after which a vendor is not asked again."""


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> "HoldQuerySet":
        """Nobody has decided about them yet."""
        return self.filter(outcome="")

    def due(self, now: datetime) -> "HoldQuerySet":
        """Those about which nobody decided in time."""
        return self.open().filter(keep_until__lte=now)


class Hold(models.Model):
    """An order was stopped to be looked at: by the screening, or by staff. One hold of an order is open at a time."""

    class Kind(models.TextChoices):
        FRAUD = "FRAUD", _("By the screening")
        STAFF = "STAFF", _("By staff")

    class Outcome(models.TextChoices):
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")
        LAPSED = "LAPSED", _("Not decided in time")
        CANCELLED = "CANCELLED", _("Cancelled meanwhile")

    order = models.ForeignKey(Order, models.CASCADE, related_name="holds", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    from_status = models.CharField(_("held when it was"), max_length=20, choices=Order.Status.choices)
    reason = models.CharField(_("reason"), max_length=255, blank=True, help_text=_("In the words of staff"))
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    findings = models.JSONField(_("findings"), default=list, blank=True, help_text=_("See orders.rules.fraud"))
    actor = models.CharField(_("who"), max_length=40)
    held_at = models.DateTimeField(_("held at"))
    keep_until = models.DateTimeField(_("decide until"), help_text=_("Undecided, the order is cancelled then"))
    outcome = models.CharField(_("decision"), max_length=10, choices=Outcome.choices, blank=True)
    decision_reason = models.CharField(_("reason of the decision"), max_length=255, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["order"], condition=Q(outcome=""), name="hold_one_open")]
        indexes = [models.Index(fields=["keep_until"], condition=Q(outcome=""), name="hold_open_until")]

    def __str__(self) -> str:
        return f"{self.order}: {self.get_kind_display()}"


class OrderStatusChange(models.Model):
    """One step of an order through its status table. Append-only."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="status_changes", verbose_name=_("order"))
    from_status = models.CharField(_("from"), max_length=20, choices=Order.Status.choices, blank=True)
    to_status = models.CharField(_("to"), max_length=20, choices=Order.Status.choices)
    actor = models.CharField(_("who"), max_length=40)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    occurred_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


def address_snapshot(**parts: Any) -> dict[str, Any]:
    """What an order remembers of its door: plain JSON, so that a later edit of the address changes nothing."""
    return {key: str(value) for key, value in parts.items() if value not in (None, "")}
