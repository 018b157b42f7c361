"""``make run``: everything the product needs on one machine, started, watched and stopped together."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from milkdelivery.embedded_postgres import EmbeddedPostgresError
from milkdelivery.embedded_postgres.base import configured_server
from milkdelivery.settings import environment as env

READY_TIMEOUT = 180.0  # seconds until a started web server must answer
STOP_TIMEOUT = 20.0  # seconds a child may take to end its work
LONGEST_BACKOFF = 30.0  # seconds
CALM = 60.0  # a child that lived so long starts with a short back-off again


@dataclass
class Child:
    """A process of ours that is started again when it dies."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    backoff: float = 1.0
    restart_at: float = field(default=0.0)

    def start(self, environment: dict[str, str]) -> None:
        # A session of its own: Ctrl-C reaches the supervisor only, which stops the children in order.
        self.process = subprocess.Popen(
            self.command,
            env=environment | {"MILK_PROCESS": self.name, "MILK_SUPERVISED": "1"},
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
        self.started_at = time.monotonic()

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def note_death(self) -> float:
        """Plan the restart and return the seconds until then."""
        if time.monotonic() - self.started_at > CALM:
            self.backoff = 1.0
        self._kill_what_is_left()
        wait, self.backoff = self.backoff, min(self.backoff * 2, LONGEST_BACKOFF)
        self.restart_at = time.monotonic() + wait
        self.process = None
        return wait

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_until_stopped(self) -> None:
        """Wait for it to end its work, and end it and what it started if that takes too long."""
        if self.process is None:
            return
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._kill_what_is_left()
            self.process.wait()

    def _kill_what_is_left(self) -> None:
        """A process that was killed leaves its own children behind; all of its session ends."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Command(BaseCommand):
    """Prepares the database and files, then runs web server and worker until Ctrl-C."""

    help = "Prepares everything and runs web server and worker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--households", type=int, default=200, help="size of the demo (MILK_ENV=demo)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop. Raises CommandError for anything a person has to change first."""
        self.port = env.number("PORT", 8000)
        self.stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._interrupt())
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        with self._only_one():
            self._ensure_port_is_free()
            try:
                people = self._prepare(options["households"])
            except EmbeddedPostgresError as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt:
                self.stdout.write("Stopped.")
                return
            self._run(people)
            self.stdout.write("Stopped.")

    def _interrupt(self) -> None:
        if not hasattr(self, "children"):
            raise KeyboardInterrupt  # still preparing: nothing to stop in order
        self.stopping.set()

    # -- before ----------------------------------------------------------------------------------------------

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """Two runs on one data folder would do every job twice over the same files."""
        with (settings.DATA_DIR / "serve.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise CommandError(
                    f"{settings.DATA_DIR} is in use by another run ({lock.read().strip() or 'starting'}). "
                    "Stop it first, or give this one its own DATA_DIR and PORT."
                ) from error
            lock.truncate(0)
            lock.write(f"process {os.getpid()}, port {self.port}")
            lock.flush()
            yield

    def _ensure_port_is_free(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise CommandError(
                    f"Port {self.port} is in use by another program. Choose another: PORT={self.port + 1} make run"
                ) from error

    def _prepare(self, households: int) -> str:
        """Database, reference rows, static files and, in demo, the demo dairy; what the demo says of its people."""
        if settings.MILK_ENV == "prod":
            call_command("check", deploy=True, fail_level="WARNING")
        self._step("Starting the database", self._start_database)
        self._step("Updating the tables", lambda: self._quietly("migrate", interactive=False))
        self._step("Collecting static files", self._collect_static)
        self._step("Updating reference data", lambda: self._quietly("sync"))
        people = ""
        if settings.MILK_ENV == "demo":
            people = self._step("Loading the demo dairy", lambda: self._quietly("demo", households=households))
        connections.close_all()
        return people

    def _step(self, what: str, work: Any) -> Any:
        started = time.monotonic()
        self.stdout.write(f"{what} ... ", ending="")
        self.stdout.flush()
        result = work()
        self.stdout.write(f"{time.monotonic() - started:.1f} s")
        return result

    def _start_database(self) -> None:
        server = configured_server()
        if server is not None:
            os.environ["DATABASE_URL"] = server.attach()  # for the children; detaches by itself at the end
        connections["default"].ensure_connection()

    @staticmethod
    def _quietly(command: str, **options: Any) -> str:
        """Run a command and return what it says."""
        said = io.StringIO()
        call_command(command, stdout=said, verbosity=1, **options)
        return said.getvalue()

    def _collect_static(self) -> None:
        """Collect the static files unless none has changed since the last time."""
        if settings.WHITENOISE_USE_FINDERS:
            settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
            return  # served from where they are
        mark = settings.STATIC_ROOT / ".collected"
        state = _static_state()
        if mark.is_file() and mark.read_text() == state:
            return
        self._quietly("collectstatic", interactive=False, clear=True)
        mark.write_text(state)

    # -- while -----------------------------------------------------------------------------------------------

    def _run(self, people: str) -> None:
        environment = dict(os.environ)
        if settings.MILK_NOW is not None:
            environment["MILK_STARTED_AT"] = datetime.now(UTC).isoformat()
        self.children = [
            Child(
                "web",
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "python:milkdelivery.gunicorn",
                    "milkdelivery.wsgi:application",
                ],
            ),
            Child("worker", [sys.executable, "manage.py", "worker"]),
        ]
        try:
            for child in self.children:
                child.start(environment)
            if self._wait_until_ready():
                self._announce(people)
            self._watch(environment)
        finally:
            self.stdout.write("\nStopping ...")
            for child in self.children:
                child.ask_to_stop()
            for child in self.children:
                child.wait_until_stopped()

    def _wait_until_ready(self) -> bool:
        """Whether the web server answered before we were told to stop. Raises CommandError if it never does."""
        deadline = time.monotonic() + READY_TIMEOUT
        host = settings.ALLOWED_HOSTS[0].removeprefix(".") or "localhost"
        while not self.stopping.wait(0.2):
            if self.children[0].has_died():
                raise CommandError("The web server did not start; its messages are above.")
            if time.monotonic() > deadline:
                raise CommandError(f"The web server did not get ready within {READY_TIMEOUT:.0f} s.")
            ask = urllib.request.Request(f"http://127.0.0.1:{self.port}/readyz", headers={"Host": host})
            with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(ask, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        return False

    def _announce(self, people: str) -> None:
        self.stdout.write("")
        self.stdout.write(self.style.SUCCESS(f"{settings.BRAND_NAME} is open: {settings.SITE_URL}/"))
        self.stdout.write(f"  back office  {settings.SITE_URL}/admin/")
        self.stdout.write(f"  mobile API   {settings.SITE_URL}/api/v1/docs/")
        if settings.EMAIL_FILE_PATH:
            self.stdout.write(f"  mail goes to {settings.EMAIL_FILE_PATH}")
        if people.strip():
            self.stdout.write("")
            self.stdout.write(people.strip())
        self.stdout.write("\nPress Ctrl-C to stop. Logs follow.")
        self.stdout.flush()

    def _watch(self, environment: dict[str, str]) -> None:
        """Start again what died, later each time it dies soon after."""
        server = configured_server()
        while not self.stopping.wait(0.5):
            if server is not None and server.has_died():
                self.stderr.write("The database ended; starting it again.")
                server.attach()
            for child in self.children:
                if child.has_died():
                    code = child.process.returncode if child.process else None
                    wait = child.note_death()
                    self.stderr.write(f"The {child.name} process ended ({code}); starting it again in {wait:.0f} s.")
                elif child.process is None and time.monotonic() >= child.restart_at:
                    child.start(environment)


def _static_state() -> str:
    """A digest of all static files' names, sizes and times."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            found = os.stat(storage.path(name))  # noqa: PTH116 - thousands of files, called at every start
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
