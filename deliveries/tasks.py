"""What the worker does for deliveries. Each is safe to run twice: it looks for what is open by state."""

from datetime import timedelta

from django.conf import settings

from deliveries.actions import close_route, forget_old_proofs, place_loose
from deliveries.models import Delivery, Proof, Route
from deliveries.photos import DOOR_PHOTOS
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor

_SELF = Actor.system("rounds")
AT_ONCE = 500
FILES_LOST_AFTER = timedelta(days=1)
"""Of real time: no photo takes so long from its file to its row."""


def place_loose_deliveries() -> int:
    """Put what is to come and on no round on one, where somebody drives by now; how many got one.

    One that can't be placed holds up no other: what it raised is raised at the end.
    """
    yesterday = clock.now().date() - timedelta(days=1)  # no region is further ahead
    loose = Delivery.objects.without_round().filter(delivery_date__gte=yesterday).order_by("delivery_date", "pk")
    placed = 0
    failed: Exception | None = None
    for delivery_id in list(loose.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            placed += place_loose(delivery_id, by=_SELF).stop_id is not None
        except Exception as problem:
            failed = problem
    if failed:
        raise failed
    return placed


def close_forgotten_rounds() -> int:
    """Close rounds that are on the road long after their slot has ended; how many.

    One that can't be closed holds up no other: what it raised is raised at the end.
    """
    late = timedelta(hours=settings.ROUND_CLOSES_AFTER_HOURS)
    closed = 0
    failed: Exception | None = None
    started = Route.objects.filter(status=Route.Status.STARTED).select_related("slot__region").order_by("pk")
    for route in started:
        if rules.instant(route.date, route.slot.ends_at, route.slot.region.time_zone) + late > clock.now():
            continue
        try:
            close_route(route.pk, by=_SELF)
            closed += 1
        except Exception as problem:
            failed = problem
    if failed:
        raise failed
    return closed


def forget_door_photo(stem: str) -> None:
    """Delete the file of a photo that proves nothing any more."""
    DOOR_PHOTOS.forget(stem)


def clean_door_photos() -> int:
    """Delete positions and photos that are kept no longer, and files that nothing points at; how many of both."""
    gone = forget_old_proofs()
    old = DOOR_PHOTOS.stored(before=clock.real_now() - FILES_LOST_AFTER)
    lost = old.difference(Proof.objects.filter(photo__in=old).values_list("photo", flat=True))
    for stem in sorted(lost):
        DOOR_PHOTOS.forget(stem)
    return gone + len(lost)
