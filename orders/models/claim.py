"""Claims: what a household says was wrong with goods that were delivered, and what was decided."""

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import connections, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from milkdelivery.core.fields import MoneyField
from orders.models.order import Order, OrderLine
from orders.rules.claims import Finding, read_findings


class ClaimQuerySet(models.QuerySet["Claim"]):
    def locked(self, pk: int) -> "Claim":
        """The claim, whose order is locked already."""
        return self.select_for_update(of=("self",)).get(pk=pk)

    def lock_person(self, customer_id: int) -> None:
        """One claim of a household is weighed at a time, of whatever order: what went back to it by rule is counted,
        and the count must not change meanwhile. Held until the transaction ends. After the locks of the order."""
        with connections[self.db].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"claims:{customer_id}"])

    def locked_open_of(self, order_id: int) -> "list[Claim]":
        """Those about a locked order that nobody has decided about yet."""
        return list(self.open().filter(order_id=order_id).select_for_update(of=("self",)).order_by("pk"))

    def of_person(self, customer_id: int, *, since: datetime | None = None) -> "ClaimQuerySet":
        """Those about a household's orders, made since then."""
        claims = self.filter(order__customer_id=customer_id)
        return claims if since is None else claims.filter(opened_at__gt=since)

    def open(self) -> "ClaimQuerySet":
        """Nobody has decided about them yet."""
        return self.filter(status=Claim.Status.OPEN)

    def whole(self) -> "ClaimQuerySet":
        """With order, household and lines. Two queries."""
        parts = ClaimLine.objects.select_related("line__vendor", "line__variant__product")
        lines = models.Prefetch("lines", parts.order_by("pk"))
        return self.select_related("order__customer", "order__region").prefetch_related(lines)


class Claim(models.Model):
    """Goods of an order that were spoiled, wrong or missing. Decided once, by rule or by a manager, never changed then.

    Pieces that were claimed once can't be claimed again, whatever was decided.
    """

    class Status(models.TextChoices):
        OPEN = "OPEN", pgettext_lazy("claim", "Being looked at")
        APPROVED = "APPROVED", pgettext_lazy("claim", "Approved")
        REJECTED = "REJECTED", pgettext_lazy("claim", "Refused")
        SETTLED = "SETTLED", pgettext_lazy("claim", "Paid back already")
        """The money had gone back another way before anybody decided."""

    class Destination(models.TextChoices):
        """As the refund's, which it becomes."""

        SOURCE = "SOURCE", _("To where it came from")
        WALLET = "WALLET", _("To the wallet")

    order = models.ForeignKey(Order, models.CASCADE, related_name="claims", verbose_name=_("order"))
    key = models.CharField(_("key"), max_length=120, unique=True, help_text=_("One tap, however often it is sent"))
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.OPEN)
    words = models.CharField(_("what the household says"), max_length=500, blank=True)
    photo = models.CharField(_("photo"), max_length=32, blank=True, help_text=_("Where its file is kept"))
    photo_width = models.PositiveSmallIntegerField(_("width of the photo"), default=0)
    photo_height = models.PositiveSmallIntegerField(_("height of the photo"), default=0)
    destination = models.CharField(_("money goes"), max_length=6, choices=Destination.choices)
    findings = models.JSONField(
        _("why somebody looks"), default=list, blank=True, help_text=_("See orders.rules.claims")
    )
    amount = MoneyField(_("amount"), help_text=_("That was paid for what is claimed, as it was reckoned then"))
    granted = MoneyField(_("granted"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    actor = models.CharField(_("who"), max_length=40)
    opened_at = models.DateTimeField(_("made at"))
    is_by_rule = models.BooleanField(_("by rule"), default=False)
    decision_reason = models.CharField(_("reason of the decision"), max_length=255, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="claim_of_something"),
            models.CheckConstraint(
                condition=Q(status="APPROVED", granted__gt=0)
                | Q(status__in=["OPEN", "REJECTED", "SETTLED"], granted=0),
                name="claim_grants_what_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(status="OPEN", decided_at__isnull=True) | (~Q(status="OPEN") & Q(decided_at__isnull=False)),
                name="claim_decided_or_open",
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at"], condition=Q(status="OPEN"), name="claim_to_decide"),
            models.Index(fields=["photo"], condition=~Q(photo=""), name="claim_by_photo"),
            models.Index(fields=["opened_at"], name="claim_by_day_made"),
            models.Index(fields=["decided_at"], name="claim_by_day_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.amount}"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_partly_granted(self) -> bool:
        """Fewer pieces were granted than claimed. Reads `lines`."""
        parts = self.lines.all() if self.status == self.Status.APPROVED else ()
        return any(part.granted_quantity < part.quantity for part in parts)

    @property
    def why_looked_at(self) -> list[Finding]:
        """Why no rule decided it."""
        return read_findings(self.findings)


class ClaimLine(models.Model):
    """Pieces of a delivered line, and what was wrong with them."""

    class Reason(models.TextChoices):
        SPOILED = "SPOILED", _("Spoiled, sour or past its date")
        DAMAGED = "DAMAGED", _("Broken or leaking")
        WRONG = "WRONG", _("Not what I ordered")
        MISSING = "MISSING", _("Did not come")
        OTHER = "OTHER", _("Something else")

    claim = models.ForeignKey(Claim, models.CASCADE, related_name="lines", verbose_name=_("claim"))
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="claims", verbose_name=_("line"))
    quantity = models.PositiveSmallIntegerField(_("pieces"), validators=[MinValueValidator(1)])
    reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices)
    amount = MoneyField(_("amount"), help_text=_("That was paid for these pieces"))
    granted_quantity = models.PositiveSmallIntegerField(_("granted pieces"), default=0)

    class Meta:
        verbose_name = _("claimed line")
        verbose_name_plural = _("claimed lines")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="claim_line_of_something"),
            models.CheckConstraint(
                condition=Q(granted_quantity__lte=F("quantity")), name="claim_line_granted_in_quantity"
            ),
            models.UniqueConstraint(fields=["claim", "line"], name="claim_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.local_name} {self.line.local_pack}"

    @property
    def currency(self) -> str:
        return self.claim.currency
