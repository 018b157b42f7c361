"""Categories, products and their packs."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject, Lower, NullIf, Replace
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from catalog.models.images import ProductImage, picture_of
from catalog.models.prices import PriceListEntry
from catalog.rules.facts import denied_by
from catalog.rules.names import LONGEST_SLUG, says_something
from catalog.rules.packs import in_hindi
from catalog.rules.pictures import Picture
from catalog.rules.prices import above_zero
from catalog.rules.words import NUKTA
from milkdelivery.core import clock
from milkdelivery.core.fields import ChangedAtField, MoneyField
from milkdelivery.core.languages import as_read, is_hindi
from milkdelivery.core.models import TaxRate
from milkdelivery.core.money import Money
from milkdelivery.core.text import ensure_seen, spelled


class CategoryQuerySet(models.QuerySet["Category"]):
    def locked(self, pk: int) -> "Category":
        return self.select_for_update(no_key=True).get(pk=pk)


class Category(models.Model):
    """Deleting a category deactivates it, which hides its products."""

    class Illustration(models.TextChoices):
        MILK = "milk", _("Milk")
        CURD = "curd", _("Curd")
        PANEER = "paneer", _("Paneer")
        BUTTER = "butter", _("Butter")
        GHEE = "ghee", _("Ghee")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=60, unique=True, validators=[says_something, ensure_seen])
    # The database fills it in too: a process of the release before saves categories without it.
    name_hi = models.CharField(
        _("name in Hindi"), max_length=60, blank=True, default="", db_default="", validators=[ensure_seen]
    )
    slug = models.SlugField(_("slug"), unique=True)
    illustration = models.CharField(_("illustration"), max_length=20, choices=Illustration.choices)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("A new one without a number stands behind the others.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "id"]
        constraints = [
            # Beside those of the fields, which looking categories up by slug needs.
            models.UniqueConstraint(Lower("name"), name="category_name_in_any_case"),
            models.UniqueConstraint(Lower("slug"), name="category_slug_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Name and address are its own, in large or small letters and whatever blanks stand between."""
        problems = {}
        for other in Category.objects.exclude(pk=self.pk):
            if spelled(other.name) == spelled(self.name):
                problems["name"] = _("Another category is called so: %(name)s.") % {"name": other.name}
            if other.slug.lower() == self.slug.lower():
                problems["slug"] = _("Another category has this address: %(slug)s.") % {"slug": other.slug}
        if problems:
            raise ValidationError(problems)

    @property
    def local_name(self) -> str:
        """The name as whoever reads the page calls it."""
        return as_read(self.name, self.name_hi)


def _denial(hsn_code: str, fact: str) -> str:
    text = _("What is taxed by HSN %(code)s can't be “%(fact)s”: take the fact off the product, or mend the code.")
    return text % {"code": hsn_code, "fact": DietaryFact(fact).label}


class DietaryFact(models.TextChoices):
    VEGETARIAN = "VEGETARIAN", _("Vegetarian")
    VEGAN = "VEGAN", _("Vegan")
    LACTOSE_FREE = "LACTOSE_FREE", _("Lactose free")
    A2 = "A2", _("A2 milk")
    ORGANIC = "ORGANIC", _("Organic")
    LOW_FAT = "LOW_FAT", _("Low fat")
    HIGH_PROTEIN = "HIGH_PROTEIN", _("High protein")
    NO_ADDED_SUGAR = "NO_ADDED_SUGAR", _("No added sugar")
    CONTAINS_NUTS = "CONTAINS_NUTS", _("Contains nuts")


OF_ANIMALS = (DietaryFact.A2,)
"""Facts of what comes from animals."""


class ProductQuerySet(models.QuerySet["Product"]):
    def locked(self, pk: int) -> "Product":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def locked_in_order(self, pks: Iterable[int]) -> list["Product"]:
        """Those of them that there are, locked by primary key."""
        return list(self.filter(pk__in=list(pks)).order_by("pk").select_for_update(of=("self",), no_key=True))

    def on_sale(self) -> "ProductQuerySet":
        return self.filter(is_active=True, category__is_active=True)

    def with_picture(self) -> "ProductQuerySet":
        """Annotate what `picture` shows, in the same query."""
        return self.annotate(main_picture=ProductImage.objects.first_of("pk"))

    def with_name_key(self) -> "ProductQuerySet":
        """Annotate `name_key`, which sorts by `local_name`."""
        own = Coalesce(NullIf("name_hi", Value("")), "name") if is_hindi() else F("name")
        return self.annotate(name_key=Lower(own))


IN_ENGLISH = SearchVector("name", "description", config="english")
IN_HINDI = SearchVector(
    Replace("description_hi", Value(NUKTA), Value(""), output_field=models.TextField()), config="hindi"
)
"""What full text search reads, as its indexes have it. Searches come without the dot under Hindi letters."""


class Product(models.Model):
    """Deleting a product deactivates it: orders and history keep pointing at it."""

    name = models.CharField(_("name"), max_length=120, validators=[says_something, ensure_seen])
    name_hi = models.CharField(_("name in Hindi"), max_length=120, blank=True, validators=[ensure_seen])
    slug = models.SlugField(_("slug"), max_length=LONGEST_SLUG, unique=True)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    # The database fills it in too: a process of the release before saves products without it.
    description_hi = models.TextField(_("description in Hindi"), max_length=2000, blank=True, default="", db_default="")
    category = models.ForeignKey(Category, models.PROTECT, related_name="products", verbose_name=_("category"))
    dietary_facts = ArrayField(
        models.CharField(max_length=20, choices=DietaryFact.choices),
        default=list,
        blank=True,
        verbose_name=_("dietary facts"),
    )
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("A new one without a number stands behind the others.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = ChangedAtField(_("updated at"))

    packs: "list[Variant]"
    """What is on sale of it, where it was read with `products_on_sale`."""

    objects = ProductQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["category__position", "position", "id"]
        indexes = [GinIndex(IN_ENGLISH, name="product_text"), GinIndex(IN_HINDI, name="product_text_hi")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Each fact is said once, and none denies another, or what its packs are taxed as."""
        self.dietary_facts = list(dict.fromkeys(self.dietary_facts))
        of_animals = [fact for fact in OF_ANIMALS if fact in self.dietary_facts]
        if of_animals and DietaryFact.VEGAN in self.dietary_facts:
            text = _("What is vegan can't be “%(other)s” too: take one of them off.")
            raise ValidationError({"dietary_facts": text % {"other": of_animals[0].label}})
        if self.pk is not None:
            codes = Variant.objects.filter(product=self.pk).order_by("pk").values_list("hsn_code", flat=True)
            if denied := denied_by(codes, self.dietary_facts):
                raise ValidationError({"dietary_facts": _denial(*denied)})

    @property
    def local_name(self) -> str:
        """The name as whoever reads the page calls it. An order keeps `name`: what was sold is one thing to all."""
        return as_read(self.name, self.name_hi)

    @property
    def local_description(self) -> str:
        """The same of the description."""
        return as_read(self.description, self.description_hi)

    @property
    def picture(self) -> Picture | None:
        """The one that stands for it. No query where it was read `with_picture` or its images were prefetched."""
        if "main_picture" in self.__dict__:
            return picture_of(self.__dict__["main_picture"])
        first = next(iter(self.images.all()), None)
        return first.picture if first else None


class InHomeCurrency:
    """Amounts of this record are in the home region's currency."""

    currency: ClassVar[str] = settings.HOME_CURRENCY


def _has_rate(region_id: int, on: date, *, without: int | None = None) -> Exists:
    rates = TaxRate.objects.in_force(region_id=region_id, on=on)
    if without is not None:
        rates = rates.exclude(pk=without)
    return Exists(rates.covering(OuterRef("hsn_code")))


class VariantQuerySet(models.QuerySet["Variant"]):
    def locked(self, pk: int) -> "Variant":
        """Whoever changes the pack or its prices takes turns; orders that point at it don't wait."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)

    def on_sale(self) -> "VariantQuerySet":
        return self.filter(is_active=True, product__is_active=True, product__category__is_active=True)

    def with_picture(self) -> "VariantQuerySet":
        """Annotate what `picture` shows, in the same query."""
        return self.annotate(main_picture=ProductImage.objects.first_of("product_id"))

    def taxed(self, *, region_id: int, on: date) -> "VariantQuerySet":
        """Those whose tax in the region is known for a delivery on `on`. Nothing else is sold: unknown is not zero."""
        return self.filter(_has_rate(region_id, on))

    def untaxed(self, *, region_id: int, on: date, without: int | None = None) -> "VariantQuerySet":
        """The others; `without` is a rate (its key) that is looked past, as if it did not hold."""
        return self.filter(~_has_rate(region_id, on, without=without))

    def with_list_price(self, *, region_id: int, on: date) -> "VariantQuerySet":
        """Annotate `list_price`: the region's price list entry for a delivery on `on`, in minor units, or None."""
        entry = (
            PriceListEntry.objects.in_force(region_id=region_id, on=on)
            .filter(variant_id=OuterRef("pk"))
            .order_by("-valid_from")
            .values(json=JSONObject(price="price", mrp="mrp", deposit="deposit"))[:1]
        )
        return self.annotate(list_price=Subquery(entry))


class Variant(InHomeCurrency, models.Model):
    """A pack of a product. `price` holds in the home region wherever no price list entry applies."""

    class Unit(models.TextChoices):
        MILLILITRE = "ML", _("ml")
        GRAM = "G", _("g")
        PIECE = "PC", _("pieces")

    product = models.ForeignKey(Product, models.PROTECT, related_name="variants", verbose_name=_("product"))
    name = models.CharField(_("pack size"), max_length=40, help_text=_("500 ml, 1 L, 200 g"))
    unit = models.CharField(_("unit"), max_length=2, choices=Unit.choices)
    size = models.PositiveIntegerField(_("size in units"), validators=[MinValueValidator(1)])
    sku = models.CharField(_("SKU"), max_length=40, unique=True, validators=[ensure_seen])
    price = MoneyField(_("price"), validators=[above_zero])
    mrp = MoneyField(_("maximum retail price"), null=True, blank=True, validators=[MinValueValidator(0)])
    deposit = MoneyField(_("bottle deposit"), default=0, validators=[MinValueValidator(0)])
    hsn_code = models.CharField(_("HSN code"), max_length=8, help_text=_("Decides the tax"))
    shelf_life_days = models.PositiveSmallIntegerField(_("shelf life in days"), validators=[MinValueValidator(1)])
    is_subscribable = models.BooleanField(_("can be subscribed"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("A new one without a number stands behind the others.")
    )

    objects = VariantQuerySet.as_manager()
    history = HistoricalRecords(bases=[InHomeCurrency, models.Model])

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name"], name="variant_once_per_product"),
            # Beside the one of the field, which looking packs up by SKU needs.
            models.UniqueConstraint(Lower("sku"), name="variant_sku_in_any_case"),
            models.CheckConstraint(
                condition=Q(price__gte=0, deposit__gte=0) & (Q(mrp=None) | Q(mrp__gte=0)), name="variant_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def local_name(self) -> str:
        """The size as whoever reads the page says it. An order keeps `name`."""
        return in_hindi(self.name) if is_hindi() else self.name

    def clean(self) -> None:
        """Nobody may ask more than the maximum retail price, and no two packs have one SKU, large or small letters."""
        price: Money | None = self.price  # None while a form has not read it
        problems: dict[str, Any] = {}
        if price is not None and self.mrp is not None and price > self.mrp:
            problems["price"] = _("The price is above the maximum retail price.")
        others = Variant.objects.exclude(pk=self.pk).annotate(plain_sku=Lower("sku"))
        if self.sku and others.filter(plain_sku=Lower(Value(self.sku))).exists():
            problems["sku"] = _("Another pack has this SKU.")
        if self.hsn_code and not self._is_taxed():
            problems["hsn_code"] = _(
                "No tax rate is known for this HSN code. Mend it, or enter its rate first (0 where nothing is due)."
            )
        elif denied := self._denied():
            problems["hsn_code"] = _denial(*denied)
        if problems:
            raise ValidationError(problems)

    def _is_taxed(self) -> bool:
        """Whether some rate is for its code, or it was saved with that code before there was such a question."""
        if TaxRate.objects.covering(self.hsn_code).exists():
            return True
        return Variant.objects.filter(pk=self.pk, hsn_code=self.hsn_code).exists()

    def _denied(self) -> tuple[str, str] | None:
        """What its code says against its product's facts; of a code that is stored already, the product speaks."""
        product: Product | None = getattr(self, "product", None)  # None while a form has not read it
        found = denied_by([self.hsn_code], product.dietary_facts) if product is not None else None
        if found and Variant.objects.filter(pk=self.pk, hsn_code=self.hsn_code).exists():
            return None
        return found

    @property
    def picture(self) -> Picture | None:
        """Its product's. No query where it was read `with_picture`."""
        if "main_picture" in self.__dict__:
            return picture_of(self.__dict__["main_picture"])
        return self.product.picture
