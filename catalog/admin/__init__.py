"""The catalogue in the back office: products with packs and pictures, the price list, promotions."""

from catalog.admin.categories import CategoryAdmin
from catalog.admin.packs import VariantAdmin
from catalog.admin.prices import PriceListEntryAdmin
from catalog.admin.products import ProductAdmin
from catalog.admin.promotions import PromoCodeAdmin, PromoRedemptionAdmin, PromotionAdmin
from catalog.admin.search import SearchWordAdmin

__all__ = [
    "CategoryAdmin",
    "PriceListEntryAdmin",
    "ProductAdmin",
    "PromoCodeAdmin",
    "PromoRedemptionAdmin",
    "PromotionAdmin",
    "SearchWordAdmin",
    "VariantAdmin",
]
