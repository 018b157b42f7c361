"""The reason of a transfer may be made empty by the transaction that erases a person; nothing else of the books may.

See the like of it in `core.0005`. Replacing a function locks no table.
"""

from django.db import migrations

LET_REASONS_GO = """
CREATE OR REPLACE FUNCTION payments_ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'payments_ledgertransfer'
        AND current_setting('milkdelivery.erasing', true) = pg_current_xact_id()::text
        AND to_jsonb(NEW) = to_jsonb(OLD) || '{"reason": ""}'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only: %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""

REFUSE_ALL = """
CREATE OR REPLACE FUNCTION payments_ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_let_words_of_events_go"),
        ("payments", "0010_index_refunds_by_day"),
    ]

    operations = [migrations.RunSQL(LET_REASONS_GO, REFUSE_ALL)]
