"""What every test may use: the database server, the clock and the event pump.

The embedded PostgreSQL is started once for the run; each parallel worker has a database of its own in it.
``DATABASE_URL`` points the same suite at a server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import psutil
import psycopg
import pytest
from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from milkdelivery.core import clock
from milkdelivery.core.eventlog import pump
from milkdelivery.embedded_postgres import base as embedded_postgres
from tests.emptying import ReferenceRows, may_restore
from tests.kept import forget_everything


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the controlling process, which outlives the parallel workers and stops it."""
    is_controller = not hasattr(config, "workerinput")
    server = embedded_postgres.configured_server()
    if is_controller and server is not None:
        server.attach()
        _drop_leftovers(server.url)


def _drop_leftovers(url: str) -> None:
    """Databases of earlier runs that were killed."""
    with psycopg.connect(url, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
            run = re.fullmatch(r"test_milkdelivery_(\d+)(_gw\d+)?", name)
            if run and not psutil.pid_exists(int(run[1])):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session", autouse=True)
def _reference_rows() -> Iterator[None]:
    """Regions, roles and the like exist in every test: after migrate, and again after a transactional test's flush."""
    last = list(apps.get_app_configs())[-1]

    def sync(sender: AppConfig, **_: object) -> None:
        call_command("sync", verbosity=0)

    post_migrate.connect(sync, sender=last, dispatch_uid="tests.reference_rows")
    yield
    post_migrate.disconnect(sender=last, dispatch_uid="tests.reference_rows")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Transactional tests leave the database as they found it, sooner than Django's flush does."""
    with django_db_blocker.unblock():
        reference_rows = ReferenceRows.taken() if may_restore() else None
    if reference_rows is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda case: reference_rows.restore())
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What a process keeps in memory would outlive the rows of the test before."""
    forget_everything()


@pytest.fixture
def drain() -> Callable[[], int]:
    """Deliver every event that is due, and what its handlers emit; how many deliveries were made.

    On-commit work must have run: use a transactional test, or ``django_capture_on_commit_callbacks``.
    """
    return pump.drain


@pytest.fixture
def at() -> Iterator[Callable[[str], datetime]]:
    """``at("2026-01-31T21:55+05:30")`` stops the business clock there until the test ends; may be called again."""
    with ExitStack() as stack:

        def stand_still(moment: str) -> datetime:
            instant = datetime.fromisoformat(moment)
            stack.enter_context(clock.override(instant))
            return instant

        yield stand_still


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings: Settings) -> None:
    """Uploads of a test end with it."""
    settings.MEDIA_ROOT = tmp_path
