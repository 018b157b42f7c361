"""The embedded server: shared, stopped by the last one to leave, back after a kill, anywhere on disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from milkdelivery.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

# Attaches, says so, and leaves when its standard input ends.
USER = """
import sys
from pathlib import Path
from milkdelivery.embedded_postgres import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1]), options={"fsync": "off"}).attach()
print("attached", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        path = Path(name) / "postgres"
        yield path
        if (path / "PG_VERSION").exists():
            EmbeddedPostgres(path).stop()


def server_of(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, options={"fsync": "off"})


def start_user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
    )


def is_attached(user: subprocess.Popen[str]) -> bool:
    assert user.stdout is not None
    return user.stdout.readline() == "attached\n"


def postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().splitlines()[0])


def test_starts_at_once_for_many_and_stops_with_the_last(folder: Path) -> None:
    users = [start_user(folder) for _ in range(3)]
    assert all(is_attached(user) for user in users)
    server = server_of(folder)
    for left, user in reversed(list(enumerate(users))):
        assert server.is_running()
        user.communicate()
        assert server.is_running() == (left > 0)


def test_keeps_what_was_written_when_it_is_killed(folder: Path) -> None:
    server = server_of(folder)
    url = server.attach()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE bottle AS SELECT 7 AS litres")
    os.kill(postmaster(folder), signal.SIGKILL)
    while not server.has_died():
        time.sleep(0.01)
    with psycopg.connect(server.attach()) as connection:  # the same handle notices and starts it again
        assert connection.execute("SELECT litres FROM bottle").fetchone() == (7,)
    server.detach()
    assert not server.is_running()


def test_a_killed_user_does_not_keep_it_running(folder: Path) -> None:
    user = start_user(folder)
    assert is_attached(user)
    user.kill()
    user.communicate()
    server = server_of(folder)
    assert server.is_running()
    server.attach()
    server.detach()
    assert not server.is_running()


def test_pid_of_a_dead_server_that_another_program_has_now(folder: Path) -> None:
    server = server_of(folder)
    server.attach()
    server.detach()
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n1\n5432\n{folder}\n\n1 1\nready\n")
    server.attach()
    assert server.is_running()
    server.detach()


def test_path_too_long_for_a_socket(folder: Path) -> None:
    deep = folder.parent / ("d" * 120) / "postgres"
    server = server_of(deep)
    with psycopg.connect(server.attach()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server.socket_folder != deep
    assert server.socket_folder.stat().st_mode & 0o077 == 0
    server.detach()
    assert not server.socket_folder.exists()


def test_strangers_cannot_reach_the_socket(folder: Path) -> None:
    server = server_of(folder)
    server.attach()
    assert folder.stat().st_mode & 0o077 == 0
    server.detach()


def test_cluster_of_another_version_is_left_alone(folder: Path) -> None:
    server = server_of(folder)
    server.attach()
    server.detach()
    (folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 12"):
        server.attach()
    (folder / "PG_VERSION").write_text("18\n")
