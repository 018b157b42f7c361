"""What the worker does for reports by the clock. Safe to run twice and together: a day has one report."""

from time import monotonic

from analytics.actions import NIGHTLY, make_report
from analytics.queries import has_business, reported_days
from analytics.rules import last_ended, missing_days
from milkdelivery.core import clock
from milkdelivery.core.models import Region

SECONDS_PER_RUN = 30
"""Well under what the queue lets a task run; the next run goes on."""


def make_daily_reports() -> int:
    """From one o'clock in each region's night: the report of the day that ended, and of every day before it that was
    missed; how many were made. A region without any order has none."""
    until = monotonic() + SECONDS_PER_RUN
    made = 0
    for region in Region.objects.order_by("pk"):
        day_due = last_ended(clock.now(), region.time_zone)
        missing = missing_days(reported_days(region), until=day_due)
        if not missing or not has_business(region, until=day_due):
            continue
        for day in missing:
            if monotonic() > until:
                return made
            make_report(region, day, by=NIGHTLY)
            made += 1
    return made
