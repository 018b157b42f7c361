from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside requests that go on: the log is written by every one of them."""

    atomic = False

    dependencies = [("core", "0003_hsn_codes_are_digits")]

    operations = [
        AddIndexConcurrently(
            model_name="eventorigin",
            index=models.Index(condition=models.Q(("ip__isnull", False)), fields=["ip"], name="event_origin_ip"),
        ),
    ]
