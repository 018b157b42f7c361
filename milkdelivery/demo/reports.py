"""The reports of the last two weeks, each as it was made in the night after its day."""

from datetime import datetime, timedelta

from analytics.actions import make_report
from analytics.queries import has_business
from analytics.rules import last_ended
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Region
from milkdelivery.core.rules import instant

DAYS = 14
MADE_AT = datetime.min.time().replace(hour=1, minute=5)
"""Of the region's night."""


def look_back(*, now: datetime, by: Actor) -> None:
    """Each region's days that have ended. `by` is not the night's own hand, so nobody is mailed. Safe to repeat."""
    for region in Region.objects.order_by("pk"):
        last = last_ended(now, region.time_zone)
        for ago in reversed(range(DAYS)):
            day = last - timedelta(days=ago)
            if has_business(region, until=day):
                with clock.override(instant(day + timedelta(days=1), MADE_AT, region.time_zone)):
                    make_report(region, day, by=by)
