from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

ONE_COUNTS = models.UniqueConstraint(
    fields=['order'],
    condition=models.Q(('is_surplus', False), ('status__in', ['PENDING', 'SUCCEEDED', 'PARTIALLY_REFUNDED'])),
    name='payment_one_counts_for_order',
)
CREATE = """
CREATE UNIQUE INDEX CONCURRENTLY payment_one_counts_for_order ON payments_payment (order_id)
WHERE (NOT is_surplus AND status IN ('PENDING', 'SUCCEEDED', 'PARTIALLY_REFUNDED'))
"""


class Migration(migrations.Migration):
    """Builds indexes and looks at old rows under locks that let writes through. The old rule ends once the new holds."""

    atomic = False

    dependencies = [
        ('payments', '0003_attempts_refunds_and_words'),
    ]

    operations = [
        ValidateConstraint(model_name='payment', name='payment_refunded_within_amount'),
        AddIndexConcurrently(
            model_name='payment',
            index=models.Index(
                condition=models.Q(('look_at__isnull', False)), fields=['look_at'], name='payment_to_look_at'
            ),
        ),
        AddIndexConcurrently(
            model_name='payment', index=models.Index(fields=['user', '-id'], name='payment_by_user')
        ),
        AddIndexConcurrently(
            model_name='payment',
            index=models.Index(fields=['gateway', 'gateway_reference'], name='payment_by_reference'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE, 'DROP INDEX IF EXISTS payment_one_counts_for_order'),
            ],
            state_operations=[migrations.AddConstraint(model_name='payment', constraint=ONE_COUNTS)],
        ),
        migrations.RemoveConstraint(model_name='payment', name='payment_one_live_per_order'),
    ]
