from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """On its own, because it is built without stopping who orders."""

    atomic = False

    dependencies = [("orders", "0007_holds")]

    operations = [
        AddIndexConcurrently("order", models.Index(fields=["ip", "-placed_at"], name="order_by_ip")),
    ]
