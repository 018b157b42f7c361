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

_FORGET = "DELETE FROM {table} WHERE expires < %s"


class SharedCache(DatabaseCache):
    """Same rows and same keys as Django's, so it reads what that one wrote."""

    def __init__(self, table: str, params: dict[str, Any]) -> None:
        super().__init__(table, params)
        self.table = table

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        known = self.make_and_validate_key(key, version=version)
        until = self.get_backend_timeout(timeout)
        expires = datetime.max.replace(tzinfo=UTC) if until is None else datetime.fromtimestamp(until, tz=UTC)
        kept = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
        self._run(_SET, [known, kept, expires.replace(microsecond=0)])

    def forget_expired(self) -> None:
        """Remove what nobody can read any more."""
        self._run(_FORGET, [clock.real_now()])

    def _run(self, statement: str, values: list[Any]) -> None:
        connection = connections[router.db_for_write(self.cache_model_class)]
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=connection.ops.quote_name(self.table)), values)
