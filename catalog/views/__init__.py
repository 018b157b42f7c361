"""Pages of the shelf and of what stands on it."""

from catalog.views.cards import cards_of
from catalog.views.product import product
from catalog.views.shelf import product_list
from catalog.views.suggestions import suggestions

__all__ = ["cards_of", "product", "product_list", "suggestions"]
