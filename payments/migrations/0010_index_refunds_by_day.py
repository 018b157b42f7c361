from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built without stopping who pays. The report of a day reads the refunds of that day and no others."""

    atomic = False

    dependencies = [("payments", "0009_taken_back")]

    operations = [
        AddIndexConcurrently("refund", models.Index(fields=["decided_at"], name="refund_by_day")),
    ]
