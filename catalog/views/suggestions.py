"""What may be meant, while somebody types."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.queries import MOST_SUGGESTIONS, Sort, category_shelf, in_order, products_on_sale, suggestions_for
from catalog.views.cards import drawing_of
from inventory.queries import may_come_at
from milkdelivery.shopping import shopping_of

SHORTEST = 2
"""Letters before anything is suggested."""
MOST_CATEGORIES = 2


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Categories and products that begin like what is being typed: the list under the search box. One query."""
    typed = " ".join(request.GET.get("q", "").split())
    search = suggestions_for(typed)
    found: list[dict[str, str]] = []
    if len(search.typed) >= SHORTEST and search.ranks != ((), (), ()):
        shopping = shopping_of(request)
        shop = reverse("catalog:list")
        found += [
            {"name": category.local_name, "picture": drawing_of(category.illustration), "is_category": "1",
             "href": f"{shop}?{urlencode({'category': category.slug})}"}
            for category in category_shelf()
            if category.slug in search.categories
        ][:MOST_CATEGORIES]  # fmt: skip
        region, day = shopping.region, shopping.day
        products = products_on_sale(region=region, on=day, search=search).prefetch_related(None)
        can_come = may_come_at(shopping.code, region_id=region.pk, on=day)
        ranked, fields = in_order(products, Sort.MATCH, region=region, on=day, search=search, can_come=can_come)
        found += [
            {
                "name": product.local_name,
                "note": product.category.local_name,
                "picture": drawing_of(product.category.illustration),
                "href": reverse("catalog:product", args=[product.slug]),
            }
            for product in ranked.order_by(*fields)[:MOST_SUGGESTIONS]
        ]
    context = {"found": found, "meant": search.understood if search.is_corrected and found else ""}
    return render(request, "catalog/suggestions.html", context)
