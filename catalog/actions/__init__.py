"""Writes of the catalogue."""

from catalog.actions.alternatives import store_alternatives
from catalog.actions.images import add_images, arrange_images, forget_picture, lost_pictures, remove_image
from catalog.actions.prices import remove_price, save_price, set_price
from catalog.actions.products import (
    activate_product,
    deactivate_product,
    save_category,
    save_packs,
    save_product,
    save_variant,
    switch_category,
    switch_variant,
)
from catalog.actions.promotions import (
    Purchase,
    generate_codes,
    give_redemption_back,
    hand_redemptions_over,
    redeem_promotion,
    save_code,
    save_promotion,
    switch_promotion,
)
from catalog.actions.search import save_search_word
from catalog.actions.taxes import tell_untaxed

__all__ = [
    "Purchase",
    "activate_product",
    "add_images",
    "arrange_images",
    "deactivate_product",
    "forget_picture",
    "generate_codes",
    "give_redemption_back",
    "hand_redemptions_over",
    "lost_pictures",
    "redeem_promotion",
    "remove_image",
    "remove_price",
    "save_category",
    "save_code",
    "save_packs",
    "save_price",
    "save_product",
    "save_promotion",
    "save_search_word",
    "save_variant",
    "set_price",
    "store_alternatives",
    "switch_category",
    "switch_promotion",
    "switch_variant",
    "tell_untaxed",
]
