"""The shelf: all of the catalogue, one category, or what a search finds, narrowed and sorted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from babel.numbers import get_currency_symbol
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.forms import OF_THE_API, ShelfForm
from catalog.models import Category, DietaryFact, Product, ProductQuerySet
from catalog.queries import Search, category_shelf, in_order, products_on_sale, search_for, shelf_counts
from catalog.rules.names import LONGEST_SLUG
from catalog.rules.words import LONGEST_SEARCH
from catalog.views.cards import cards_of
from inventory.queries import may_come_at, products_left_at
from milkdelivery.core.money import Money
from milkdelivery.dairies import dairies_at
from milkdelivery.guest_pages import kept_for_guests
from milkdelivery.paging import Page, page_number, page_of
from milkdelivery.shopping import Shopping, shopping_of
from vendors.queries import products_offered_by

PER_PAGE = 20
PART = "shelf"
"""The element that htmx asks for when only the filters change."""
FILTERS = ("price_min", "price_max", "diet", "vendor", "available")
KNOWN = ("category", *FILTERS, OF_THE_API, "sort", "page")
UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that changes one thing about the shelf."""

    label: str
    href: str
    is_current: bool = False
    count: int | None = None


class ShelfView:
    """One look at the shelf: what was asked, what was found, and the ways on from here."""

    def __init__(self, request: HttpRequest) -> None:
        self.shopping: Shopping = shopping_of(request)
        sent = " ".join(request.GET.get("q", "").split())
        self.typed, self.is_cut = sent[:LONGEST_SEARCH].strip(), len(sent) > LONGEST_SEARCH
        self.longest = LONGEST_SEARCH
        self.slug = request.GET.get("category", "")[:LONGEST_SLUG]
        self.number = page_number(request.GET.get("page"))
        self.form = ShelfForm(
            request.GET,
            currency=self.shopping.region.currency,
            vendors=self.dairies,
            is_search=bool(self.typed),
            has_pincode=self.shopping.pincode is not None,
        )

    # -- what was asked --------------------------------------------------------------------------------------------

    @cached_property
    def dairies(self) -> dict[int, str]:
        return dict(dairies_at(self.shopping.code))

    @cached_property
    def categories(self) -> list[Category]:
        return category_shelf()

    @cached_property
    def category(self) -> Category | None:
        return next((entry for entry in self.categories if entry.slug == self.slug), None)

    @property
    def is_unknown(self) -> bool:
        """There is no category of that name."""
        return bool(self.slug) and self.category is None

    @cached_property
    def is_valid(self) -> bool:
        return not self.is_unknown and self.form.is_valid()

    @property
    def problems(self) -> str:
        """What can't be right about the filters, in words."""
        return " ".join(str(error) for errors in self.form.errors.values() for error in errors)

    @cached_property
    def search(self) -> Search | None:
        return search_for(self.typed) if self.typed and self.is_valid else None

    @property
    def status(self) -> int:
        return 404 if self.is_unknown else 200 if self.is_valid else UNPROCESSABLE

    # -- what was found --------------------------------------------------------------------------------------------

    @cached_property
    def page(self) -> Page[Product] | None:
        return page_of(self._products(), number=self.number, size=PER_PAGE) if self.is_valid else None

    @cached_property
    def cards(self) -> list[object]:
        return list(cards_of(self.page.rows, self.shopping)) if self.page else []

    def _products(self) -> ProductQuerySet:
        region, day, form = self.shopping.region, self.shopping.day, self.form
        products = products_on_sale(
            region=region,
            on=day,
            category=self.slug or None,
            search=self.search,
            prices=form.prices,
            facts=form.facts,
        )
        if form.vendor_id:
            products = products.filter(pk__in=products_offered_by(form.vendor_id))
        if form.cleaned_data["available"]:
            products = products.filter(pk__in=products_left_at(self.shopping.code, region_id=region.pk, on=day))
        can_come = may_come_at(self.shopping.code, region_id=region.pk, on=day)
        found, fields = in_order(products, form.order, region=region, on=day, search=self.search, can_come=can_come)
        return found.order_by(*fields)

    # -- the ways on -----------------------------------------------------------------------------------------------

    @cached_property
    def asked(self) -> list[tuple[str, str]]:
        """What the address says, without the page and what is empty."""
        data = self.form.data
        values: Iterable[tuple[str, list[str]]] = (
            ("q", [self.typed]),
            ("category", [self.slug]),
            *((name, data.getlist(name) if hasattr(data, "getlist") else []) for name in (*FILTERS, "sort")),
        )
        return [(name, value) for name, found in values for value in found if value]

    @property
    def query(self) -> str:
        return urlencode(self.asked)

    def address(self, *without: str, value: str | None = None, **more: str) -> str:
        """This shelf without some of what was asked (of a name with several values, one `value`), and with more."""
        dropped = {*without, *more}
        kept = [
            (name, own)
            for name, own in self.asked
            if name not in dropped or (value is not None and name in without and own != value)
        ]
        query = urlencode([*kept, *((name, own) for name, own in more.items() if own)])
        return f"{reverse('catalog:list')}{'?' + query if query else ''}"

    @property
    def here(self) -> str:
        """This shelf from its first page."""
        return self.address()

    @property
    def clear_href(self) -> str:
        return self.address(*FILTERS, "sort")

    @cached_property
    def is_narrowed(self) -> bool:
        return any(name in FILTERS for name, _value in self.asked)

    @cached_property
    def sections(self) -> list[Choice]:
        """All, and each category; with their sizes where nothing else narrows the shelf."""
        is_plain = not self.is_narrowed and not self.typed
        counts = shelf_counts(region=self.shopping.region, on=self.shopping.day) if is_plain else {}
        everything = Choice(_("All"), self.address("category"), not self.slug)
        return [
            everything,
            *(
                Choice(
                    entry.local_name,
                    self.address(category=entry.slug),
                    entry == self.category,
                    counts.get((entry.slug, ""), 0) if counts else None,
                )
                for entry in self.categories
            ),
        ]

    @property
    def sorts(self) -> list[tuple[str, object]]:
        return self.form.sorts

    @property
    def sort(self) -> str:
        return self.form.typed("sort") or self.form.sorts[0][0]

    @property
    def amounts(self) -> list[dict[str, object]]:
        """The two ends of the price: name, label, what was typed, what is wrong with it."""
        return [
            {
                "name": name,
                "label": self.form.fields[name].label,
                "typed": self.form.typed(name),
                "error": next(iter(self.form.errors.get(name, [])), ""),
            }
            for name in ("price_min", "price_max")
        ]

    @property
    def currency_sign(self) -> str:
        return get_currency_symbol(self.form.currency, locale=get_language() or "en")

    @property
    def vendor(self) -> str:
        return self.form.typed("vendor")

    @property
    def vendor_choices(self) -> list[tuple[str, object]]:
        return [("", _("Any")), *((str(key), name) for key, name in self.dairies.items())]

    @property
    def is_available(self) -> bool:
        return bool(self.form.typed("available"))

    @cached_property
    def facts(self) -> list[tuple[str, str, bool, int | None]]:
        """Dietary facts to choose from: value, label, chosen, and how many there are where that is known."""
        chosen = {value for name, value in self.asked if name == "diet"}
        is_plain = not self.is_narrowed and not self.typed
        counts = shelf_counts(region=self.shopping.region, on=self.shopping.day) if is_plain else {}
        return [
            (value, str(label), value in chosen, counts.get((self.slug, value), 0) if counts else None)
            for value, label in DietaryFact.choices
        ]

    @cached_property
    def active(self) -> list[Choice]:
        """What narrows the shelf, each with the address without it."""
        return [
            Choice(self._words_of(name, value), self.address(name, value=value))
            for name, value in self.asked
            if name in FILTERS
        ]

    def _words_of(self, name: str, value: str) -> str:
        cleaned = getattr(self.form, "cleaned_data", {})
        if name in ("price_min", "price_max"):
            amount = cleaned.get(name)
            told = Money.from_decimal(amount, self.form.currency).format() if amount is not None else value[:12]
            return (_("From %(amount)s") if name == "price_min" else _("Up to %(amount)s")) % {"amount": told}
        if name == "diet":
            return str(dict(DietaryFact.choices).get(value, value[:12]))
        if name == "vendor":
            return self.dairies.get(int(value), value[:12]) if value.isdecimal() and len(value) < 19 else value[:12]
        return _("Can come next")


@require_safe
@kept_for_guests(known=KNOWN, own=("q",), parts=(PART,), households=True)
def product_list(request: HttpRequest) -> HttpResponse:
    """The catalogue. Answers the page, or the part of it that htmx asked for."""
    view = ShelfView(request)
    htmx = request.htmx  # type: ignore[attr-defined]
    is_part = htmx and htmx.target == PART and not htmx.history_restore_request
    context = {"view": view, "shopping": view.shopping, "form": view.form, "search_query": view.typed}
    return render(request, "catalog/answer.html" if is_part else "catalog/list.html", context, status=view.status)
