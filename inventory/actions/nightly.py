"""What is done for stock without being asked: old goods go, what runs low is told, the books are recounted."""

from datetime import date

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from inventory.actions.goods import MOST, removable
from inventory.actions.ledger import Change, Kind, apply, shelf_of
from inventory.events import StockLow, StockRecounted, StockThresholdSet
from inventory.models import Batch, Promise, Reconciliation, Stock
from inventory.queries.recount import LONGEST_REPORT, recount
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.models import Region

SYSTEM = Actor.system("stock")
KEPT_DAYS = 7
"""How long the empty promise of a day that has passed is kept."""

# Who has a supply for today or later sells by the day: its shelf is meant to be empty in between.
_RAISE_LOW = """
INSERT INTO inventory_lowstockalert (stock_id, date, available, threshold, raised_at)
SELECT stock.id, %(today)s, stock.on_hand - stock.reserved, stock.low_threshold, %(now)s
FROM inventory_stock stock
JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.is_active AND vendor.region_id = %(region)s
JOIN vendors_offer offer ON offer.is_active
    AND offer.vendor_id = stock.vendor_id AND offer.variant_id = stock.variant_id
JOIN catalog_variant variant ON variant.id = stock.variant_id AND variant.is_active
JOIN catalog_product product ON product.id = variant.product_id AND product.is_active
WHERE stock.on_hand - stock.reserved < stock.low_threshold
    AND NOT EXISTS (SELECT FROM inventory_dailysupply WHERE stock_id = stock.id AND date >= %(today)s)
ORDER BY stock.id
ON CONFLICT (stock_id, date) DO NOTHING
RETURNING stock_id, available, threshold
"""


def raise_low_stock(region: Region) -> int:
    """Tell of every shelf of the region that has become low, once a day each; how many. Emits StockLow for each."""
    today = clock.today(region)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_RAISE_LOW, {"today": today, "now": clock.now(), "region": region.pk})
            raised = cursor.fetchall()
        emit_many((StockLow(pk, today, available, threshold) for pk, available, threshold in raised), actor=SYSTEM)
    return len(raised)


def set_low_threshold(*, vendor_id: int, variant_id: int, threshold: int, by: Actor) -> Stock:
    """Below how many free pieces the shelf counts as low; 0: never. Emits StockThresholdSet."""
    if not 0 <= threshold <= MOST:
        raise InvalidInput(_("Enter a number of pieces."), field="threshold")
    with transaction.atomic():
        stock = shelf_of(vendor_id, variant_id)
        stock.low_threshold = threshold
        stock.save(update_fields=["low_threshold"])
        emit(StockThresholdSet(stock.pk, threshold), actor=by)
    return stock


def expired_batches(region: Region) -> list[int]:
    """Batches of which something is left after the last day it may be delivered."""
    batches = Batch.objects.there().filter(stock__vendor__region=region, expires_on__lt=clock.today(region))
    return list(batches.values_list("pk", flat=True))


def undated_shelves(region: Region) -> list[tuple[int, int]]:
    """The (vendor, variant) of shelves with pieces in no batch; see `date_goods`."""
    stocks = Stock.objects.filter(vendor__region=region, on_hand__gt=F("batched"))
    return list(stocks.order_by("pk").values_list("vendor_id", "variant_id"))


def write_off(batch_id: int) -> int:
    """Throw away what is left of a batch that has expired; how many pieces went. Safe to repeat.

    What orders of a past day still hold stays, because their promise must not break silently: staff pack or cancel
    them, and the next night takes it. Locks the shelf. Emits StockChanged.
    """
    with transaction.atomic():
        batch = Batch.objects.select_related("stock__vendor__region").get(pk=batch_id)
        stock = shelf_of(batch.stock.vendor_id, batch.stock.variant_id)
        batch = Batch.objects.select_related("stock__vendor__region").get(pk=batch_id)
        if batch.expires_on >= clock.today(batch.stock.vendor.region):
            return 0
        count = max(0, min(batch.remaining, removable(stock, batch)))
        reason = _("Expired on %(day)s") % {"day": batch.expires_on.isoformat()}
        changes = [Change(stock, on_hand=-count, batch=batch)] if count else []
        apply(Kind.SPOIL, changes, reason=reason, by=SYSTEM)
    return count


def reconcile(region: Region, *, by: Actor = SYSTEM) -> Reconciliation:
    """Recount the region's stock from its logs and store what differs, in place of an earlier recount of the day.

    Changes no stock. Emits StockRecounted.
    """
    with transaction.atomic():
        drifts = list(recount(region.pk))
        told = {
            "shelves": Stock.objects.filter(vendor__region=region).count(),
            "drift_count": len(drifts),
            "drifts": [drift.to_data() for drift in drifts[:LONGEST_REPORT]],
            "counted_at": clock.now(),
        }
        report, _is_new = Reconciliation.objects.update_or_create(
            region=region, date=clock.today(region), defaults=told
        )
        emit(StockRecounted(region.pk, report.date, len(drifts)), actor=by)
    return report


def forget_empty_promises(before: date) -> int:
    """Drop rows that say nothing any more: no piece is promised for a day that has long passed; how many."""
    return Promise.objects.filter(quantity=0, delivery_date__lt=before).delete()[0]
