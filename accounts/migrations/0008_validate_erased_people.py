"""Check what 0007 has added, while people sign in and order."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_erase_people")]

    operations = [
        ValidateConstraint(model_name="user", name="user_has_a_contact_or_is_erased"),
        ValidateConstraint(model_name="user", name="user_erased_is_nobody"),
    ]
