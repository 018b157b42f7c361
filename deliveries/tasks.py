"""What the worker does for deliveries. Each is safe to run twice: it looks for what is open by state."""

from datetime import timedelta

from deliveries.actions import place_loose
from deliveries.models import Delivery
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor

_SELF = Actor.system("rounds")
AT_ONCE = 500


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
