"""Django's PostgreSQL backend on the embedded server, which it starts on first use.

``DATABASES["default"]`` names this package as ENGINE and the cluster's folder as ``EMBEDDED["folder"]``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from milkdelivery.embedded_postgres.server import EmbeddedPostgres


@cache
def server(folder: Path, database: str, options: tuple[tuple[str, str], ...]) -> EmbeddedPostgres:
    """This process's one handle on the server of a folder."""
    return EmbeddedPostgres(folder, database=database, options=dict(options))


class DatabaseWrapper(base.DatabaseWrapper):
    """The stock backend; the server is started or reused before the first connection."""

    def get_connection_params(self) -> dict[str, Any]:
        embedded = self.settings_dict["EMBEDDED"]
        handle = server(embedded["folder"], embedded["database"], tuple(sorted(embedded["options"].items())))
        handle.attach()
        self.settings_dict["HOST"] = str(handle.socket_folder)
        return super().get_connection_params()
