"""What time and money mean where we deliver. Everybody may lean on these."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import connections, models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.money import BASIS_POINTS
from milkdelivery.core.rules import Span
from milkdelivery.core.taken import taken_at


class RegionQuerySet(models.QuerySet["Region"]):
    def locked(self, pk: int) -> "Region":
        """Whoever changes what the region's goods are taxed with takes turns; orders that point at it don't wait."""
        return self.select_for_update(no_key=True).get(pk=pk)


class Region(models.Model):
    """A market: one currency, one time zone, one tax scheme."""

    code = models.CharField(_("code"), max_length=8, unique=True)
    name = models.CharField(_("name"), max_length=80)
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166 code, such as IN"))
    currency = models.CharField(_("currency"), max_length=3, help_text=_("ISO 4217 code, such as INR"))
    time_zone = models.CharField(_("time zone"), max_length=64, help_text=_("IANA name, such as Asia/Kolkata"))
    tax_scheme = models.CharField(_("tax scheme"), max_length=40, blank=True, help_text=_("GST, sales tax, …"))
    tax_inclusive = models.BooleanField(_("prices include tax"), default=True)
    postal_code_pattern = models.CharField(
        _("postal code pattern"), max_length=80, help_text=_("Regular expression, such as [1-9][0-9]{5}")
    )
    delivery_fee = MoneyField(_("delivery fee"), default=0)
    free_delivery_from = MoneyField(
        _("free delivery from"), null=True, blank=True, help_text=_("Basket worth; empty: never")
    )
    phone_prefix = models.CharField(_("phone prefix"), max_length=5, help_text=_("Such as +91"))

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class TaxRateQuerySet(models.QuerySet["TaxRate"]):
    def covering(self, hsn_code: Any) -> "TaxRateQuerySet":
        """Those for goods of this HSN code (a text, or an expression of a query that asks)."""
        code = hsn_code if hasattr(hsn_code, "resolve_expression") else models.Value(hsn_code)
        asked = models.ExpressionWrapper(code, output_field=models.CharField())
        return self.alias(asked=asked).filter(asked__startswith=F("hsn_code"))

    def in_force(self, *, region_id: int, on: date) -> "TaxRateQuerySet":
        in_force = self.filter(region_id=region_id, valid_from__lte=on)
        return in_force.filter(Q(valid_until=None) | Q(valid_until__gte=on))


def overlaps(other: str) -> str:
    """In words: a rate is in the way."""
    return gettext("This overlaps another rate: %(other)s. Change that one, or choose other days.") % {"other": other}


class TaxRate(models.Model):
    """The tax on goods of one HSN code, in basis points, from one day to another (both included)."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="tax_rates", verbose_name=_("region"))
    hsn_code = models.CharField(
        _("HSN code"),
        max_length=8,
        validators=[RegexValidator(r"^[0-9]{2,8}\Z", _("An HSN code is 2 to 8 digits."))],
        help_text=_("The longest matching prefix applies"),
    )
    basis_points = models.PositiveIntegerField(
        _("rate in basis points"), validators=[MaxValueValidator(BASIS_POINTS)], help_text=_("500 is 5 %")
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["region", "hsn_code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["region", "hsn_code", "valid_from"], name="tax_rate_once_per_start"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="tax_rate_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(basis_points__lte=BASIS_POINTS), name="tax_rate_at_most_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.hsn_code}: {self.basis_points / 100:g} %"

    def clean(self) -> None:
        starts: date | None = self.valid_from  # None while a form has not read it
        if starts is not None and self.valid_until is not None and self.valid_until < starts:
            raise ValidationError({"valid_until": _("The rate ends before it starts.")})

    def unique_error_message(self, model_class: type[models.Model], unique_check: Sequence[str]) -> ValidationError:
        """Two that start on one day: said at the start, with the one that is there."""
        same = {name: getattr(self, name) for name in unique_check}
        other = TaxRate.objects.exclude(pk=self.pk).filter(**same).first()
        words = other.words if other else date_format(self.valid_from)
        return taken_at("valid_from", overlaps(words))

    @property
    def span(self) -> Span:
        return Span(self.valid_from, self.valid_until)

    @property
    def words(self) -> str:
        """For people: 5 % from 1 July 2017 to 31 March 2027."""
        facts = {"rate": f"{self.basis_points / 100:g} %", "first": date_format(self.valid_from)}
        if self.valid_until is None:
            return gettext("%(rate)s from %(first)s on") % facts
        return gettext("%(rate)s from %(first)s to %(last)s") % {**facts, "last": date_format(self.valid_until)}


class PincodeQuerySet(models.QuerySet["Pincode"]):
    def lock_serving(self) -> None:
        """One count of what is served at a time. Held until the transaction ends."""
        with connections[self.db].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('pincode.serving', 0))")


class Pincode(models.Model):
    """A postal code that the platform knows, with the median position of its post offices."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="pincodes", verbose_name=_("region"))
    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("locality"), max_length=80)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5)
    is_served = models.BooleanField(
        _("served"), default=False, editable=False, help_text=_("An active vendor and a hub deliver here")
    )

    objects = PincodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("pincode")
        verbose_name_plural = _("pincodes")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


def every_weekday() -> list[int]:
    return [0, 1, 2, 3, 4, 5, 6]


class DeliverySlot(models.Model):
    """A part of the day in which a region delivers, and the instants that lead up to it (local time)."""

    class Code(models.TextChoices):
        MORNING = "MORNING", _("Morning")
        EVENING = "EVENING", _("Evening")

    region = models.ForeignKey(Region, models.PROTECT, related_name="slots", verbose_name=_("region"))
    code = models.CharField(_("slot"), max_length=10, choices=Code.choices)
    starts_at = models.TimeField(_("delivery from"))
    ends_at = models.TimeField(_("delivery until"))
    cutoff_days_before = models.PositiveSmallIntegerField(
        _("cut-off, days before"), default=1, validators=[MaxValueValidator(7)]
    )
    cutoff_time = models.TimeField(_("cut-off time"))
    pack_time = models.TimeField(_("pack time"), help_text=_("On the delivery day; vendors answer until then"))
    grace_minutes = models.PositiveSmallIntegerField(_("grace window in minutes"), default=60)
    open_weekdays = models.JSONField(_("open weekdays"), default=every_weekday, help_text=_("0 is Monday"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("delivery slot")
        verbose_name_plural = _("delivery slots")
        ordering = ["region", "starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["region", "code"], name="slot_once_per_region"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.starts_at:%H:%M}-{self.ends_at:%H:%M}"

    def unique_error_message(self, model_class: type[models.Model], unique_check: Sequence[str]) -> ValidationError:
        text = gettext("%(region)s has this slot already: %(slot)s. Change that one.")
        other = DeliverySlot.objects.exclude(pk=self.pk).filter(region=self.region, code=self.code).first()
        return taken_at("code", text % {"region": self.region, "slot": other or self.label})

    @property
    def label(self) -> str:
        return str(self.get_code_display())


class Holiday(models.Model):
    """A day on which the region does not deliver."""

    region = models.ForeignKey(Region, models.CASCADE, related_name="holidays", verbose_name=_("region"))
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["region", "date"], name="holiday_once_per_day")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"

    def unique_error_message(self, model_class: type[models.Model], unique_check: Sequence[str]) -> ValidationError:
        text = gettext("%(region)s is closed on %(day)s already.")
        facts = {"region": self.region, "day": date_format(self.date)}
        return taken_at("date", text % facts)


E164 = RegexValidator(r"^\+[0-9]{10,15}$", _("Enter the number with its country code, such as +919812345678."))
