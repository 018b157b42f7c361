"""What a household has in its carts."""

from typing import Any

from django.db.models import Prefetch

from cart.actions.erasing import forget_carts
from cart.models import Cart, CartLine
from milkdelivery.core.erasing import Leaving, erases, holds
from milkdelivery.core.personal import record, tells


@tells("carts", Cart, CartLine)
def carts(user_id: int) -> list[dict[str, Any]]:
    """Those that became orders too. Two queries."""
    lines = Prefetch("lines", CartLine.objects.select_related("variant__product"))
    kept = Cart.objects.filter(customer_id=user_id).select_related("promo_code").prefetch_related(lines)
    return [
        record(
            cart,
            "status",
            "created_at",
            "updated_at",
            promo_code=cart.promo_code.code if cart.promo_code else "",
            lines=[record(line, "quantity", "if_short", product=str(line.variant)) for line in cart.lines.all()],
        )
        for cart in kept.order_by("pk")
    ]


@holds
def hold(user_id: int) -> None:
    """Whoever turns one into an order at this moment is waited for."""
    Cart.objects.locked_all_of(user_id)


@erases
def erase(leaving: Leaving) -> None:
    forget_carts(leaving)
