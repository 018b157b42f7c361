"""What to offer beside a product: reads for pages and the API. Packs and prices come with each, as on the shelf."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from catalog.models import Alternative, Product, Variant
from catalog.queries import Sellable, mixed_products, packs_for, products_on_sale
from catalog.rules.alternatives import unlikeness
from milkdelivery.core.models import Region

CANDIDATES = 40
"""Products of the category that are looked at for likeness."""

BOUGHT_TOGETHER = "BOUGHT_TOGETHER"
MIXED = "MIXED"


@dataclass(frozen=True, slots=True)
class Recommended:
    """Products to show, and honestly why: what others bought with it, or just a mix of the shelf."""

    basis: str
    products: Sequence[Product]


def alternatives_of(product: Product, *, region: Region, on: date, most: int = 8) -> list[Product]:
    """What can be bought in the region instead of a product, the best first; the product may be off sale itself.

    Staff's choice, then what was computed, then its category by likeness of size. Whether it is in stock is for the
    caller to look at: ask for more than are shown. Four queries.
    """
    stored = list(Alternative.objects.of(Alternative.Kind.INSTEAD, [product.pk]).values_list("other_id", flat=True))
    of_category = Product.objects.on_sale().filter(category_id=product.category_id)
    near = of_category.exclude(pk=product.pk).order_by("position", "pk").values("pk")[:CANDIDATES]
    found = products_on_sale(region=region, on=on)
    candidates = {each.pk: each for each in found.filter(Q(pk__in=stored) | Q(pk__in=near))}
    chosen = [candidates.pop(pk) for pk in dict.fromkeys(stored) if pk in candidates]
    own = sizes_of(product)
    like = sorted(
        candidates.values(), key=lambda other: (unlikeness(own, _sizes(other.packs)), other.position, other.pk)
    )
    return [*chosen, *like][:most]


def stand_ins(variant_ids: Collection[int], *, region: Region, on: date, most: int = 4) -> Mapping[int, list[Sellable]]:
    """Packs that may come in place of these, by variant, the best first: stored alternatives in the same pack size, or
    the next larger one. Whether they cost no more is for the caller to look at. Three queries.

    Only what staff chose or orders showed: nobody gets something on a guess.
    """
    wanted = list(Variant.objects.filter(pk__in=variant_ids))
    stored = Alternative.objects.of(Alternative.Kind.INSTEAD, list({pack.product_id for pack in wanted}))
    others: dict[int, list[int]] = defaultdict(list)
    for product_id, other_id in stored.values_list("product_id", "other_id"):
        others[product_id].append(other_id)
    packs: dict[int, list[Sellable]] = defaultdict(list)
    if others:
        for sold in packs_for({pk for found in others.values() for pk in found}, region=region, on=on):
            packs[sold.variant.product_id].append(sold)
    return {
        pack.pk: [fit for pk in dict.fromkeys(others[pack.product_id]) for fit in _fitting(pack, packs[pk])][:most]
        for pack in wanted
    }


def _fitting(pack: Variant, others: Sequence[Sellable]) -> Sequence[Sellable]:
    """At least as much of the same unit, the nearest size first."""
    fits = [other for other in others if other.variant.unit == pack.unit and other.variant.size >= pack.size]
    return sorted(fits, key=lambda other: (other.variant.size, other.variant.pk))


def recommended(product_ids: Sequence[int], *, region: Region, on: date, most: int = 12) -> Recommended:
    """What goes with these products (a cart's, say); where nothing is known of that, a mix of the shelf. Three queries.

    Of what is stored for several of them, what stands first for one goes before what stands second.
    """
    stored = Alternative.objects.of(Alternative.Kind.TOGETHER, list(product_ids))
    ids = [pk for pk in dict.fromkeys(stored.values_list("other_id", flat=True)) if pk not in set(product_ids)]
    if ids:
        found = {each.pk: each for each in products_on_sale(region=region, on=on).filter(pk__in=ids)}
        products = [found[pk] for pk in ids if pk in found]
        if products:
            return Recommended(BOUGHT_TOGETHER, products[:most])
    mixed = mixed_products(region=region, on=on).exclude(pk__in=product_ids)
    return Recommended(MIXED, list(mixed[:most]))


def bought_with(packs: Sequence[Sellable], *, region: Region, on: date) -> list[Product]:
    """What is bought together with the product of these `packs_of`, the best first. No query where nothing is known,
    else two."""
    ids: list[int] = list(dict.fromkeys(getattr(packs[0].variant, "companions", ())))
    if not ids:
        return []
    found = {each.pk: each for each in products_on_sale(region=region, on=on).filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def sizes_of(product: Product) -> list[tuple[str, int]]:
    """Unit and size of each active pack of a product, on sale or not."""
    return _sizes(pack for pack in product.variants.all() if pack.is_active)


def _sizes(packs: Iterable[Variant]) -> list[tuple[str, int]]:
    return [(pack.unit, pack.size) for pack in packs]
