"""What the database's planner knows of its tables."""

from django.db import connection, models
from psycopg import sql


def analyze(*tables: type[models.Model]) -> None:
    """Let the planner know what is in them now; by itself the server looks a minute later. Holds up no reader or
    writer."""
    names: list[sql.Composable] = [sql.Identifier(model._meta.db_table) for model in tables]  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(names)))
