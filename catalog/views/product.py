"""One product."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.alternatives import alternatives_of, bought_with, sizes_of
from catalog.models import DietaryFact, Product, Variant
from catalog.queries import Sellable, known_product, mixed_products, packs_of, products_on_sale, search_for
from catalog.rules.pictures import Picture
from catalog.views.cards import Card, Pack, cards_of
from inventory.queries import availability_at
from milkdelivery.guest_pages import kept_for_guests
from milkdelivery.shopping import Shopping, shopping_of
from vendors.queries import vendors_offering

LONGEST_TYPED = 12
SHOWN = 4
LOOKED_AT = 16
"""More than are shown: some may be sold out there."""
_FACTS = dict(DietaryFact.choices)


@require_safe
@kept_for_guests(own=("pack", "pieces"), households=True)
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product, its packs, and when it can come. `?pack=` and `?pieces=` hold what was typed and refused."""
    shopping = shopping_of(request)
    sold = packs_of(slug, region=shopping.region, on=shopping.day)
    if not sold:
        return _not_here(request, slug, shopping)
    packs = _packs(sold, shopping)
    context = product_context(packs, shopping, wanted=request.GET.get("pack", ""))
    context["pieces"] = request.GET.get("pieces", "")[:LONGEST_TYPED]
    context["together"] = [] if context["is_out"] else _together_with(sold, shopping)
    return render(request, "catalog/product.html", context)


def product_context(packs: Sequence[Pack], shopping: Shopping, *, wanted: str = "") -> dict[str, object]:
    on_sale = [pack for pack in packs if not pack.is_out] or packs[:1]
    is_out = all(pack.is_out for pack in packs)
    chosen = next((pack for pack in on_sale if str(pack.variant.pk) == wanted), on_sale[0])
    return {
        "product": packs[0].variant.product,
        "facts": [_FACTS[fact] for fact in packs[0].variant.product.dietary_facts if fact in _FACTS],
        "packs": packs,
        "chosen": chosen,
        "is_out": is_out,
        "instead": _instead_of(packs[0].variant.product, shopping) if is_out else [],
        "picture": packs[0].variant.picture,
        "pictures": _gallery_of(packs[0].variant),
        "vendors": vendors_offering(
            [pack.variant.pk for pack in packs], region_id=shopping.region.pk, pincode=shopping.code
        ),
        "shopping": shopping,
    }


def _gallery_of(variant: Variant) -> list[Picture]:
    """All pictures of its product where there are several; one query where there is any."""
    if variant.picture is None:
        return []
    pictures = [image.picture for image in variant.product.images.all()]
    return pictures if len(pictures) > 1 else []


def _not_here(request: HttpRequest, slug: str, shopping: Shopping) -> HttpResponse:
    """What was sold once is gone (410); what is not sold here, or never was, is not found (404). Both lead on."""
    known = known_product(slug)
    if known is not None:
        others = _instead_of(known, shopping)
    else:
        search = search_for(slug.replace("-", " "))
        products = products_on_sale(region=shopping.region, on=shopping.day, search=search)[:LOOKED_AT]
        others = _in_stock(cards_of(list(products), shopping))
    if not others:
        mixed = mixed_products(region=shopping.region, on=shopping.day)[:LOOKED_AT]
        others = _in_stock(cards_of(list(mixed), shopping))
    is_gone = known is not None and not (known.is_active and known.category.is_active)
    context = {"product": known, "is_gone": is_gone, "others": others, "shopping": shopping}
    return render(request, "catalog/not_here.html", context, status=410 if is_gone else 404)


def _instead_of(product: Product, shopping: Shopping) -> list[Card]:
    """What can be had in its place there, each by the pack that is nearest in size: one tap puts that in the cart."""
    found = alternatives_of(product, region=shopping.region, on=shopping.day, most=LOOKED_AT)
    return _in_stock(cards_of(found, shopping, like=sizes_of(product)))


def _together_with(sold: Sequence[Sellable], shopping: Shopping) -> list[Card]:
    """What others buy with it, where that is known."""
    found = bought_with(sold, region=shopping.region, on=shopping.day)
    return _in_stock(cards_of(found, shopping)) if found else []


def _in_stock(cards: Sequence[Card]) -> list[Card]:
    return [card for card in cards if not card.is_out][:SHOWN]


def _packs(sold: Sequence[Sellable], shopping: Shopping) -> list[Pack]:
    ids = [entry.variant.pk for entry in sold]
    if shopping.gaps is not None:
        shopping.gaps.differs_with(ids)
    left = availability_at(shopping.code, ids, region_id=shopping.region.pk, on=shopping.day)
    return [
        Pack(entry.variant, entry.price, left[entry.variant.pk], shopping.quantities.get(entry.variant.pk, 0))
        for entry in sold
    ]
