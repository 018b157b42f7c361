from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """On its own, because it is built without stopping who orders."""

    atomic = False

    dependencies = [("orders", "0010_doors")]

    operations = [
        AddIndexConcurrently(
            "order",
            models.Index(fields=["door", "-placed_at"], condition=~models.Q(door=""), name="order_by_door"),
        ),
    ]
