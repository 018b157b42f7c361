"""Payments: one row per attempt to take money."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.money import Money
from orders.models import Order
from payments.models.saved import SavedMethod
from payments.rules.attempts import ENDED_BY_US


class PaymentQuerySet(models.QuerySet["Payment"]):
    def locked(self, pk: int) -> "Payment":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def locked_by_key(self, idempotency_key: str) -> "Payment":
        """The payment with its order, of which only the payment is locked."""
        rows = self.select_for_update(of=("self",)).select_related("order")
        return rows.get(idempotency_key=idempotency_key)

    def locked_of(self, order_id: int) -> list["Payment"]:
        return list(self.select_for_update().filter(order_id=order_id).order_by("pk"))

    def locked_with(self, payment: "Payment") -> list["Payment"]:
        """A payment with every other attempt at its order, locked in primary key order."""
        if payment.order_id is None:
            return [self.locked(payment.pk)]
        return self.locked_of(payment.order_id)

    def locked_to_look_at(self, now: datetime, limit: int) -> list["Payment"]:
        """Those whose gateway is to be asked by now, leaving out those being claimed."""
        due = self.select_for_update(skip_locked=True).filter(look_at__lte=now)
        return list(due.order_by("look_at")[:limit])

    def locked_of_user(self, user_id: int) -> list["Payment"]:
        """All payments of a person, locked in primary key order."""
        return list(self.select_for_update(of=("self",)).filter(user_id=user_id).order_by("pk"))

    def of_orders(self, order_ids: Iterable[int]) -> "PaymentQuerySet":
        return self.filter(order_id__in=list(order_ids)).order_by("pk")


class Payment(models.Model):
    class Method(models.TextChoices):
        CARD = "CARD", _("Card")
        UPI = "UPI", _("UPI")
        NETBANKING = "NETBANKING", _("Netbanking")
        WALLET = "WALLET", _("Wallet")
        COD = "COD", _("Cash on delivery")

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        SUCCEEDED = "SUCCEEDED", _("Succeeded")
        FAILED = "FAILED", _("Failed")
        PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED", _("Partly refunded")
        REFUNDED = "REFUNDED", _("Refunded")

    order = models.ForeignKey(
        Order,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("order"),
        help_text=_("Empty for a top-up of the wallet"),
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("customer"))
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1, db_default=1)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    refunded = MoneyField(_("refunded"), default=0, db_default=0, help_text=_("Decided to go back, moved or not yet"))
    method = models.CharField(_("method"), max_length=12, choices=Method.choices)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.PENDING)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_reference = models.CharField(_("gateway reference"), max_length=120, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=80, unique=True)
    gateway_response = models.JSONField(_("gateway response"), default=dict, blank=True)
    next_action = models.JSONField(
        _("next action"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("What the household does next for the gateway"),
    )
    saved_method = models.ForeignKey(
        SavedMethod, models.SET_NULL, null=True, blank=True, related_name="payments", verbose_name=_("saved method")
    )
    is_surplus = models.BooleanField(
        _("surplus"),
        default=False,
        db_default=False,
        help_text=_("Came when the order was paid another way already; goes back by itself"),
    )
    failure_code = models.CharField(_("failure code"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    look_at = models.DateTimeField(
        _("ask the gateway at"), null=True, blank=True, help_text=_("Empty where its word is known")
    )
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_not_negative"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("amount")), name="payment_refunded_within_amount"
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status__in=["PENDING", "SUCCEEDED", "PARTIALLY_REFUNDED"], is_surplus=False),
                name="payment_one_counts_for_order",
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="payment_to_look_at"),
            models.Index(fields=["user", "-id"], name="payment_by_user"),
            models.Index(fields=["gateway", "gateway_reference"], name="payment_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.amount}"

    @property
    def is_called_off(self) -> bool:
        """It failed because we, or the household, ended it: nobody refused it."""
        return self.status == self.Status.FAILED and self.failure_code in ENDED_BY_US

    @property
    def is_captured(self) -> bool:
        """The money came, whether some of it went back or not."""
        return self.status in CAPTURED

    @property
    def refundable(self) -> Money:
        """What can still be decided to go back."""
        return self.amount - self.refunded if self.is_captured else Money.zero(self.currency)


CAPTURED = (Payment.Status.SUCCEEDED, Payment.Status.PARTIALLY_REFUNDED, Payment.Status.REFUNDED)
"""Statuses of a payment whose money came."""
