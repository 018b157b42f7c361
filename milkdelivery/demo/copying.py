"""Writing many rows with COPY: the models' own columns and defaults, none of their signals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from operator import itemgetter
from typing import Any, TypeAlias

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault
from psycopg import sql
from psycopg.types.json import Jsonb

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.money import Money

Field: TypeAlias = "models.Field[Any, Any]"

Row = Mapping[str, Any]
"""Values by field attribute (`order_id`, not `order`). `vars()` of an unsaved instance is one."""


def allocate_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` fresh primary keys, ascending, for rows that others will point at before they are written."""
    statement = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [model._meta.db_table, count])
        return sorted(pk for (pk,) in cursor.fetchall())


def copy_rows(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Insert rows that all give the same fields. What they leave out gets the default of model or database."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if _is_written(field, rows[0])]
    given = [field for field in fields if field.attname in rows[0]]
    left_out = [field for field in fields if field.attname not in rows[0]]
    columns: list[sql.Composable] = [sql.Identifier(str(field.column)) for field in (*given, *left_out)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(columns)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for values in _values(given, left_out, rows):
            copy.write_row(values)


def _values(given: Sequence[Field], left_out: Sequence[Field], rows: Sequence[Row]) -> Iterator[list[Any]]:
    """What is given, made fit for the database, and behind it the defaults of the rest."""
    pick = itemgetter(*(field.attname for field in given))
    fitters = [(position, _FITTERS[kind]) for position, field in enumerate(given) if (kind := _kind(field))]
    defaults = [field.get_default for field in left_out]
    for row in rows:
        values = list(pick(row))
        for position, fit in fitters:
            values[position] = fit(values[position])
        values.extend(default() for default in defaults)
        yield values


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _minor(value: Any) -> Any:
    return value.minor if isinstance(value, Money) else value


_FITTERS: dict[str, Callable[[Any], Any]] = {"json": Jsonb, "money": _minor, "text": _plain}


def _kind(field: Field) -> str:
    """Of which values need a hand before the database takes them; most need none."""
    if isinstance(field, MoneyField):
        return "money"
    if isinstance(field, models.JSONField):
        return "json"
    return "text" if isinstance(field, models.CharField) else ""


def _is_written(field: Field, row: Row) -> bool:
    """Whether the column gets its value from us, and not from the database alone."""
    if field.generated:
        return False
    value = row.get(field.attname)
    if value is None and (field.primary_key or field.has_db_default()):
        return False
    return not isinstance(value, DatabaseDefault)
