from django.db import migrations

# The day of an order is not known here: orders stand above. What is outstanding counts for the last day it can be for:
# a household orders at most 14 days ahead, and its date may be a day ahead of UTC's. All goods that are there now are in
# no batch and never expire, so that every such promise can be kept, and none is kept with goods of too short a life.
DAYS = """
UPDATE inventory_stockmovement AS movement SET delivery_date = held.day
FROM (
    SELECT stock_id, reference, (max(occurred_at) AT TIME ZONE 'UTC')::date + 15 AS day
    FROM inventory_stockmovement GROUP BY stock_id, reference HAVING sum(reserved_change) <> 0
) AS held
WHERE movement.stock_id = held.stock_id AND movement.reference = held.reference AND movement.reserved_change <> 0
"""

PROMISES = """
INSERT INTO inventory_promise (stock_id, delivery_date, quantity)
SELECT stock_id, delivery_date, sum(reserved_change) FROM inventory_stockmovement
WHERE delivery_date IS NOT NULL GROUP BY stock_id, delivery_date HAVING sum(reserved_change) > 0
"""


class Migration(migrations.Migration):

    dependencies = [("inventory", "0002_promises_by_day")]

    operations = [
        migrations.RunSQL(DAYS, migrations.RunSQL.noop),
        migrations.RunSQL(PROMISES, "DELETE FROM inventory_promise"),
    ]
