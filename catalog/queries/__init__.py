"""What is on sale, at what price, and how it is found: shared by pages, API, cart and orders."""

from catalog.queries.prices import Price, Sellable, packs_for, packs_of, price_of, price_on, sellable
from catalog.queries.search import MOST_SUGGESTIONS, Search, forget_words, search_for, suggestions_for
from catalog.queries.shelf import (
    PriceRange,
    Sort,
    categories,
    category_shelf,
    cheapest_price,
    free_slug,
    in_order,
    known_product,
    mixed_products,
    product_record,
    products_on_sale,
    shelf_counts,
)

__all__ = [
    "MOST_SUGGESTIONS",
    "Price",
    "PriceRange",
    "Search",
    "Sellable",
    "Sort",
    "categories",
    "category_shelf",
    "cheapest_price",
    "forget_words",
    "free_slug",
    "in_order",
    "known_product",
    "mixed_products",
    "packs_for",
    "packs_of",
    "price_of",
    "price_on",
    "product_record",
    "products_on_sale",
    "search_for",
    "sellable",
    "shelf_counts",
    "suggestions_for",
]
