from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """On its own, because it is built without stopping who writes movements."""

    atomic = False

    dependencies = [("inventory", "0003_day_of_outstanding_reservations")]

    operations = [
        AddIndexConcurrently(
            "stockmovement",
            models.Index(condition=models.Q(("batch__isnull", False)), fields=["batch"], name="movement_by_batch"),
        ),
    ]
