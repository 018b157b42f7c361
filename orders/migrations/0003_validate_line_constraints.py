from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Reads all lines under a lock that lets writes through."""

    atomic = False

    dependencies = [
        ('orders', '0002_answers_and_decisions'),
    ]

    operations = [
        ValidateConstraint(model_name='orderline', name='line_total_of_what_comes'),
        ValidateConstraint(model_name='orderline', name='line_comes_whole_or_not'),
    ]
