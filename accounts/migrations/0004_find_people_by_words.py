from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from milkdelivery.core.finding import Backwards, Parts, Whole, Words


class Migration(migrations.Migration):
    """Indexes by which staff find people and addresses, built while orders go on: that can't be done in a transaction."""

    atomic = False

    dependencies = [("accounts", "0003_erase_deleted_doors")]

    operations = [
        AddIndexConcurrently(
            "user",
            GinIndex(
                Words(
                    Parts("name"),
                    Whole("email"),
                    Whole("contact_email"),
                    Whole("phone"),
                    Whole("contact_phone"),
                    Backwards("phone"),
                    Backwards("contact_phone"),
                ),
                name="user_by_words",
            ),
        ),
        AddIndexConcurrently(
            "address",
            GinIndex(
                Words(
                    Parts("society"),
                    Parts("tower"),
                    Parts("flat"),
                    Parts("line1"),
                    Parts("line2"),
                    Parts("landmark"),
                    Parts("city"),
                    Parts("label"),
                    Whole("pincode"),
                ),
                name="address_by_words",
            ),
        ),
    ]
