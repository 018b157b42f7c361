from django.db import migrations, models

ONE_OPEN = models.UniqueConstraint(
    fields=['driver', 'date', 'slot'],
    condition=models.Q(('status__in', ['PLANNED', 'STARTED'])),
    name='route_one_open_per_driver',
)
CREATE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS route_one_open_per_driver ON deliveries_route (driver_id, date, slot_id)
WHERE status IN ('PLANNED', 'STARTED')
"""


class Migration(migrations.Migration):
    """Built while orders go on. The old rule ends once the new holds."""

    atomic = False

    dependencies = [
        ('deliveries', '0006_driver_actions'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, 'DROP INDEX IF EXISTS route_one_open_per_driver')],
            state_operations=[migrations.AddConstraint(model_name='route', constraint=ONE_OPEN)],
        ),
        migrations.RemoveConstraint(model_name='route', name='route_once_per_driver'),
    ]
