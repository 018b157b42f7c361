"""The database as it was before a transactional test, without Django's flush.

A flush truncates every table and builds content types, permissions and reference rows anew: some 340 queries a test.
Here only tables that hold rows are emptied, and the rows that every test may count on are copied back as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.db import connection, transaction
from psycopg import sql

# Above this many bytes it is dearer to leave dead rows behind than to truncate.
LARGE = 4_000_000


@dataclass(frozen=True)
class ReferenceRows:
    """What the tables hold after ``migrate``: for each that isn't empty, its rows as COPY writes them."""

    rows: dict[str, bytes]

    @classmethod
    def taken(cls) -> Self:
        return cls({table: _copied_out(table) for table in _tables_with_rows(_tables())})

    def restore(self) -> None:
        """Empty what a test filled and put the reference rows back: one transaction, past triggers and foreign keys."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            filled = _tables_with_rows(_tables())
            if large := _large(filled):
                names = sql.SQL(", ").join(sql.Identifier(table) for table in large)
                cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for table in filled:
                if table not in large:
                    cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table, rows in self.rows.items():
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(rows)


def may_restore() -> bool:
    """Only a superuser may leave triggers and foreign keys aside; others flush as Django does."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        (answer,) = cursor.fetchone()
    return bool(answer == "on")


def _tables() -> list[str]:
    return sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))


def _tables_with_rows(tables: list[str]) -> list[str]:
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [name for (name,) in cursor.fetchall()]


def _large(tables: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s) AND pg_relation_size(oid) > %s",
            [tables, LARGE],
        )
        return [name for (name,) in cursor.fetchall()]


def _copied_out(table: str) -> bytes:
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy,
    ):
        return b"".join(bytes(block) for block in copy)
