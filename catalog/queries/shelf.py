"""What stands on the shelf of a region, in which order, and how much of it there is."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    Expression,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, Least, RowNumber
from django.utils.translation import gettext as _

from catalog.models import Category, PriceListEntry, Product, ProductQuerySet, Variant
from catalog.queries.search import Search
from catalog.rules.names import LONGEST_SLUG
from milkdelivery.core.edition import edition
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money

FRESH_FOR = 30
"""Seconds."""

PACKS: str = "packs"
"""The attribute of a product that its packs on sale are read into; the model declares it."""


class Sort(StrEnum):
    """Orders of the shelf. `MATCH` needs a search."""

    MATCH = "match"
    SHELF = "shelf"
    PRICE_UP = "price"
    PRICE_DOWN = "-price"
    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Both ends included; None is open."""

    least: Money | None = None
    most: Money | None = None


def products_on_sale(
    *,
    region: Region,
    on: date,
    category: str | None = None,
    search: Search | None = None,
    prices: PriceRange | None = None,
    facts: Collection[str] = (),
) -> ProductQuerySet:
    """Products that have a pack for sale in the region on that day, in the shop's order; with `packs` and prices.

    With `prices`, those with a pack in that range; with `facts`, those that are all of it. Two queries, whatever the
    number.
    """
    sold = sold_packs(region=region, on=on).filter(product=OuterRef("pk"))
    if prices and prices.least is not None:
        sold = sold.filter(charged__gte=prices.least.minor)
    if prices and prices.most is not None:
        sold = sold.filter(charged__lte=prices.most.minor)
    priced = Variant.objects.filter(is_active=True).taxed(region_id=region.id, on=on)
    priced = priced.with_list_price(region_id=region.id, on=on)
    products = Product.objects.on_sale().filter(Exists(sold)).select_related("category").with_picture()
    # A list: a kept page that holds on to its products would else hold on to the whole question, too.
    products = products.prefetch_related(Prefetch("variants", priced, to_attr=PACKS))
    if category:
        products = products.filter(category__slug=category)
    if facts:
        products = products.filter(dietary_facts__contains=list(facts))
    return products.filter(search.condition) if search else products


def sold_packs(*, region: Region, on: date) -> QuerySet[Any]:
    """Active packs that have a price and a tax in the region that day: `charged`, in minor units."""
    return priced_packs(region=region, on=on).taxed(region_id=region.id, on=on)


def priced_packs(*, region: Region, on: date) -> Any:
    """Active packs that have a price in the region that day, whatever their tax: `charged`, in minor units."""
    entry = PriceListEntry.objects.in_force(region_id=region.id, on=on).filter(variant_id=OuterRef("pk"))
    listed = Subquery(entry.order_by("-valid_from").values("price")[:1], output_field=BigIntegerField())
    packs = Variant.objects.filter(is_active=True)
    if region.code == settings.HOME_REGION:
        return packs.annotate(charged=Coalesce(listed, Cast("price", BigIntegerField())))
    return packs.annotate(charged=listed).filter(charged__isnull=False)


def cheapest_price(
    *, region: Region, on: date, product_ids: Collection[int] = (), category_ids: Collection[int] = ()
) -> Money | None:
    """Of the packs on sale there that day: of all of them, or of those of the products and categories. One query."""
    packs = sold_packs(region=region, on=on).filter(product__is_active=True, product__category__is_active=True)
    if product_ids or category_ids:
        packs = packs.filter(Q(product__in=product_ids) | Q(product__category__in=category_ids))
    least: int | None = packs.aggregate(least=Min("charged"))["least"]
    return None if least is None else Money(least, region.currency)


def product_record(product_id: int) -> Product:
    """A product as it is kept, on sale or not, with all of its packs. Raises NotFound."""
    found = Product.objects.select_related("category").prefetch_related("variants").filter(pk=product_id).first()
    if found is None:
        raise NotFound(_("There is no such product."))
    return found


def known_product(slug: str) -> Product | None:
    """A product by its address, on sale or not."""
    return Product.objects.select_related("category").filter(slug=slug).first()


def free_slug(wanted: str) -> str:
    """That address in the shop, or with the first number behind it that no product has: fresh-milk-2. "" for ""."""
    taken = set(Product.objects.filter(slug__startswith=wanted[: LONGEST_SLUG - 5]).values_list("slug", flat=True))
    numbered = (f"{wanted[: LONGEST_SLUG - 5]}-{number}" for number in range(2, len(taken) + 3))
    return wanted if not wanted or wanted not in taken else next(slug for slug in numbered if slug not in taken)


# -- orders ------------------------------------------------------------------------------------------------------------


def in_order(
    products: ProductQuerySet,
    sort: Sort,
    *,
    region: Region,
    on: date,
    search: Search | None = None,
    can_come: Exists | None = None,
) -> tuple[ProductQuerySet, tuple[str, ...]]:
    """The products with the keys of that order, and the fields to sort them by. No two products share all of them.

    The best match is one that can be had: of what a search finds, that of which `can_come` holds stands before the
    rest, and each half goes by how well it matches.
    """
    if sort is Sort.MATCH and search is not None:
        missing = Case(When(can_come, then=Value(0)), default=Value(4)) if can_come is not None else Value(0)
        rank = search.tier + missing - Value(4)
        key = ExpressionWrapper(rank * Value(2**60) + _shelf_key(), BigIntegerField())
        return products.annotate(match_key=key), ("match_key",)
    if sort in (Sort.PRICE_UP, Sort.PRICE_DOWN):
        own = sold_packs(region=region, on=on).filter(product=OuterRef("pk")).order_by("charged")
        cheapest = Subquery(own.values("charged")[:1], output_field=BigIntegerField())
        bounded = Least(cheapest, Value(2**33 - 1), output_field=BigIntegerField())  # a slip of the hand sorts too
        key = ExpressionWrapper(bounded * Value(2**30) + F("pk"), BigIntegerField())
        return products.annotate(price_key=key), ("price_key" if sort is Sort.PRICE_UP else "-price_key",)
    if sort is Sort.NEWEST:
        return products, ("-created_at", "-pk")
    if sort is Sort.NAME:
        return products.with_name_key(), ("name_key", "pk")
    return products.annotate(shelf_key=_shelf_key()), ("shelf_key",)


def _shelf_key() -> Expression:
    """One number below 2**60 that sorts products as the shop does: 15 bits, 15 bits, and 30 for the key."""
    category, place = F("category__position") * 2**45, Cast("position", BigIntegerField()) * 2**30
    return ExpressionWrapper(category + place + F("pk"), BigIntegerField())


def mixed_products(*, region: Region, on: date) -> ProductQuerySet:
    """The same, mixed: the first of every category, then the second of each, and so on."""
    place = Window(RowNumber(), partition_by=[F("category_id")], order_by=["position", "pk"])
    products = products_on_sale(region=region, on=on).annotate(place_in_category=place)
    return products.order_by("place_in_category", "category__position", "pk")


# -- kept in memory ----------------------------------------------------------------------------------------------------


def categories() -> list[Category]:
    """The shop's categories in order, read now. Pages take `category_shelf()`."""
    return list(Category.objects.filter(is_active=True))


def category_shelf() -> list[Category]:
    """The categories of this edition, kept in memory: they stand on every page and hardly ever change."""
    name = f"catalog.categories.{edition()}"
    kept: list[Category] | None = caches["local"].get(name)
    if kept is None:
        kept = categories()
        caches["local"].set(name, kept, FRESH_FOR)
    return kept


def shelf_counts(*, region: Region, on: date) -> Mapping[tuple[str, str], int]:
    """How many products there are by (category, dietary fact), "" standing for all. Kept in memory.

    One pass over the whole shelf, so nothing narrower than a category is counted.
    """
    name = f"catalog.counts.{edition()}.{region.pk}.{on}"
    kept: dict[tuple[str, str], int] | None = caches["local"].get(name)
    if kept is None:
        rows = products_on_sale(region=region, on=on).order_by().values_list("category__slug", "dietary_facts")
        kept = dict(
            Counter((slug, fact) for own, facts in rows for slug in ("", own) for fact in ("", *dict.fromkeys(facts)))
        )
        caches["local"].set(name, kept, FRESH_FOR)
    return kept
