"""What carts forget with a household: all of it."""

from cart.models import Cart
from milkdelivery.core.erasing import Leaving
from milkdelivery.core.models.erasing import forget_origins
from milkdelivery.core.outside import ensure_in_transaction


def forget_carts(leaving: Leaving) -> None:
    """Part of the transaction that erases them, which holds their carts."""
    ensure_in_transaction("forget_carts()")
    carts = Cart.objects.filter(customer_id=leaving.user_id)
    forget_origins([f"cart:{pk}" for pk in carts.values_list("pk", flat=True)], user_id=leaving.user_id)
    carts.delete()
