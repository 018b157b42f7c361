from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """On its own, because it is built without stopping who writes messages."""

    atomic = False

    dependencies = [("notifications", "0002_bell_and_push")]

    operations = [
        AddIndexConcurrently(
            "notification",
            models.Index(
                fields=["recipient", "-id"],
                condition=models.Q(channel="IN_APP", status="SENT"),
                name="notification_bell",
            ),
        ),
    ]
