"""What a migration must not do to processes that still run the release before it."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel
from django.db.models import NOT_PROVIDED


def test_a_column_that_joined_a_table_can_be_left_out_by_who_does_not_know_it() -> None:
    """Between the migration and the restart, the old release goes on taking orders."""
    ours = {config.label for config in apps.get_app_configs() if "site-packages" not in config.path}
    needed = []
    for (app, _name), migration in MigrationLoader(None).disk_migrations.items():
        new = {op.name_lower for op in migration.operations if isinstance(op, CreateModel)}
        for op in migration.operations:
            if app not in ours or not isinstance(op, AddField) or op.model_name_lower in new:
                continue
            field = next((f for f in apps.get_model(app, op.model_name)._meta.fields if f.name == op.name), None)
            if field is not None and not field.null and field.db_default is NOT_PROVIDED:
                needed.append(f"{app}.{op.model_name}.{op.name}")
    assert needed == []
