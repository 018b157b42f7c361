"""What is sold."""

from catalog.models.images import ProductImage, ProductImageQuerySet
from catalog.models.prices import InRegionCurrency, PriceListEntry, PriceListEntryQuerySet
from catalog.models.products import (
    Category,
    DietaryFact,
    InHomeCurrency,
    Product,
    ProductQuerySet,
    Variant,
    VariantQuerySet,
)

__all__ = [
    "Category",
    "DietaryFact",
    "InHomeCurrency",
    "InRegionCurrency",
    "PriceListEntry",
    "PriceListEntryQuerySet",
    "Product",
    "ProductImage",
    "ProductImageQuerySet",
    "ProductQuerySet",
    "Variant",
    "VariantQuerySet",
]
