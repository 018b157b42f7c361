"""The price list."""

from datetime import date

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.models import Region


class InRegionCurrency:
    """Amounts of this record are in its region's currency."""

    region: Region

    @property
    def currency(self) -> str:
        return self.region.currency


class PriceListEntryQuerySet(models.QuerySet["PriceListEntry"]):
    def in_force(self, *, region_id: int, on: date) -> "PriceListEntryQuerySet":
        """Entries of the region that cover `on`, the one that started last first."""
        return (
            self.filter(region_id=region_id, valid_from__lte=on)
            .filter(Q(valid_until=None) | Q(valid_until__gte=on))
            .order_by("variant_id", "-valid_from")
        )


class PriceListEntry(InRegionCurrency, models.Model):
    """A price of a variant in a region from one delivery day to another (both included)."""

    variant = models.ForeignKey(
        "catalog.Variant", models.CASCADE, related_name="price_entries", verbose_name=_("variant")
    )
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    price = MoneyField(_("price"), validators=[MinValueValidator(0)])
    mrp = MoneyField(_("maximum retail price"), null=True, blank=True, validators=[MinValueValidator(0)])
    deposit = MoneyField(_("bottle deposit"), default=0, validators=[MinValueValidator(0)])
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = PriceListEntryQuerySet.as_manager()
    history = HistoricalRecords(bases=[InRegionCurrency, models.Model])

    class Meta:
        verbose_name = _("price list entry")
        verbose_name_plural = _("price list")
        ordering = ["variant", "region", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "region", "valid_from"], name="price_once_per_start"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="price_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(price__gte=0, deposit__gte=0), name="price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.valid_from}"
