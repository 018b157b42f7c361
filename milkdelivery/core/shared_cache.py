"""The shared cache in the database, with one statement where Django's takes three.

Django's counts the whole table and looks for the key before every write. Here a write is one statement, and what has
expired is removed by the worker (`tasks.clean_cache`), so a write never waits for it.
"""

from __future__ import annotations

import base64
import pickle
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router

from milkdelivery.core import clock

_SET = """
INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires
"""

_ADD = """
INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires WHERE kept.expires < %s
"""

_FORGET = "DELETE FROM {table} WHERE expires < %s"


class SharedCache(DatabaseCache):
    """Same rows and same keys as Django's, so it reads what that one wrote."""

    def __init__(self, table: str, params: dict[str, Any]) -> None:
        super().__init__(table, params)
        self.table = table

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._run(_SET, self._row(key, value, timeout, version))

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Of several at once one is the first, and the others hear that they are not."""
        return self._run(_ADD, [*self._row(key, value, timeout, version), clock.real_now()]) == 1

    def forget_expired(self) -> None:
        """Remove what nobody can read any more."""
        self._run(_FORGET, [clock.real_now()])

    def _row(self, key: str, value: Any, timeout: Any, version: int | None) -> list[Any]:
        known = self.make_and_validate_key(key, version=version)
        until = self.get_backend_timeout(timeout)
        expires = datetime.max.replace(tzinfo=UTC) if until is None else datetime.fromtimestamp(until, tz=UTC)
        kept = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
        return [known, kept, expires.replace(microsecond=0)]

    def _run(self, statement: str, values: list[Any]) -> int:
        """How many rows it wrote."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=connection.ops.quote_name(self.table)), values)
            return int(cursor.rowcount)
