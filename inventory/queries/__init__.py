"""What can be bought where and when, what an order holds, and whether the books agree."""

from inventory.queries.availability import (
    OUT,
    Availability,
    availability_at,
    came_in_short,
    held_by,
    keeps_until,
    may_come_at,
    products_left_at,
    shelves_of_order,
)
from inventory.queries.recount import Drift, recount

__all__ = [
    "OUT",
    "Availability",
    "Drift",
    "availability_at",
    "came_in_short",
    "held_by",
    "keeps_until",
    "may_come_at",
    "products_left_at",
    "recount",
    "shelves_of_order",
]
