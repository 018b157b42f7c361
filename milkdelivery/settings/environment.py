"""Everything the product reads from its environment, in one place.

``.env.example`` explains each variable. A file ``.env`` beside ``manage.py`` is read too; real variables win over it.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
KINDS = ("demo", "dev", "test", "prod")
PROCESSES = ("web", "worker", "command")
SHORTEST_SECRET = 50
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def _load_file(path: Path) -> None:
    """Take KEY=value lines of a .env file for variables that are not set."""
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            os.environ.setdefault(key.strip(), value.strip().strip("\"'"))


_load_file(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    """The variable's value without surrounding blanks; empty counts as unset."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """A yes or no."""
    value = text(name).lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return default if value == "" else False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least ``least``."""
    value = text(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def amounts(name: str, default: str = "") -> dict[str, Decimal]:
    """Amounts by currency, such as "INR 5000, USD 150"."""
    found: dict[str, Decimal] = {}
    for entry in words(name, default):
        match = re.fullmatch(r"([A-Z]{3})\s+(\d+(?:\.\d+)?)", entry.upper())
        if match is None:
            raise ImproperlyConfigured(f"{name} must be amounts such as INR 5000, not {entry!r}.")
        found[match[1]] = Decimal(match[2])
    return found


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    """One of a few words."""
    value = text(name, default).lower()
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def instant(name: str) -> datetime | None:
    """A moment with its offset, such as 2026-01-31T21:55+05:30, in UTC."""
    value = text(name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be an ISO 8601 time, not {value!r}.") from error
    if moment.tzinfo is None:
        raise ImproperlyConfigured(f"{name} needs an offset, such as {value}+05:30.")
    return moment.astimezone(UTC)


ENV = choice("MILK_ENV", KINDS, "demo")
IS_PROD = ENV == "prod"
IS_TEST = ENV == "test"
PROCESS = choice("MILK_PROCESS", PROCESSES, "command")
DATA_DIR = Path(text("DATA_DIR", str(BASE_DIR / "var" / ENV))).expanduser().absolute()


def required_in_prod(name: str, default: str) -> str:
    """The variable, or ``default`` outside production."""
    value = text(name)
    if not value and IS_PROD:
        raise ImproperlyConfigured(f"{name} must be set in production.")
    return value or default


# -- secrets ---------------------------------------------------------------------------------------------------------


def _kept_secret(file_name: str, make: Any) -> str:
    """A secret of this data folder: made once, readable by its owner only."""
    path = DATA_DIR / "keys" / file_name
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{file_name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(make())
    try:
        os.link(draft, path)  # fails if another process was faster, and its secret counts then
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


def new_signing_key() -> str:
    """A private RSA key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def secret_key() -> str:
    """Django's secret: given in production, kept in the data folder elsewhere."""
    value = text("SECRET_KEY")
    if IS_PROD:
        if not value:
            raise ImproperlyConfigured("SECRET_KEY must be set in production.")
        if len(value) < SHORTEST_SECRET or len(set(value)) < 10 or value.startswith("django-insecure-"):
            raise ImproperlyConfigured(f"SECRET_KEY must be at least {SHORTEST_SECRET} random characters.")
    return value or _kept_secret("secret.key", lambda: secrets.token_urlsafe(64))


def signing_key() -> str:
    """The private RSA key (PEM) that signs the API's access tokens. ``\\n`` may stand for line ends."""
    value = text("HEADLESS_JWT_PRIVATE_KEY").replace("\\n", "\n")
    if not value and (path := text("HEADLESS_JWT_PRIVATE_KEY_FILE")):
        value = Path(path).expanduser().read_text()
    if not value and IS_PROD:
        raise ImproperlyConfigured(
            "HEADLESS_JWT_PRIVATE_KEY (or HEADLESS_JWT_PRIVATE_KEY_FILE) must be set in production."
        )
    return value or _kept_secret("tokens.pem", new_signing_key)


# -- addresses of other services ------------------------------------------------------------------------------------


def databases() -> dict[str, dict[str, Any]]:
    """``DATABASES``: "default", and "direct" (DIRECT_DATABASE_URL) for sessions that a pooler would break up."""
    found = {"default": _default_database()}
    if url := text("DIRECT_DATABASE_URL"):
        found["direct"] = _common() | _address(url, "DIRECT_DATABASE_URL") | {"TEST": {"MIRROR": "default"}}
    return found


def _common() -> dict[str, Any]:
    return {
        # In tests each connection belongs to a test; elsewhere it is kept and looked at before it is used again.
        "CONN_MAX_AGE": 0 if IS_TEST else 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": flag("PGBOUNCER"),
        "OPTIONS": _connection_options(),
    }


def _default_database() -> dict[str, Any]:
    """The server of DATABASE_URL, else the embedded one of the data folder."""
    url = text("DATABASE_URL")
    if not url:
        if IS_PROD:
            raise ImproperlyConfigured("DATABASE_URL must be set in production.")
        return _common() | {
            "ENGINE": "milkdelivery.embedded_postgres",
            "NAME": "milkdelivery",
            "USER": "postgres",
            "EMBEDDED": {
                "folder": DATA_DIR / "postgres",
                "database": "milkdelivery",
                # Test data may be lost in a power cut; everybody else's may not.
                "options": {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"} if IS_TEST else {},
            },
        }
    return _common() | _address(url, "DATABASE_URL")


def _address(url: str, variable: str) -> dict[str, Any]:
    """What a database URL says; its query becomes connection options, ``host`` apart."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{variable} must look like postgresql://user:password@host:5432/name.")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", "") or unquote(parts.hostname or "")
    return {
        "OPTIONS": _connection_options() | query,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
    }


# Milliseconds: statement, lock, idle in transaction. A page that waits is worse than one that says "again, please".
_TIMEOUTS = {
    "web": (15_000, 3_000, 30_000),
    "worker": (60_000, 5_000, 90_000),
    "command": (0, 10_000, 0),
}


def _connection_options() -> dict[str, Any]:
    statement, lock, idle = _TIMEOUTS[PROCESS]
    if flag("PGBOUNCER"):  # a pooler in transaction mode takes no start-up options: set them on the database role
        return {"prepare_threshold": None}
    return {
        "options": f"-c statement_timeout={statement} -c lock_timeout={lock} "
        f"-c idle_in_transaction_session_timeout={idle}",
        "application_name": f"milkdelivery-{PROCESS}",
    }


@dataclass(frozen=True)
class Mail:
    """Where mail goes, from EMAIL_URL."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    folder: Path | None = None


def mail() -> Mail:
    """smtp://, smtp+tls:// (STARTTLS), smtps://, file:///folder or console: ; files in the data folder by default."""
    if IS_TEST:
        return Mail("django.core.mail.backends.locmem.EmailBackend")
    url = required_in_prod("EMAIL_URL", f"file://{DATA_DIR / 'mail'}")
    parts = urlsplit(url)
    if parts.scheme == "console":
        return Mail("django.core.mail.backends.console.EmailBackend")
    if parts.scheme == "file":
        return Mail("notifications.mail_files.EmailBackend", folder=Path(unquote(parts.path)))
    if parts.scheme not in ("smtp", "smtp+tls", "smtps") or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must start with smtp://, smtp+tls://, smtps://, file:/// or console:")
    default_port = {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
    return Mail(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or default_port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+tls",
        use_ssl=parts.scheme == "smtps",
    )


# -- the business clock ----------------------------------------------------------------------------------------------


def business_now() -> datetime | None:
    """MILK_NOW, which moves business time and is refused in production."""
    moment = instant("MILK_NOW")
    if moment is not None and IS_PROD:
        raise ImproperlyConfigured("MILK_NOW must not be set in production: it moves the business clock.")
    return moment


def clock_offset() -> timedelta | None:
    """How far MILK_NOW moves the clock.

    Counted from MILK_STARTED_AT, which ``make run`` hands to all its processes so that they agree.
    """
    moment = business_now()
    if moment is None:
        return None
    return moment - (instant("MILK_STARTED_AT") or datetime.now(UTC))


GATEWAYS = ("cash", "wallet", "demo")


def gateways() -> list[str]:
    """PAYMENT_GATEWAYS: cash and wallet in production, the pretend bank too elsewhere."""
    named = words("PAYMENT_GATEWAYS", "cash,wallet" if IS_PROD else "cash,wallet,demo")
    if not named or not set(named) <= set(GATEWAYS):
        raise ImproperlyConfigured(
            f"PAYMENT_GATEWAYS must name some of {', '.join(GATEWAYS)}, not {','.join(named)!r}."
        )
    return named


def debug() -> bool:
    """Whether Django shows its debug pages: only when asked, never in production."""
    wanted = flag("MILK_DEBUG")
    if wanted and IS_PROD:
        raise ImproperlyConfigured("MILK_DEBUG must not be set in production.")
    return wanted


def allowed_hosts() -> list[str]:
    """The names this site answers to."""
    if IS_PROD and not words("ALLOWED_HOSTS"):
        raise ImproperlyConfigured("ALLOWED_HOSTS must be set in production.")
    hosts = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],.localhost")
    if IS_PROD and "*" in hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts in production, not '*'.")
    return hosts
