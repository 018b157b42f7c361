from django.db import migrations

from milkdelivery.core import clock

# Goods in no batch never expire, and nobody knows how old these are. They count as produced on the day of the change:
# taking an older day would have the next night throw away what dairies sell today. Promises stay as they are; those
# that outlast the batch are named by the nightly recount, and are packed from goods that come in until their day.
#
# A shelf at a time and a transaction each: an order waits for milliseconds at most. What the old code adds meanwhile,
# the next night puts into a batch as well.
PUT = """
WITH shelf AS (
    SELECT stock.id, stock.on_hand - stock.batched AS loose, variant.shelf_life_days AS life,
        (%(now)s AT TIME ZONE region.time_zone)::date AS today
    FROM inventory_stock stock
    JOIN catalog_variant variant ON variant.id = stock.variant_id
    JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id
    JOIN core_region region ON region.id = vendor.region_id
    WHERE stock.id = %(stock)s AND stock.on_hand > stock.batched
    FOR UPDATE OF stock
), made AS (
    INSERT INTO inventory_batch
        (stock_id, code, received, remaining, produced_on, expires_on, received_at, days_presumed)
    SELECT id, 'AUTO-' || today, loose, loose, today, today + life, %(now)s, true FROM shelf
    ON CONFLICT (stock_id, code) DO NOTHING
    RETURNING id, stock_id, remaining
), moved AS (
    INSERT INTO inventory_stockmovement
        (stock_id, kind, on_hand_change, reserved_change, reference, batch_id, reason, actor, occurred_at)
    SELECT made.stock_id, 'ADJUST', side.sign * made.remaining, 0, '', CASE WHEN side.sign > 0 THEN made.id END,
        'Put into the batch of the day', 'system:stock', %(now)s
    FROM made CROSS JOIN (VALUES (-1), (1)) AS side (sign)
)
UPDATE inventory_stock SET batched = batched + made.remaining FROM made WHERE inventory_stock.id = made.stock_id
"""

LOOSE = "SELECT id FROM inventory_stock WHERE on_hand > batched ORDER BY id"


def put(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(LOOSE)
        for (stock_id,) in cursor.fetchall():
            cursor.execute(PUT, {"stock": stock_id, "now": clock.now()})


class Migration(migrations.Migration):
    """On its own and safe to run again, because each shelf is a transaction."""

    atomic = False

    dependencies = [("inventory", "0007_batch_days_presumed")]

    operations = [migrations.RunPython(put, migrations.RunPython.noop)]
