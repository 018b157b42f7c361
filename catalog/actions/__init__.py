"""Writes of the catalogue."""

from catalog.actions.images import add_images, arrange_images, forget_picture, remove_image
from catalog.actions.prices import save_price, set_price
from catalog.actions.products import (
    activate_product,
    deactivate_product,
    save_category,
    save_product,
    save_variant,
)

__all__ = [
    "activate_product",
    "add_images",
    "arrange_images",
    "deactivate_product",
    "forget_picture",
    "remove_image",
    "save_category",
    "save_price",
    "save_product",
    "save_variant",
    "set_price",
]
