"""Payments: one row per attempt to take money."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyField
from orders.models import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def locked(self, pk: int) -> "Payment":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def locked_by_key(self, idempotency_key: str) -> "Payment":
        """The payment with its order, of which only the payment is locked."""
        rows = self.select_for_update(of=("self",)).select_related("order")
        return rows.get(idempotency_key=idempotency_key)

    def locked_of(self, order_id: int) -> list["Payment"]:
        return list(self.select_for_update().filter(order_id=order_id).order_by("pk"))


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

    order = models.ForeignKey(Order, models.PROTECT, related_name="+", verbose_name=_("order"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("customer"))
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("method"), max_length=12, choices=Method.choices)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.PENDING)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_reference = models.CharField(_("gateway reference"), max_length=120, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=80, unique=True)
    gateway_response = models.JSONField(_("gateway response"), default=dict, blank=True)
    failure_code = models.CharField(_("failure code"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created at"))
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_not_negative"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status__in=["PENDING", "SUCCEEDED"]),
                name="payment_one_live_per_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.amount}"
