"""A household rates a delivery, and with it the dairies whose goods it brought."""

from django.db import transaction

from accounts.models import User
from deliveries.events import DeliveryRated
from deliveries.models import Delivery, Rating
from deliveries.models.ratings import LONGEST_WORDS
from deliveries.rules import DELIVERED
from deliveries.rules.ratings import ensure_ratable, ensure_stars
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.models import Order, OrderLine
from vendors.actions import record_rating


def rate_delivery(delivery_id: int, *, stars: int, words: str = "", by: Actor) -> Rating:
    """One to five stars, once; for a day they can be changed, words too. Safe to repeat.

    Every dairy that brought something of it is rated alike. Locks the delivery, then the dairies by primary key. Raises
    InvalidInput, NotRatable, RatingKept. Emits DeliveryRated and, where the stars are new, VendorRated for each dairy.
    """
    ensure_stars(stars)
    text = " ".join(words.split())[:LONGEST_WORDS]
    with transaction.atomic():
        delivery = Delivery.objects.locked(delivery_id)
        User.objects.keep(Order.objects.values_list("customer_id", flat=True).get(pk=delivery.order_id))
        known = Rating.objects.filter(delivery=delivery).first()
        if known is not None and (known.stars, known.words) == (stars, text):
            return known
        now = clock.now()
        came = delivery.delivered_at if delivery.status == DELIVERED else None
        ensure_ratable(delivered_at=came, rated_at=known.rated_at if known else None, now=now)
        before = known.stars if known else None
        rating = known or Rating(delivery=delivery, rated_at=now)
        rating.stars, rating.words, rating.actor = stars, text, by.label
        rating.changed_at = now if known else None
        rating.save()
        if stars != before:
            for vendor_id in _dairies_of(delivery.order_id):
                record_rating(vendor_id, stars, instead_of=before, by=by)
        emit(DeliveryRated(delivery.pk, delivery.order_id, stars), actor=by)
    return rating


def _dairies_of(order_id: int) -> list[int]:
    """Whose goods came, by primary key."""
    came = OrderLine.objects.filter(
        order_id=order_id, status__in=[OrderLine.Status.DELIVERED, OrderLine.Status.RETURNED]
    )
    return sorted(set(came.exclude(vendor=None).order_by().values_list("vendor_id", flat=True)))
