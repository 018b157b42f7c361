"""Events are written once: a trigger refuses to change or delete them. TRUNCATE (tests) passes."""

from django.db import migrations

CREATE = """
CREATE FUNCTION core_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER core_event_append_only BEFORE UPDATE OR DELETE ON core_event
    FOR EACH ROW EXECUTE FUNCTION core_event_refuse_change();
"""

DROP = """
DROP TRIGGER core_event_append_only ON core_event;
DROP FUNCTION core_event_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
