"""Writes of categories, products and packs."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, QuerySet

from catalog.events import CategoryUpdated, ProductCreated, ProductDeactivated, ProductUpdated
from catalog.models import Category, Product, Variant
from catalog.rules.prices import ensure_priced
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.taken import unless_taken

TAKEN = {
    "catalog_variant_sku_key": "sku",
    "variant_sku_in_any_case": "sku",
    "variant_once_per_product": "name",
    "catalog_product_slug_key": "slug",
    "catalog_category_slug_key": "slug",
    "catalog_category_name_key": "name",
    "category_name_in_any_case": "name",
    "category_slug_in_any_case": "slug",
}
"""What two people can't both give, by the names that the database gives the constraints."""

LAST_POSITION = 32_767
"""As far as the column counts."""


def save_category(category: Category, *, by: Actor) -> Category:
    """Create or change a category; an inactive one hides its products. A new one without a position stands last.

    Raises TakenMeanwhile. Emits CategoryUpdated.
    """
    with unless_taken(TAKEN), transaction.atomic():
        if category.pk is None:
            category.position = category.position or _behind(Category.objects.all())
        category.save()
        emit(CategoryUpdated(category.pk), actor=by)
    return category


def save_product(product: Product, *, by: Actor, packs: Sequence[Variant] = ()) -> Product:
    """Create or change a product, and those of its packs. A new one without a position stands behind the others.

    Raises TakenMeanwhile, and PriceMissing for a pack. Emits ProductCreated or ProductUpdated.
    """
    ensure_priced(*(pack.price for pack in packs))
    with unless_taken(TAKEN), transaction.atomic():
        is_new = product.pk is None
        if is_new:
            product.created_by_id = by.user_id
            product.position = product.position or _behind(Product.objects.filter(category=product.category_id))
        product.updated_by_id = by.user_id
        product.save()
        for pack in packs:
            pack.product = product
            _save_pack(pack)
        emit(ProductCreated(product.pk) if is_new else ProductUpdated(product.pk), actor=by)
    return product


def save_variant(variant: Variant, *, by: Actor) -> Variant:
    """Create or change a pack of a product. Raises TakenMeanwhile and PriceMissing. Emits ProductUpdated."""
    ensure_priced(variant.price)
    with unless_taken(TAKEN), transaction.atomic():
        _save_pack(variant)
        emit(ProductUpdated(variant.product_id), actor=by)
    return variant


def save_packs(product_id: int, *, packs: Sequence[Variant], by: Actor) -> None:
    """Create or change packs of a product. Raises TakenMeanwhile and PriceMissing. Emits ProductUpdated."""
    ensure_priced(*(pack.price for pack in packs))
    with unless_taken(TAKEN), transaction.atomic():
        product = Product.objects.locked(product_id)
        for pack in packs:
            pack.product = product
            _save_pack(pack)
        emit(ProductUpdated(product.pk), actor=by)


def _save_pack(pack: Variant) -> None:
    """A new one without a position stands behind the others: the first is what the shelf shows."""
    if pack.pk is None:
        pack.position = pack.position or _behind(Variant.objects.filter(product=pack.product_id))
    pack.save()


def _behind(others: QuerySet[Category] | QuerySet[Product] | QuerySet[Variant]) -> int:
    """The position behind all of these. Two that are made at one moment may share it; the older one stands first."""
    last = others.aggregate(last=Max("position"))["last"] or 0
    return min(int(last) + 1, LAST_POSITION)


def switch_variant(variant_id: int, *, on: bool, by: Actor) -> Variant:
    """Put a pack on sale or take it off: carts drop it with a message, orders keep it. Safe to repeat.

    Emits ProductUpdated.
    """
    with transaction.atomic():
        variant = Variant.objects.locked(variant_id)
        if variant.is_active == on:
            return variant
        variant.is_active = on
        variant.save(update_fields=["is_active"])
        emit(ProductUpdated(variant.product_id), actor=by)
    return variant


def switch_category(category_id: int, *, on: bool, by: Actor) -> Category:
    """Show a category with its products, or hide them: orders keep them. Safe to repeat. Emits CategoryUpdated."""
    with transaction.atomic():
        category = Category.objects.locked(category_id)
        if category.is_active == on:
            return category
        category.is_active = on
        category.save(update_fields=["is_active"])
        emit(CategoryUpdated(category.pk), actor=by)
    return category


def deactivate_product(product_id: int, *, by: Actor) -> Product:
    """Take a product off sale. Carts drop it with a message, orders keep it. Safe to repeat."""
    with transaction.atomic():
        product = Product.objects.locked(product_id)
        if not product.is_active:
            return product
        product.is_active = False
        product.updated_by_id = by.user_id
        product.save(update_fields=["is_active", "updated_by", "updated_at"])
        emit(ProductDeactivated(product.pk), actor=by)
    return product


def activate_product(product_id: int, *, by: Actor) -> Product:
    """Put a product on sale again. Safe to repeat. Emits ProductUpdated."""
    with transaction.atomic():
        product = Product.objects.locked(product_id)
        if product.is_active:
            return product
        product.is_active = True
        product.updated_by_id = by.user_id
        product.save(update_fields=["is_active", "updated_by", "updated_at"])
        emit(ProductUpdated(product.pk), actor=by)
    return product
