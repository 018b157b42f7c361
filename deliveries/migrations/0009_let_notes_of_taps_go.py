"""The note of a driver's tap may be made empty by the transaction that erases a household; what was tapped may not change.

See the like of it in `core.0005`. Replacing a function locks no table.
"""

from django.db import migrations

LET_NOTES_GO = """
CREATE OR REPLACE FUNCTION deliveries_driveraction_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND current_setting('milkdelivery.erasing', true) = pg_current_xact_id()::text
        AND to_jsonb(NEW) - 'payload' - 'said' = to_jsonb(OLD) - 'payload' - 'said'
        AND NEW.payload = OLD.payload || '{"note": ""}'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what a driver tapped is never changed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""

REFUSE_ALL = """
CREATE OR REPLACE FUNCTION deliveries_driveraction_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a driver tapped is never changed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_let_words_of_events_go"),
        ("deliveries", "0008_proof_at_the_door"),
    ]

    operations = [migrations.RunSQL(LET_NOTES_GO, REFUSE_ALL)]
