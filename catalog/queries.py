"""What is on sale and at what price: shared by pages, API, cart and orders."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db.models import Exists, OuterRef, Prefetch, Q

from catalog.models import Category, PriceListEntry, Product, ProductQuerySet, Variant
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money

FRESH_FOR = 30
"""Seconds."""

_SHELF = "catalog.categories"


@dataclass(frozen=True, slots=True)
class Price:
    """What one piece costs in a region on a delivery day."""

    price: Money
    mrp: Money | None
    deposit: Money


def price_of(variant: Variant, region: Region) -> Price | None:
    """The price of a variant that was read `with_list_price` of that region; None where it is not sold.

    A price list entry decides; without one the variant's own price holds in the home region, and nowhere else.
    """
    entry: dict[str, Any] | None = getattr(variant, "list_price")  # noqa: B009 - an annotation, unknown to the type
    if entry is not None:
        return Price(
            price=Money(entry["price"], region.currency),
            mrp=Money(entry["mrp"], region.currency) if entry["mrp"] is not None else None,
            deposit=Money(entry["deposit"], region.currency),
        )
    if region.code != settings.HOME_REGION:
        return None
    return Price(price=variant.price, mrp=variant.mrp, deposit=variant.deposit)


@dataclass(frozen=True, slots=True)
class Sellable:
    variant: Variant
    price: Price


def sellable(variant_ids: Collection[int], *, region: Region, on: date) -> Mapping[int, Sellable]:
    """Those of the variants that can be bought in the region for a delivery on that day. One query."""
    variants = (
        Variant.objects.on_sale()
        .with_list_price(region_id=region.id, on=on)
        .filter(pk__in=variant_ids)
        .select_related("product__category")
    )
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return {variant.pk: Sellable(variant, price) for variant, price in priced if price is not None}


def products_on_sale(
    *, region: Region, on: date, category: str | None = None, search: str | None = None
) -> ProductQuerySet:
    """Products that have a pack for sale in the region on that day, in the shop's order, with packs and prices.

    Two queries, whatever the number.
    """
    packs = Variant.objects.filter(is_active=True)
    listed = PriceListEntry.objects.in_force(region_id=region.id, on=on)
    sold = packs.filter(product=OuterRef("pk"))
    if region.code != settings.HOME_REGION:
        sold = sold.filter(Exists(listed.filter(variant=OuterRef("pk"))))
    priced = packs.with_list_price(region_id=region.id, on=on)
    products = Product.objects.on_sale().filter(Exists(sold)).select_related("category")
    products = products.prefetch_related(Prefetch("variants", priced))
    if category:
        products = products.filter(category__slug=category)
    if search:
        products = products.filter(
            Q(name__icontains=search) | Q(name_hi__icontains=search) | Q(category__name__icontains=search)
        )
    return products


def packs_of(slug: str, *, region: Region, on: date) -> list[Sellable]:
    """The packs of one product that can be bought in the region, in the shop's order. One query."""
    variants = (
        Variant.objects.on_sale()
        .with_list_price(region_id=region.id, on=on)
        .filter(product__slug=slug)
        .select_related("product__category")
    )
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return [Sellable(variant, price) for variant, price in priced if price is not None]


def categories() -> list[Category]:
    """The shop's categories in order, read now. Pages take `category_shelf()`."""
    return list(Category.objects.filter(is_active=True))


def category_shelf() -> list[Category]:
    """The categories, kept in memory and at most `FRESH_FOR` old: they stand on every page and hardly ever change."""
    kept: list[Category] | None = caches["local"].get(_SHELF)
    if kept is None:
        kept = categories()
        caches["local"].set(_SHELF, kept, FRESH_FOR)
    return kept


def forget_category_shelf() -> None:
    """Read the categories anew at the next look."""
    caches["local"].delete(_SHELF)
