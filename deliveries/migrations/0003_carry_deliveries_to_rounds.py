from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models, transaction

DAYS = """
SELECT DISTINCT delivery_date FROM deliveries_delivery WHERE driver_id IS NOT NULL AND stop_id IS NULL ORDER BY 1
"""

# One round for what a driver had in a slot. It is over where all of it is, on the road where any of it is.
ROUTES = """
WITH driven AS (
    SELECT driver_id, slot_id, min(hub_id) AS hub_id, min(created_at) AS created_at,
        min(picked_up_at) AS started_at, max(coalesce(delivered_at, failed_at)) AS ended_at,
        bool_or(status IN ('PICKED_UP', 'IN_TRANSIT', 'DELIVERED', 'FAILED')) AS has_left,
        bool_and(status IN ('DELIVERED', 'FAILED', 'CANCELLED')) AS is_done
    FROM deliveries_delivery
    WHERE delivery_date = %(day)s AND driver_id IS NOT NULL AND stop_id IS NULL
    GROUP BY driver_id, slot_id
)
INSERT INTO deliveries_route (
    hub_id, date, slot_id, number, driver_id, status, is_locked, planned_metres, planned_minutes, call_off_reason,
    started_at, closed_at, created_at
)
SELECT driven.hub_id, %(day)s, driven.slot_id,
    coalesce((
        SELECT max(number) FROM deliveries_route known
        WHERE (known.hub_id, known.date, known.slot_id) = (driven.hub_id, %(day)s, driven.slot_id)
    ), 0) + row_number() OVER (PARTITION BY driven.hub_id, driven.slot_id ORDER BY driven.driver_id),
    driven.driver_id,
    CASE WHEN has_left AND is_done THEN 'CLOSED' WHEN has_left THEN 'STARTED' ELSE 'PLANNED' END,
    false, 0, 0, '', started_at, CASE WHEN has_left AND is_done THEN ended_at END, created_at
FROM driven
WHERE NOT EXISTS (
    SELECT FROM deliveries_route known
    WHERE (known.driver_id, known.date, known.slot_id) = (driven.driver_id, %(day)s, driven.slot_id)
        AND known.status <> 'CALLED_OFF'
)
"""

# The words of a door are those of deliveries.rules.planning.door_of; it stands where its pincode is.
DOORS = """
CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
SELECT delivery.id AS delivery_id, route.id AS route_id, delivery.sequence,
    coalesce(nullif(left(concat_ws(', ', VARIADIC ARRAY(
        SELECT nullif(btrim(regexp_replace(ordered.address->>part, '\\s+', ' ', 'g')), '')
        FROM unnest(ARRAY['flat', 'floor', 'tower', 'society', 'line1', 'line2', 'pincode'])
            WITH ORDINALITY AS parts (part, place)
        ORDER BY place
    )), 255), ''), ordered.pincode) AS door,
    pincode.latitude, pincode.longitude
FROM deliveries_delivery delivery
JOIN orders_order ordered ON ordered.id = delivery.order_id
JOIN deliveries_route route ON route.driver_id = delivery.driver_id AND route.date = delivery.delivery_date
    AND route.slot_id = delivery.slot_id AND route.status <> 'CALLED_OFF'
LEFT JOIN core_pincode pincode ON pincode.code = ordered.pincode
WHERE delivery.delivery_date = %(day)s AND delivery.driver_id IS NOT NULL AND delivery.stop_id IS NULL
"""
STOPS = """
INSERT INTO deliveries_stop (route_id, sequence, door, latitude, longitude)
SELECT route_id,
    coalesce((SELECT max(sequence) FROM deliveries_stop known WHERE known.route_id = doors.route_id), 0)
        + row_number() OVER (PARTITION BY route_id ORDER BY sequence NULLS LAST, first_id),
    door, latitude, longitude
FROM (
    SELECT route_id, door, min(sequence) AS sequence, min(delivery_id) AS first_id,
        min(latitude) AS latitude, min(longitude) AS longitude
    FROM carried GROUP BY route_id, door
) AS doors
WHERE NOT EXISTS (
    SELECT FROM deliveries_stop known WHERE known.route_id = doors.route_id AND known.door = doors.door
)
"""
DELIVERIES = """
UPDATE deliveries_delivery SET stop_id = stop.id
FROM carried JOIN deliveries_stop stop ON stop.route_id = carried.route_id AND stop.door = carried.door
WHERE deliveries_delivery.id = carried.delivery_id
"""


def carry_over(apps, schema_editor):
    """Day by day, each a transaction of its own: drivers and orders wait for no more than that. Safe to repeat."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(DAYS)
        days = [day for (day,) in cursor.fetchall()]
        for day in days:
            with transaction.atomic(using=schema_editor.connection.alias):
                for statement in (ROUTES, DOORS, STOPS, DELIVERIES):
                    cursor.execute(statement, {'day': day})


class Migration(migrations.Migration):
    """Puts every delivery that has a driver on a round, and looks at old rows under locks that let writes through."""

    atomic = False

    dependencies = [
        ('deliveries', '0002_rounds'),
    ]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name='delivery', index=models.Index(fields=['stop'], name='delivery_by_stop')
        ),
        ValidateConstraint(model_name='delivery', name='delivery_under_way_has_stop'),
    ]
