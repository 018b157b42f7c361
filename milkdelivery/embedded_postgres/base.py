"""Django's PostgreSQL backend on the embedded server, which it starts on first use.

``DATABASES["default"]`` names this package as ENGINE and the cluster's folder as ``EMBEDDED["folder"]``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from milkdelivery.embedded_postgres.server import EmbeddedPostgres


@cache
def _server(folder: Path, database: str, options: tuple[tuple[str, str], ...]) -> EmbeddedPostgres:
    """This process's one handle on the server of a folder."""
    return EmbeddedPostgres(folder, database=database, options=dict(options))


def _server_of(embedded: dict[str, Any]) -> EmbeddedPostgres:
    return _server(embedded["folder"], embedded["database"], tuple(sorted(embedded["options"].items())))


def configured_server() -> EmbeddedPostgres | None:
    """The embedded server that the settings name, or None when they name another one."""
    embedded = settings.DATABASES["default"].get("EMBEDDED")
    return _server_of(embedded) if embedded else None


class DatabaseWrapper(base.DatabaseWrapper):
    """The stock backend; the server is started or reused before the first connection."""

    def get_connection_params(self) -> dict[str, Any]:
        server = _server_of(self.settings_dict["EMBEDDED"])
        server.attach()
        self.settings_dict["HOST"] = str(server.socket_folder)
        return super().get_connection_params()
