"""The shelf and what stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Category, DietaryFact, Product, Variant
from catalog.queries import Price, Sellable, category_shelf, packs_of, price_of, products_on_sale
from inventory.queries import Availability, availability_at
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.rules import MAX_QUANTITY
from milkdelivery.paging import page_number, page_of
from milkdelivery.shopping import Shopping, shopping_of
from vendors.queries import vendors_offering

PER_PAGE = 20
LONGEST_SEARCH = 80
LONGEST_SLUG = 140
LONGEST_TYPED = 12
_FACTS = dict(DietaryFact.choices)


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
    """A product as the shelf shows it: by the pack that is in the cart, or the first that can be had."""

    product: Product
    pack: Pack
    sizes: int


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    """The catalogue: all of it, one category, or what a search finds."""
    shopping = shopping_of(request)
    search = " ".join(request.GET.get("q", "")[: LONGEST_SEARCH * 4].split())[:LONGEST_SEARCH]
    slug = request.GET.get("category", "")[:LONGEST_SLUG]
    shelf = category_shelf()
    category = next((entry for entry in shelf if entry.slug == slug), None)
    if slug and category is None:
        return _page(request, shelf, search=search, is_unknown=True)
    found = products_on_sale(region=shopping.region, on=shopping.day, category=slug or None, search=search or None)
    page = page_of(found, number=page_number(request.GET.get("page")), size=PER_PAGE)
    query = urlencode({key: value for key, value in (("category", slug), ("q", search)) if value})
    return _page(
        request, shelf, category=category, search=search, page=page, query=query, cards=cards_of(page.rows, shopping)
    )


def _page(request: HttpRequest, shelf: list[Category], *, is_unknown: bool = False, **context: object) -> HttpResponse:
    context |= {"categories": shelf, "shopping": shopping_of(request), "is_unknown": is_unknown}
    return render(request, "catalog/list.html", context, status=404 if is_unknown else 200)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product, its packs, and when it can come. `?pack=` and `?pieces=` hold what was typed and refused."""
    shopping = shopping_of(request)
    sold = packs_of(slug, region=shopping.region, on=shopping.day)
    if not sold:
        raise Http404("no such product")
    packs = _packs(sold, shopping)
    context = product_context(packs, shopping, wanted=request.GET.get("pack", ""))
    return render(request, "catalog/product.html", {**context, "pieces": request.GET.get("pieces", "")[:LONGEST_TYPED]})


def product_context(packs: Sequence[Pack], shopping: Shopping, *, wanted: str = "") -> dict[str, object]:
    on_sale = [pack for pack in packs if not pack.is_out] or packs[:1]
    chosen = next((pack for pack in on_sale if str(pack.variant.pk) == wanted), on_sale[0])
    return {
        "product": packs[0].variant.product,
        "facts": [_FACTS[fact] for fact in packs[0].variant.product.dietary_facts if fact in _FACTS],
        "packs": packs,
        "chosen": chosen,
        "is_out": all(pack.is_out for pack in packs),
        "in_cart": sum(pack.quantity for pack in packs),
        "vendors": vendors_offering([pack.variant.pk for pack in packs], pincode=shopping.code),
        "shopping": shopping,
    }


def _packs(sold: Sequence[Sellable], shopping: Shopping) -> list[Pack]:
    left = availability_at(shopping.code, [entry.variant.pk for entry in sold], on=shopping.day)
    return [_pack(entry.variant, entry.price, left, shopping) for entry in sold]


def cards_of(products: Sequence[Product], shopping: Shopping) -> list[Card]:
    """The products with price, availability and the cart's quantities. Two queries, whatever the number."""
    priced = [(product, _sold(product, shopping.region)) for product in products]
    ids = [variant.pk for _product, packs in priced for variant, _price in packs]
    left = availability_at(shopping.code, ids, on=shopping.day)
    return [
        Card(product, _shown([_pack(variant, price, left, shopping) for variant, price in packs]), len(packs))
        for product, packs in priced
        if packs
    ]


def _sold(product: Product, region: Region) -> list[tuple[Variant, Price]]:
    priced = ((variant, price_of(variant, region)) for variant in product.variants.all())
    return [(variant, price) for variant, price in priced if price is not None]


def _pack(variant: Variant, price: Price, left: Mapping[int, Availability], shopping: Shopping) -> Pack:
    return Pack(variant, price, left[variant.pk], shopping.quantities.get(variant.pk, 0))


def _shown(packs: Sequence[Pack]) -> Pack:
    in_cart = next((pack for pack in packs if pack.quantity), None)
    return in_cart or next((pack for pack in packs if not pack.is_out), packs[0])
