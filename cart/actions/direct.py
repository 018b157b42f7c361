"""An order of things named at once, that leaves the shop's carts alone."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from cart.actions.placing import Purchase, place_order
from cart.models import Cart, CartLine, Checkout
from cart.rules import CheckoutRefused, Problem, ensure_quantity, ensure_room
from catalog.models import Variant
from catalog.promotions import code_typed
from catalog.rules.promotions import PromotionRefused
from milkdelivery.core.actors import Actor
from orders.models import OrderLine


def order_lines(
    quantities: Mapping[int, int],
    purchase: Purchase,
    *,
    token: UUID,
    by: Actor,
    if_short: Mapping[int, str] | None = None,
    code: str = "",
) -> Checkout:
    """Order pieces by variant, in a cart of their own that is made for it with `token`.

    `if_short` is what is wanted where there is not enough, by variant; `code` a promo code as it was typed.

    Safe to repeat: the same token is the same order. Raises CheckoutRefused with everything that has to be mended,
    BadQuantity and CartFull, and leaves nothing behind then. Emits OrderPlaced and CheckoutStarted.
    """
    with transaction.atomic():
        cart, is_new = Cart.objects.get_or_create(token=token)
        if is_new:
            _fill(cart, quantities, if_short or {})
            if code.strip():
                _add_code(cart, code, purchase.buyer.user_id)
        checkout = place_order(cart.pk, purchase, by=by)
        Cart.objects.filter(pk=cart.pk).update(customer=None)  # else, were the order undone, it'd join their own cart
    return checkout


def _fill(cart: Cart, quantities: Mapping[int, int], if_short: Mapping[int, str]) -> None:
    ensure_room(len(quantities) - 1)
    known = set(Variant.objects.filter(pk__in=quantities).values_list("pk", flat=True))
    unknown = [no_such_pack(variant_id) for variant_id in quantities if variant_id not in known]
    if unknown:
        raise CheckoutRefused(unknown)
    CartLine.objects.bulk_create(
        CartLine(
            cart=cart,
            variant_id=variant_id,
            quantity=ensure_quantity(quantity),
            if_short=if_short.get(variant_id, OrderLine.IfShort.SEND_AVAILABLE),
        )
        for variant_id, quantity in quantities.items()
    )


def _add_code(cart: Cart, typed: str, customer_id: int | None) -> None:
    """Raises CheckoutRefused for a code that there is not; what it gives is looked at with the order."""
    try:
        cart.promo_code = code_typed(typed, customer_id=customer_id)
    except PromotionRefused as refusal:
        raise CheckoutRefused([wrong_code(refusal, typed)]) from refusal
    cart.save(update_fields=["promo_code", "updated_at"])


def wrong_code(refusal: PromotionRefused, typed: str) -> Problem:
    return Problem(refusal.code, refusal.message, "promo_code", {"promo_code": typed.strip()})


def no_such_pack(variant_id: int) -> Problem:
    return Problem("line_unknown", _("There is no such pack."), "lines", {"variant_id": variant_id})
