from django.db import migrations

ERASE = """
UPDATE accounts_address
SET label = '', society = '', tower = '', floor = '', flat = '', line1 = '', line2 = '', landmark = '',
    instructions = '', latitude = NULL, longitude = NULL
WHERE is_deleted
"""
FORGET = """
UPDATE accounts_user SET last_selected_address_id = NULL
WHERE last_selected_address_id IN (SELECT id FROM accounts_address WHERE is_deleted)
"""


class Migration(migrations.Migration):
    """What was deleted before is forgotten too."""

    dependencies = [("accounts", "0002_index_devices_by_key")]

    operations = [migrations.RunSQL([ERASE, FORGET], migrations.RunSQL.noop)]
