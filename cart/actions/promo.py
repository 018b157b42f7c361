"""Promo codes on a cart."""

from django.db import transaction

from cart.events import CartPromoApplied, CartPromoRemoved
from cart.models import Cart
from cart.queries import goods_of, next_day, with_facts
from cart.rules import ensure_open
from catalog.models import PromoCode
from catalog.promotions import code_typed, given_by
from catalog.queries import sellable
from catalog.rules.promotions import MENDABLE, PromotionRefused
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Region
from milkdelivery.core.queries import RegionBook


def apply_code(cart_id: int, typed: str, *, region: Region, book: RegionBook, by: Actor) -> PromoCode:
    """Put a promo code on the cart, in place of one that is there. Safe to repeat.

    A code that only lacks something in the cart stays on it, and takes effect once that is there. Nothing is promised:
    it is looked at again when the order is placed. Locks the cart. Raises CartClosed, and PromotionRefused at the field
    `code` for what can't be used; what was on the cart stays then. Emits CartPromoApplied.
    """
    with transaction.atomic():
        cart = with_facts().locked(cart_id)
        ensure_open(cart.status)
        code = code_typed(typed, customer_id=cart.customer_id)
        if code.pk == cart.promo_code_id:
            return code
        _ensure_usable(cart, code, region=region, book=book)
        cart.promo_code = code
        cart.save(update_fields=["promo_code", "updated_at"])
        emit(CartPromoApplied(cart.pk, code.promotion_id, code.pk), actor=by)
    return code


def _ensure_usable(cart: Cart, code: PromoCode, *, region: Region, book: RegionBook) -> None:
    """Raises PromotionRefused where more in the cart would not help."""
    lines = {line.variant_id: line.quantity for line in cart.lines.all()}
    sold = sellable(list(lines), region=region, on=next_day(book, region)) if lines else {}
    given = given_by(
        code,
        basket=[goods_of(found, lines[variant_id]) for variant_id, found in sold.items()],
        region=region,
        used=code.uses,  # type: ignore[attr-defined]
        is_first_order=cart.customer_id is None or not cart.has_ordered,  # type: ignore[attr-defined]
    )
    if isinstance(given, PromotionRefused) and given.code not in MENDABLE:
        raise given


def remove_code(cart_id: int, *, by: Actor) -> None:
    """Take the promo code off the cart. Safe to repeat. Locks the cart. Raises CartClosed. Emits CartPromoRemoved."""
    with transaction.atomic():
        cart = Cart.objects.locked(cart_id)
        ensure_open(cart.status)
        if cart.promo_code_id is None:
            return
        cart.promo_code = None
        cart.save(update_fields=["promo_code", "updated_at"])
        emit(CartPromoRemoved(cart.pk), actor=by)
