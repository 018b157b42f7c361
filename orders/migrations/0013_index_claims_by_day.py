from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built without stopping who orders. The report of a day reads the claims of that day and no others."""

    atomic = False

    dependencies = [("orders", "0012_claims_paid_back_already")]

    operations = [
        AddIndexConcurrently("claim", models.Index(fields=["opened_at"], name="claim_by_day_made")),
        AddIndexConcurrently("claim", models.Index(fields=["decided_at"], name="claim_by_day_decided")),
    ]
