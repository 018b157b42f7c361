"""Goods that were made together and expire together, and the orders that they went to."""

from collections.abc import Mapping

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from inventory.rules.stock import COLDEST, WARMEST


class BatchQuerySet(models.QuerySet["Batch"]):
    def there(self) -> "BatchQuerySet":
        """Those of which something is left, first expired first."""
        return self.filter(remaining__gt=0).order_by("expires_on", "pk")

    def called(self, code: str) -> "BatchQuerySet":
        """Of a code in any case, as crates and recalls are read; first the one that is written just so."""
        return self.filter(code__iexact=code).order_by(Case(When(code=code, then=0), default=1), "pk")


class Batch(models.Model):
    """Pieces on a shelf with one day of production and one of expiry. Equals the sum of its movements.

    With `days_presumed` nobody said its days: it is all that came on a day without a batch, by the pack's shelf life.
    """

    stock = models.ForeignKey(
        "inventory.Stock", models.PROTECT, related_name="batches", verbose_name=_("stock"), db_index=False
    )
    code = models.CharField(_("batch code"), max_length=40)
    received = models.PositiveIntegerField(_("received"), default=0)
    remaining = models.PositiveIntegerField(_("left"), default=0)
    days_presumed = models.BooleanField(_("by the shelf life"), default=False, db_default=False)
    produced_on = models.DateField(_("produced on"))
    expires_on = models.DateField(_("expires on"), help_text=_("The last day it may be delivered"))
    fat_percent = models.DecimalField(
        _("fat, %"),
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(99)],
    )
    snf_percent = models.DecimalField(
        _("SNF, %"),
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(99)],
        help_text=_("Solids that are not fat"),
    )
    temperature = models.DecimalField(
        _("temperature on arrival, °C"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(COLDEST), MaxValueValidator(WARMEST)],
    )
    received_at = models.DateTimeField(_("received at"))

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["expires_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["stock", "code"], name="batch_once"),
            models.CheckConstraint(condition=Q(remaining__lte=F("received")), name="batch_remaining_within_received"),
            models.CheckConstraint(condition=Q(expires_on__gte=F("produced_on")), name="batch_expires_after_produced"),
        ]
        indexes = [
            models.Index(fields=["stock", "expires_on"], condition=Q(remaining__gt=0), name="batch_there"),
            models.Index(fields=["expires_on"], condition=Q(remaining__gt=0), name="batch_expiring"),
        ]

    def __str__(self) -> str:
        return self.code


class BatchUseQuerySet(models.QuerySet["BatchUse"]):
    def add(self, reference: str, changes: Mapping[int, int]) -> None:
        """Count pieces of batches to an order, or off it below zero. The caller has locked the shelves."""
        for more in (True, False):
            rows = sorted((batch, count) for batch, count in changes.items() if count and (count > 0) == more)
            if rows:
                batches, pieces = zip(*rows, strict=True)
                with connection.cursor() as cursor:
                    cursor.execute(_USE_MORE if more else _USE_LESS, [reference, list(batches), list(pieces)])


_USE_MORE = """
INSERT INTO inventory_batchuse AS used (batch_id, reference, quantity)
SELECT batch_id, %s, pieces FROM unnest(%s::bigint[], %s::int[]) AS change (batch_id, pieces)
ON CONFLICT (batch_id, reference) DO UPDATE SET quantity = used.quantity + EXCLUDED.quantity
"""

_USE_LESS = """
UPDATE inventory_batchuse AS used SET quantity = used.quantity + change.pieces
FROM (SELECT %s AS reference, unnest(%s::bigint[]) AS batch_id, unnest(%s::int[]) AS pieces) AS change
WHERE used.reference = change.reference AND used.batch_id = change.batch_id
"""


class BatchUse(models.Model):
    """Pieces of a batch that went into an order and stayed there: what a recall follows."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="uses", verbose_name=_("batch"), db_index=False)
    reference = models.CharField(_("order number"), max_length=20, db_index=True)
    quantity = models.IntegerField(_("pieces"))

    objects = BatchUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a batch")
        verbose_name_plural = _("uses of batches")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "reference"], name="batch_use_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="batch_use_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.quantity}"
