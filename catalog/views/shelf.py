"""The shelf: all of the catalogue, one category, or what a search finds."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Category
from catalog.queries import category_shelf, products_on_sale
from catalog.views.cards import cards_of
from milkdelivery.guest_pages import kept_for_guests
from milkdelivery.paging import page_number, page_of
from milkdelivery.shopping import shopping_of

PER_PAGE = 20
LONGEST_SEARCH = 80
LONGEST_SLUG = 140


@require_safe
@kept_for_guests(known=("category", "page"), own=("q",))
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
