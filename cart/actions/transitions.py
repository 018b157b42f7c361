"""The one place where the status of a cart changes."""

from cart.models import Cart


def move(cart: Cart, to_status: str) -> None:
    """Take a locked cart to `to_status`."""
    cart.status = to_status
    cart.save(update_fields=["status", "customer", "updated_at"])
