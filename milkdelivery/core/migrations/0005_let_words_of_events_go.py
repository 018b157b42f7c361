"""Events stay as they were written but for one thing: the transaction that erases a person may make words empty.

No fact, actor or time can be changed, nothing taken out, and nobody else's transaction gets in: the setting names the
one that set it. Replacing a function locks no table.
"""

from django.db import migrations

LET_WORDS_GO = """
CREATE OR REPLACE FUNCTION core_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND current_setting('milkdelivery.erasing', true) = pg_current_xact_id()::text
        AND to_jsonb(NEW) - 'data' = to_jsonb(OLD) - 'data'
        AND NOT EXISTS (
            SELECT FROM jsonb_each(OLD.data) AS before FULL JOIN jsonb_each(NEW.data) AS after USING (key)
            WHERE before.value IS DISTINCT FROM after.value
                AND (after.value IS DISTINCT FROM '""'::jsonb OR jsonb_typeof(before.value) IS DISTINCT FROM 'string')
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""

REFUSE_ALL = """
CREATE OR REPLACE FUNCTION core_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0004_origin_by_address")]

    operations = [migrations.RunSQL(LET_WORDS_GO, REFUSE_ALL)]
