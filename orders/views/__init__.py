"""Pages of a household's orders."""

from orders.views.again import again
from orders.views.claim import claim
from orders.views.order import cancel, detail, order_list, progress

__all__ = ["again", "cancel", "claim", "detail", "order_list", "progress"]
