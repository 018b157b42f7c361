"""The price list."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.rules import Span
from milkdelivery.core.taken import taken_at


class InRegionCurrency:
    """Amounts of this record are in its region's currency."""

    region: Region

    @property
    def currency(self) -> str:
        return self.region.currency


def overlaps(other: str) -> str:
    """In words: a price is in the way."""
    return gettext("This overlaps another price: %(other)s. Change that one, or choose other days.") % {"other": other}


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
    made_end = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="+", verbose_name=_("made end")
    )
    """The open-ended price that had to end because this one starts: it goes on if this one is taken back."""

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
            models.CheckConstraint(condition=Q(mrp=None) | Q(mrp__gte=0), name="price_mrp_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.valid_from}"

    def clean(self) -> None:
        """Nobody may ask more than the maximum retail price, and nothing ends before it starts."""
        errors: dict[str, Any] = {}
        price: Money | None = self.price  # None while a form has not read it, as the start
        if price is not None and self.mrp is not None and price > self.mrp:
            errors["price"] = _("The price is above the maximum retail price.")
        starts: date | None = self.valid_from
        if starts is not None and self.valid_until is not None and self.valid_until < starts:
            errors["valid_until"] = _("The price ends before it starts.")
        if errors:
            raise ValidationError(errors)

    def unique_error_message(self, model_class: type[models.Model], unique_check: Sequence[str]) -> ValidationError:
        """Two that start on one day: said at the start, with the one that is there."""
        same = {name: getattr(self, name) for name in unique_check}
        other = PriceListEntry.objects.select_related("region").exclude(pk=self.pk).filter(**same).first()
        words = other.words if other else date_format(self.valid_from)
        return taken_at("valid_from", overlaps(words))

    @property
    def span(self) -> Span:
        return Span(self.valid_from, self.valid_until)

    @property
    def terms(self) -> tuple[Money, Money | None, Money]:
        """What it charges."""
        return self.price, self.mrp, self.deposit

    @property
    def words(self) -> str:
        """For people: ₹27.00 from 1 December 2026 to 5 December 2026."""
        facts = {"price": self.price.format(), "first": date_format(self.valid_from)}
        if self.valid_until is None:
            return gettext("%(price)s from %(first)s on") % facts
        return gettext("%(price)s from %(first)s to %(last)s") % {**facts, "last": date_format(self.valid_until)}
