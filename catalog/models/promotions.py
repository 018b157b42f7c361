"""Promotions, their codes, and every use of one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from catalog.models.prices import InRegionCurrency
from catalog.models.products import Category, Product
from catalog.rules.promotions import CODE_PATTERN, Offer, normal_code, used_already
from milkdelivery.core import clock
from milkdelivery.core.fields import MoneyField
from milkdelivery.core.models import Region

NEEDED: dict[str, tuple[str, ...]] = {
    "PERCENT": ("percent",),
    "FIXED": ("amount",),
    "FREE_DELIVERY": (),
    "BUY_X_GET_Y": ("buy_quantity", "get_quantity"),
}
"""What each kind says of itself."""

OF_A_KIND = ("percent", "amount", "max_discount", "buy_quantity", "get_quantity")
"""Fields that have no meaning but with their kind."""


def _only(kind: str, **conditions: Any) -> Q:
    """A promotion of this kind says what it must, and nothing of another kind. NULL would pass a check by itself."""
    said = {f"{field}__isnull": field not in NEEDED[kind] for field in OF_A_KIND if field != "max_discount"}
    return Q(kind=kind, **said, **conditions)


_TERMS = (
    _only("PERCENT", percent__gte=1, percent__lte=100)
    | _only("FIXED", amount__gte=1)
    | _only("FREE_DELIVERY")
    | _only("BUY_X_GET_Y", buy_quantity__gte=1, get_quantity__gte=1)
)


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def locked(self, pk: int) -> "Promotion":
        """Whoever uses it, or gives a use back, takes turns."""
        return self.select_for_update(of=("self",), no_key=True).select_related("region").get(pk=pk)

    def with_scope(self) -> "PromotionQuerySet":
        """Read what `offer` needs in two more queries, however many there are."""
        return self.select_related("region").prefetch_related("products", "categories")


class Promotion(InRegionCurrency, models.Model):
    """An offer of one region, from one day to another (both included).

    With codes it is for who has one; an automatic one applies by itself. One order uses one promotion.
    """

    class Kind(models.TextChoices):
        PERCENT = "PERCENT", _("Percent off")
        FIXED = "FIXED", _("Amount off")
        FREE_DELIVERY = "FREE_DELIVERY", _("Free delivery")
        BUY_X_GET_Y = "BUY_X_GET_Y", _("Buy some, get some free")

    name = models.CharField(_("name"), max_length=80, help_text=_("Households read it in their cart"))
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    percent = models.PositiveSmallIntegerField(
        _("percent"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    max_discount = MoneyField(
        _("at most"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: no limit")
    )
    amount = MoneyField(_("amount"), null=True, blank=True, validators=[MinValueValidator(1)])
    buy_quantity = models.PositiveSmallIntegerField(
        _("pieces to buy"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    get_quantity = models.PositiveSmallIntegerField(
        _("pieces free"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("The cheapest ones"),
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True, help_text=_("Empty: until it is switched off"))
    minimum_basket = MoneyField(
        _("minimum"), default=0, validators=[MinValueValidator(0)], help_text=_("Worth of the goods of the offer")
    )
    is_first_order_only = models.BooleanField(_("first order only"), default=False)
    per_user_limit = models.PositiveIntegerField(
        _("times per household"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: no limit"),
    )
    total_limit = models.PositiveIntegerField(
        _("times in all"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: no limit")
    )
    products = models.ManyToManyField(Product, blank=True, related_name="+", verbose_name=_("products"))
    categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="+",
        verbose_name=_("categories"),
        help_text=_("Without products and categories it is for everything"),
    )
    is_automatic = models.BooleanField(
        _("applies by itself"), default=False, help_text=_("No code is asked; of several, a cart gets the best")
    )
    is_active = models.BooleanField(_("active"), default=True)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    objects = PromotionQuerySet.as_manager()
    history = HistoricalRecords(bases=[InRegionCurrency, models.Model], excluded_fields=["used"])

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=_TERMS, name="promotion_terms_fit_its_kind"),
            models.CheckConstraint(
                condition=Q(max_discount=None) | Q(kind="PERCENT", max_discount__gte=1), name="promotion_cap_of_percent"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="promotion_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(minimum_basket__gte=0), name="promotion_minimum_not_negative"),
            models.CheckConstraint(
                condition=(Q(total_limit=None) | Q(total_limit__gte=1))
                & (Q(per_user_limit=None) | Q(per_user_limit__gte=1)),
                name="promotion_limits_allow_one",
            ),
            models.CheckConstraint(
                condition=Q(total_limit=None) | Q(used__lte=F("total_limit")), name="promotion_within_its_limit"
            ),
        ]
        indexes = [
            models.Index(fields=["region"], condition=Q(is_active=True, is_automatic=True), name="promotion_automatic")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What the constraints refuse, in words and at its field."""
        errors: dict[str, Any] = {}
        needed = NEEDED.get(self.kind, ())
        for field in OF_A_KIND:
            is_set = getattr(self, field) is not None
            if field in needed and not is_set:
                errors[field] = _("This kind of promotion needs it.")
            elif is_set and field not in needed and not (field == "max_discount" and self.kind == "PERCENT"):
                errors[field] = _("This kind of promotion has none. Leave it empty.")
        starts_on: date | None = self.starts_on  # None while a form has not read it
        if starts_on is not None and self.ends_on is not None and self.ends_on < starts_on:
            errors["ends_on"] = _("It ends before it starts.")
        if self.total_limit is not None and self.total_limit < self.used:
            errors["total_limit"] = used_already(self.used)
        elif self.total_limit is not None and (self.per_user_limit or 0) > self.total_limit:
            errors["per_user_limit"] = _("This is more than all households together may use it.")
        if errors:
            raise ValidationError(errors)

    @property
    def offer(self) -> Offer:
        """Its terms with what it is for, for the rules. Reads the scope: see `with_scope`."""
        return replace(self.terms, product_ids=_ids(self.products.all()), category_ids=_ids(self.categories.all()))

    @property
    def terms(self) -> Offer:
        """The same without its scope, as for the whole catalogue."""
        return Offer(
            kind=self.kind,
            currency=self.currency,
            region_id=self.region_id,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            percent=self.percent,
            amount=self.amount,
            max_discount=self.max_discount,
            buy_quantity=self.buy_quantity,
            get_quantity=self.get_quantity,
            minimum_basket=self.minimum_basket,
            is_first_order_only=self.is_first_order_only,
            per_user_limit=self.per_user_limit,
            total_limit=self.total_limit,
            is_active=self.is_active,
            used=self.used,
        )


def _ids(records: Iterable[models.Model]) -> frozenset[int]:
    return frozenset(record.pk for record in records)


class CodeField(models.CharField):
    """Capitals, whatever was typed."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normal_code(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return normal_code(prepared) if isinstance(prepared, str) else prepared


class PromoCodeQuerySet(models.QuerySet["PromoCode"]):
    def locked(self, pk: int) -> "PromoCode":
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)


class PromoCode(models.Model):
    """What a household types to get a promotion. Kept in capitals, so letter case never makes two of one."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="codes", verbose_name=_("promotion"))
    code = CodeField(
        _("code"),
        max_length=24,
        unique=True,
        validators=[RegexValidator(CODE_PATTERN, _("Use 3 to 24 letters A-Z, digits and dashes, without blanks."))],
        error_messages={"unique": _("There is this code already.")},
    )
    total_limit = models.PositiveIntegerField(
        _("times in all"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: no limit")
    )
    is_active = models.BooleanField(_("active"), default=True)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    objects = PromoCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("promo code")
        verbose_name_plural = _("promo codes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=CODE_PATTERN), name="promo_code_is_plain"),
            models.CheckConstraint(
                condition=Q(total_limit=None) | Q(total_limit__gte=1, used__lte=F("total_limit")),
                name="promo_code_within_its_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PromoRedemptionQuerySet(models.QuerySet["PromoRedemption"]):
    def counting(self) -> "PromoRedemptionQuerySet":
        """Those that were not given back."""
        return self.filter(given_back_at=None)

    def locked_by_reference(self, reference: str) -> "PromoRedemption | None":
        return self.select_for_update(of=("self",), no_key=True).filter(reference=reference).first()


class PromoRedemption(models.Model):
    """A use of a promotion by an order. `reference` is its number: keys point down only."""

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="redemptions", verbose_name=_("promotion"))
    code = models.ForeignKey(
        PromoCode, models.PROTECT, null=True, blank=True, related_name="redemptions", verbose_name=_("promo code")
    )
    reference = models.CharField(_("order"), max_length=20, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("customer"))
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    redeemed_at = models.DateTimeField(_("redeemed at"), default=clock.now)
    given_back_at = models.DateTimeField(_("given back at"), null=True, blank=True)

    objects = PromoRedemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("promo redemption")
        verbose_name_plural = _("promo redemptions")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="redemption_not_negative")]
        indexes = [
            models.Index(fields=["promotion", "user"], condition=Q(given_back_at=None), name="redemption_of_user")
        ]

    def __str__(self) -> str:
        return self.reference
