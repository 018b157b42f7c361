from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """On its own, because it is built without stopping who signs in."""

    atomic = False

    dependencies = [("accounts", "0001_initial")]

    operations = [
        AddIndexConcurrently("device", models.Index(fields=["key"], name="device_by_key")),
    ]
