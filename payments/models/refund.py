"""Money on its way back: the decision, and the movement that carries it out."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from milkdelivery.core.fields import MoneyField
from payments.models.payment import Payment


class RefundQuerySet(models.QuerySet["Refund"]):
    def of_payment(self, payment_id: int) -> "RefundQuerySet":
        """What was decided of it and stands, oldest first."""
        return self.standing().filter(payment_id=payment_id).order_by("pk")

    def standing(self) -> "RefundQuerySet":
        """Without those that were taken back before their money moved."""
        return self.exclude(movements__status=RefundMovement.Status.UNDONE)


class Refund(models.Model):
    """The decision that money goes back: who, why, for which lines, how much, and where to. Never changed."""

    class Kind(models.TextChoices):
        CANCELLED = "CANCELLED", _("Order cancelled")
        SHORTAGE = "SHORTAGE", _("Less came than was paid")
        SURPLUS = "SURPLUS", _("Paid twice")
        LINES = "LINES", _("Lines of the order")
        AMOUNT = "AMOUNT", _("An amount")
        CLAIM = "CLAIM", pgettext_lazy("refund", "Claim")

    class Destination(models.TextChoices):
        SOURCE = "SOURCE", _("To where it came from")
        WALLET = "WALLET", _("To the wallet")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    key = models.CharField(_("key"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=255)
    lines = models.JSONField(_("lines"), default=list, blank=True, help_text=_("Line, pieces and amount of each"))
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    destination = models.CharField(_("to"), max_length=6, choices=Destination.choices, default=Destination.SOURCE)
    actor = models.CharField(_("who"), max_length=40)
    decided_at = models.DateTimeField(_("decided at"))

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something")]
        indexes = [models.Index(fields=["decided_at"], name="refund_by_day")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"


class RefundMovementQuerySet(models.QuerySet["RefundMovement"]):
    def locked(self, pk: int) -> "RefundMovement":
        return self.select_for_update(of=("self",)).select_related("refund__payment").get(pk=pk)

    def locked_due(self, now: datetime, limit: int) -> list[int]:
        """Those still to be made and due by that (real) instant, leaving out those being claimed."""
        due = self.select_for_update(skip_locked=True).filter(
            status=RefundMovement.Status.PENDING, next_attempt_at__lte=now
        )
        return list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])


class RefundMovement(models.Model):
    """One try to move the money of a decision, under a key of its own at the gateway.

    A movement that a gateway refuses for good is FAILED; staff may send the money another way by a new one, which says
    why and who chose it.
    """

    class Destination(models.TextChoices):
        SOURCE = "SOURCE", _("To where it came from")
        WALLET = "WALLET", _("To the wallet")
        HAND = "HAND", _("Paid out by hand")

    class Status(models.TextChoices):
        PENDING = "PENDING", _("On its way")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")
        UNDONE = "UNDONE", _("Taken back")

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="movements", verbose_name=_("refund"))
    key = models.CharField(_("key"), max_length=140, unique=True)
    destination = models.CharField(_("to"), max_length=6, choices=Destination.choices)
    reason = models.CharField(
        _("why this way"), max_length=255, blank=True, default="", db_default="", help_text=_("Where staff chose it")
    )
    actor = models.CharField(_("who chose it"), max_length=40, blank=True, default="", db_default="")
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.PENDING)
    gateway_reference = models.CharField(
        _("gateway reference"), max_length=120, blank=True, help_text=_("Or the bank’s, of what was paid out by hand")
    )
    failure_code = models.CharField(_("failure code"), max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    tried_at = models.DateTimeField(
        _("tried since"), null=True, blank=True, help_text=_("A gateway is being asked and has not answered yet")
    )
    kept_until = models.DateTimeField(
        _("left alone until"), null=True, blank=True, help_text=_("Somebody finds out whether it happened")
    )
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = RefundMovementQuerySet.as_manager()

    class Meta:
        verbose_name = _("movement of a refund")
        verbose_name_plural = _("movements of refunds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["refund"], condition=Q(status__in=["PENDING", "DONE"]), name="refund_moves_once"
            )
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="PENDING"), name="movement_to_make"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_status_display()}"

    def is_left_alone(self, now: datetime) -> bool:
        """Whether somebody is finding out at that (real) instant whether it happened."""
        return self.kept_until is not None and self.kept_until > now
