"""What was said of a delivery, and whether it still can be."""

from dataclasses import dataclass

from deliveries.models import Delivery, Rating
from deliveries.rules import DELIVERED
from deliveries.rules.ratings import NotRatable, RatingKept, ensure_ratable
from milkdelivery.core import clock


@dataclass(frozen=True, slots=True)
class Rated:
    """The rating of a delivery, None before there is one; `is_open` while it can be given or changed."""

    rating: Rating | None
    is_open: bool


def rating_of(delivery: Delivery | None) -> Rated:
    """One query, none for what was not delivered."""
    if delivery is None or delivery.status != DELIVERED:
        return Rated(None, is_open=False)
    found = Rating.objects.filter(delivery=delivery).first()
    try:
        ensure_ratable(delivered_at=delivery.delivered_at, rated_at=found.rated_at if found else None, now=clock.now())
    except (NotRatable, RatingKept):
        return Rated(found, is_open=False)
    return Rated(found, is_open=True)
