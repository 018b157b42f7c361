"""One product."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import DietaryFact
from catalog.queries import Sellable, packs_of
from catalog.views.cards import Pack
from inventory.queries import availability_at
from milkdelivery.guest_pages import kept_for_guests
from milkdelivery.shopping import Shopping, shopping_of
from vendors.queries import vendors_offering

LONGEST_TYPED = 12
_FACTS = dict(DietaryFact.choices)


@require_safe
@kept_for_guests(own=("pack", "pieces"))
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
    ids = [entry.variant.pk for entry in sold]
    if shopping.gaps is not None:
        shopping.gaps.differs_with(ids)
    left = availability_at(shopping.code, ids, on=shopping.day)
    return [
        Pack(entry.variant, entry.price, left[entry.variant.pk], shopping.quantities.get(entry.variant.pk, 0))
        for entry in sold
    ]
