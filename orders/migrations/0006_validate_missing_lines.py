from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Reads all lines under a lock that lets writes through."""

    atomic = False

    dependencies = [
        ('orders', '0005_choices_and_promotions'),
    ]

    operations = [
        ValidateConstraint(model_name='orderline', name='line_comes_or_is_missing'),
    ]
