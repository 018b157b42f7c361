"""Pages of a household's orders."""

from orders.views.again import again
from orders.views.order import cancel, detail, order_list, progress
from orders.views.take_over import take_over

__all__ = ["again", "cancel", "detail", "order_list", "progress", "take_over"]
