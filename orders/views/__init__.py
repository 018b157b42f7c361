"""Pages of a household's orders."""

from orders.views.again import again
from orders.views.claims import claim_photo, claims, claims_by_link
from orders.views.order import cancel, detail, order_list, progress
from orders.views.take_over import take_over

__all__ = [
    "again",
    "cancel",
    "claim_photo",
    "claims",
    "claims_by_link",
    "detail",
    "order_list",
    "progress",
    "take_over",
]
