"""What a pack costs, and which packs can be bought."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from catalog.models import Alternative, Variant, VariantQuerySet
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money


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


def price_on(variant_id: int, *, region: Region, on: date) -> Price | None:
    """The price of a variant in the region on a day, whether it is on sale or not. One query."""
    return price_of(Variant.objects.with_list_price(region_id=region.id, on=on).get(pk=variant_id), region)


@dataclass(frozen=True, slots=True)
class Sellable:
    variant: Variant
    price: Price


@lru_cache(maxsize=64)
def _on_sale(region_id: int, on: date) -> VariantQuerySet:
    """What can be bought in a market on a day, with its price. Put together once, which takes as long as to run it; it
    is not run itself but narrowed."""
    variants = Variant.objects.on_sale().taxed(region_id=region_id, on=on)
    return variants.with_list_price(region_id=region_id, on=on).select_related("product__category")


def sellable(variant_ids: Collection[int], *, region: Region, on: date) -> Mapping[int, Sellable]:
    """Those of the variants that can be bought in the region for a delivery on that day. One query."""
    variants = _on_sale(region.id, on).filter(pk__in=variant_ids)
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return {variant.pk: Sellable(variant, price) for variant, price in priced if price is not None}


def packs_for(product_ids: Collection[int], *, region: Region, on: date) -> list[Sellable]:
    """All packs of these products that can be bought in the region, in the shop's order. One query."""
    variants = _on_sale(region.id, on).filter(product_id__in=product_ids)
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return [Sellable(variant, price) for variant, price in priced if price is not None]


def packs_of(slug: str, *, region: Region, on: date) -> list[Sellable]:
    """The packs of one product that can be bought in the region, in the shop's order. One query.

    Each is annotated with `companions`: ids of the products that are bought together with it, the best first.
    """
    together = Alternative.objects.filter(product_id=OuterRef("product_id")).best_first(Alternative.Kind.TOGETHER)
    variants = (
        _on_sale(region.id, on)
        .filter(product__slug=slug)
        .with_picture()
        .annotate(companions=ArraySubquery(together.values("other_id")))
    )
    priced = ((variant, price_of(variant, region)) for variant in variants)
    return [Sellable(variant, price) for variant, price in priced if price is not None]
