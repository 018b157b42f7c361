"""Products as cards on the shelf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.models import Category, Product, Variant
from catalog.queries import Price, price_of
from catalog.rules.alternatives import unlikeness
from catalog.rules.pictures import Picture
from inventory.queries import Availability, availability_at
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.rules import MAX_QUANTITY
from milkdelivery.gaps import Gaps
from milkdelivery.shopping import Shopping


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack on the shelf: what it costs here, how much is left, how many are in the cart."""

    variant: Variant
    price: Price
    availability: Availability
    quantity: int

    @property
    def mrp(self) -> Money | None:
        """The maximum retail price where we ask less."""
        mrp = self.price.mrp
        return mrp if mrp is not None and mrp > self.price.price else None

    @property
    def is_out(self) -> bool:
        return self.availability.state == "OUT"

    @property
    def most(self) -> int:
        """Pieces that the cart may hold."""
        return max(self.quantity, min(self.availability.quantity, MAX_QUANTITY))

    @property
    def left(self) -> int | None:
        """How many are left, told only when few are."""
        return self.availability.quantity if self.availability.state == "LOW" else None


@dataclass(frozen=True, slots=True)
class Card:
    """What `components/product_card.html` shows: words and numbers that need no more work.

    `opening` and `closing` stand around a card of a kept page, where a guest's own card may take its place.
    """

    name: str
    href: str
    picture: str
    unit: str
    price: Money
    photo: Picture | None = None
    mrp: Money | None = None
    deposit: Money | None = None
    state: str = "IN_STOCK"
    left: int | None = None
    variant_id: int = 0
    quantity: int = 0
    most: int = MAX_QUANTITY
    vendor: str = ""
    badge: str = ""
    badge_kind: str = "accent"
    subscribe_href: str = ""
    opening: str = ""
    closing: str = ""

    @property
    def is_out(self) -> bool:
        return self.state == "OUT"


Sizes = Sequence[tuple[str, int]]


def cards_of(products: Sequence[Product], shopping: Shopping, *, like: Sizes = ()) -> list[Card]:
    """The products with price, availability and the cart's quantities. Two queries, whatever the number.

    With `like`, each shows its pack that is nearest to one of these sizes.
    """
    priced = [(product, _sold(product, shopping.region)) for product in products]
    ids = [variant.pk for _product, packs in priced for variant, _price in packs]
    left = availability_at(shopping.code, ids, region_id=shopping.region.pk, on=shopping.day) if ids else {}
    shelf = [
        (product, [Pack(variant, price, left[variant.pk], 0) for variant, price in packs])
        for product, packs in priced
        if packs
    ]
    if shopping.gaps is None:
        return [card_of(product, packs, shopping.quantities, like) for product, packs in shelf]
    return [_open_card(product, packs, shopping.gaps, like) for product, packs in shelf]


def card_of(product: Product, packs: Sequence[Pack], quantities: Mapping[int, int], like: Sizes = ()) -> Card:
    """A product by the pack that is in the cart, or the first that can be had (with `like`, the nearest in size)."""
    mine = [replace(pack, quantity=quantities.get(pack.variant.pk, 0)) for pack in packs]
    pack = _shown(mine, like)
    size = pack.variant.local_name
    return Card(
        name=product.local_name,
        href=reverse("catalog:product", args=[product.slug]),
        picture=drawing_of(product.category.illustration),
        unit=_("%(size)s · %(sizes)d sizes") % {"size": size, "sizes": len(packs)} if len(packs) > 1 else size,
        price=pack.price.price,
        photo=product.picture,
        mrp=pack.mrp,
        deposit=pack.price.deposit or None,
        state=pack.availability.state,
        left=pack.left,
        variant_id=pack.variant.pk,
        quantity=pack.quantity,
        most=pack.most,
    )


@lru_cache(maxsize=64)
def drawing_of(illustration: str) -> str:
    """The address of the drawing of a category."""
    name = illustration if illustration in Category.Illustration else Category.Illustration.OTHER
    return static(f"img/category/{name}.svg")


def _open_card(product: Product, packs: Sequence[Pack], gaps: Gaps, like: Sizes) -> Card:
    """A card of a kept page: whoever has one of its packs in the cart gets a card of their own instead."""

    def own(quantities: Mapping[int, int], csrf_token: str) -> str:
        context = {"card": card_of(product, packs, quantities, like), "csrf_token": csrf_token}
        return get_template("components/product_card.html").render(context).strip()

    opening, closing = gaps.piece([pack.variant.pk for pack in packs], own)
    return replace(card_of(product, packs, {}, like), opening=opening, closing=closing)


def _sold(product: Product, region: Region) -> list[tuple[Variant, Price]]:
    return list(priced_packs(product.packs, region))


def priced_packs(variants: Iterable[Variant], region: Region) -> Iterable[tuple[Variant, Price]]:
    """Those of the variants, read `with_list_price`, that are sold in the region."""
    return ((variant, price) for variant in variants if (price := price_of(variant, region)) is not None)


def _shown(packs: Sequence[Pack], like: Sizes) -> Pack:
    in_cart = next((pack for pack in packs if pack.quantity), None)
    if in_cart is not None:
        return in_cart
    there = [pack for pack in packs if not pack.is_out] or packs[:1]
    return min(there, key=lambda pack: unlikeness(like, [(pack.variant.unit, pack.variant.size)])) if like else there[0]
