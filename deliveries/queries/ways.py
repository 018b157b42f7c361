"""Where a delivery stands in its round."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Max, Q
from django.db.models.functions import Greatest

from deliveries.models import Delivery, Stop
from deliveries.rules import OPEN, UNDER_WAY
from deliveries.rules.arriving import Called, Way, way_to
from milkdelivery.core import clock


def way_of(delivery: Delivery) -> Way | None:
    """How far the van is from the door of a delivery that is in it; None for any other. One query, else none.

    Reads `stop__route`.
    """
    stop = delivery.stop
    if stop is None or delivery.status not in UNDER_WAY:
        return None
    going = Q(deliveries__status__in=[*OPEN, *UNDER_WAY])
    failed = Q(failed_attempts__undone_at=None)
    rows = Stop.objects.filter(route=stop.route).order_by("sequence")
    rows = rows.annotate(
        to_do=Count("deliveries", filter=going, distinct=True),
        done_at=Greatest(Max("deliveries__delivered_at"), Max("failed_attempts__occurred_at", filter=failed)),
    )
    found = rows.values_list("sequence", "planned_arrival", "done_at", "to_do")
    stops = [Called(number, planned, None if to_do else at, bool(to_do)) for number, planned, at, to_do in found]
    # a driver who forgets to say that they leave has left when somebody got something
    left_at = stop.route.started_at or min((each.done_at for each in stops if each.done_at), default=None)
    service = timedelta(seconds=settings.ROUND_SECONDS_PER_DOOR)
    return way_to(stop.sequence, stops, left_at=left_at, now=clock.now(), service=service)
