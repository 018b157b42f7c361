"""An index of what waits and is no offer, so that ten thousand offers in the queue slow no other message down."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("notifications", "0003_index_the_bell"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("status", "QUEUED"), models.Q(("kind__in", ["promotion"]), _negated=True)),
                fields=["next_attempt_at"],
                name="notification_queued_soon",
            ),
        ),
    ]
