"""What the worker does for stock by the clock. Each looks for what is due by state and is safe to run twice."""

from datetime import timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from inventory.actions.batches import date_goods
from inventory.actions.files import TAKE_TASK, finish_file, read_file, take_line
from inventory.actions.nightly import (
    KEPT_DAYS,
    SYSTEM,
    expired_batches,
    forget_empty_promises,
    raise_low_stock,
    reconcile,
    undated_shelves,
    write_off,
)
from inventory.models import Batch, Reconciliation, Stock, StockImportRow, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.models import Region
from milkdelivery.core.statistics import analyze

NIGHT_HOUR = 1
"""From one o'clock at night of the region, old goods go and the books are recounted."""

SECONDS_PER_RUN = 30
"""Well under what the queue lets a task run; the next run goes on."""

MANY_LINES = 500
"""Of a file: after so many, the planner looks at once at the tables that they filled."""


def keep_stock() -> int:
    """Each region's night: what has no last day gets one, what expired is thrown away, then all is recounted, once a
    day; how many regions were done."""
    until = monotonic() + SECONDS_PER_RUN
    done = 0
    for region in Region.objects.order_by("pk"):
        today = clock.today(region)
        is_night_over = clock.now().astimezone(ZoneInfo(region.time_zone)).hour >= NIGHT_HOUR
        if not is_night_over or Reconciliation.objects.filter(region=region, date=today).exists():
            continue
        for vendor_id, variant_id in undated_shelves(region):
            date_goods(vendor_id=vendor_id, variant_id=variant_id, by=SYSTEM)
        for batch_id in expired_batches(region):
            if monotonic() > until:
                return done
            write_off(batch_id)
        forget_empty_promises(today - timedelta(days=KEPT_DAYS))
        reconcile(region)
        done += 1
    return done


def tell_low_stock() -> int:
    """Alerts of what has become low since the last look; how many."""
    return sum(raise_low_stock(region) for region in Region.objects.order_by("pk"))


def read_stock_file(import_id: int) -> None:
    """Understand an uploaded file."""
    read_file(import_id)


def take_stock_file(import_id: int) -> int:
    """Carry out the lines of a file until none waits or time is up (then another task goes on); how many."""
    until = monotonic() + SECONDS_PER_RUN
    taken = 0
    while take_line(import_id):
        taken += 1
        if monotonic() > until:
            enqueue(TAKE_TASK, import_id)
            return taken
    kept = finish_file(import_id)
    if kept.rows.count() >= MANY_LINES:
        analyze(Stock, Batch, StockMovement, StockImportRow)
    return taken
