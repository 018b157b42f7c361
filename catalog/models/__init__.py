"""What is sold."""

from catalog.models.alternatives import Alternative, AlternativeQuerySet
from catalog.models.images import ProductImage, ProductImageQuerySet
from catalog.models.prices import InRegionCurrency, PriceListEntry, PriceListEntryQuerySet
from catalog.models.products import (
    Category,
    CategoryQuerySet,
    DietaryFact,
    InHomeCurrency,
    Product,
    ProductQuerySet,
    Variant,
    VariantQuerySet,
)
from catalog.models.promotions import (
    PromoCode,
    PromoCodeQuerySet,
    PromoRedemption,
    PromoRedemptionQuerySet,
    Promotion,
    PromotionQuerySet,
)
from catalog.models.search import SearchWord
from catalog.models.taxes import UntaxedPack

__all__ = [
    "Alternative",
    "AlternativeQuerySet",
    "Category",
    "CategoryQuerySet",
    "DietaryFact",
    "InHomeCurrency",
    "InRegionCurrency",
    "PriceListEntry",
    "PriceListEntryQuerySet",
    "Product",
    "ProductImage",
    "ProductImageQuerySet",
    "ProductQuerySet",
    "PromoCode",
    "PromoCodeQuerySet",
    "PromoRedemption",
    "PromoRedemptionQuerySet",
    "Promotion",
    "PromotionQuerySet",
    "SearchWord",
    "UntaxedPack",
    "Variant",
    "VariantQuerySet",
]
