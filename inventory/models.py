"""What is there, and the movements that explain it."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from vendors.models import Vendor


class StockQuerySet(models.QuerySet["Stock"]):
    def locked(self, pairs: Iterable[tuple[int, int]]) -> list["Stock"]:
        """The stock rows of these (vendor, variant) pairs, locked in primary key order: so no two callers deadlock."""
        wanted = Q()
        for vendor_id, variant_id in sorted(set(pairs)):
            wanted |= Q(vendor_id=vendor_id, variant_id=variant_id)
        return list(self.select_for_update().filter(wanted).order_by("pk")) if wanted else []

    def locked_rows(self, ids: Iterable[int]) -> dict[int, "Stock"]:
        """Stock rows by primary key, locked in its order."""
        return {stock.pk: stock for stock in self.select_for_update().filter(pk__in=list(ids)).order_by("pk")}

    def available(self) -> "StockQuerySet":
        return self.annotate(available_quantity=F("on_hand") - F("reserved"))


class Stock(models.Model):
    """Pieces of a variant at a vendor. Equals the sums of its movements at all times."""

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="+", verbose_name=_("vendor"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    low_threshold = models.PositiveIntegerField(_("low below"), default=10)

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        ordering = ["vendor", "variant"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "variant"], name="stock_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")), name="stock_reserved_within_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.variant}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class StockMovement(models.Model):
    """One change of a stock row. Append-only."""

    class Kind(models.TextChoices):
        RECEIVE = "RECEIVE", _("Received")
        SELL = "SELL", _("Sold")
        RESERVE = "RESERVE", _("Reserved")
        RELEASE = "RELEASE", _("Released")
        ADJUST = "ADJUST", _("Adjusted")
        SET = "SET", _("Counted")
        SPOIL = "SPOIL", _("Spoiled")
        RETURN = "RETURN", _("Returned")

    stock = models.ForeignKey(Stock, models.PROTECT, related_name="movements", verbose_name=_("stock"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    on_hand_change = models.IntegerField(_("change on hand"))
    reserved_change = models.IntegerField(_("change of reserved"))
    reference = models.CharField(_("order number"), max_length=20, blank=True, db_index=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("who"), max_length=40)
    occurred_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_hand_change:+d}/{self.reserved_change:+d}"
