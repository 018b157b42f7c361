"""Settings refuse what is unsafe or cannot be understood, and name the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from milkdelivery.settings import environment as env

SAFE = {
    "MILK_ENV": "prod",
    "SECRET_KEY": "kJ3v9QmZ7xT1bN5cR8wY2pL6sD4fG0hA-uE_iO.qWzXeCrVtByNu",
    "DATABASE_URL": "postgresql://milk:pa%20ss@db.example.com:6432/milk?sslmode=require",
    "ALLOWED_HOSTS": "milk.example.com",
    "SITE_URL": "https://milk.example.com",
    "EMAIL_URL": "smtp+tls://mailer:secret@mail.example.com",
    "FROM_EMAIL": "milk@example.com",
    "ADMIN_EMAIL": "admin@example.com",
}
SHOW = "import milkdelivery.settings as settings; print(repr({}))"


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "tokens.pem"
    path.write_text(settings.HEADLESS_JWT_PRIVATE_KEY)
    return path


def start(
    tmp_path: Path, variables: dict[str, str], show: str = "settings.MILK_ENV"
) -> subprocess.CompletedProcess[str]:
    """What a process with exactly these variables says of its settings."""
    base = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "milkdelivery.settings"}
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(show)],
        env=base | variables,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_safe_production(tmp_path: Path, key_file: Path) -> None:
    shown = start(
        tmp_path,
        SAFE | {"HEADLESS_JWT_PRIVATE_KEY_FILE": str(key_file)},
        "(settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0,"
        " settings.DATABASES['default']['PASSWORD'], settings.DATABASES['default']['OPTIONS']['sslmode'],"
        " settings.EMAIL_PORT, settings.EMAIL_USE_TLS)",
    )
    assert shown.stderr == ""
    assert shown.stdout == "(False, True, True, 'pa ss', 'require', 587, True)\n"
    assert list(tmp_path.iterdir()) == []  # production makes no secrets of its own


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://db/milk"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "milk.example.com,*"),
        ("SITE_URL", ""),
        ("EMAIL_URL", ""),
        ("EMAIL_URL", "http://mail.example.com"),
        ("FROM_EMAIL", ""),
        ("ADMIN_EMAIL", ""),
        ("HEADLESS_JWT_PRIVATE_KEY_FILE", ""),
        ("MILK_DEBUG", "1"),
        ("MILK_NOW", "2026-01-31T21:55+05:30"),
        ("PORT", "eighty"),
        ("MILK_ENV", "production"),
    ],
)
def test_unsafe_production_does_not_start(tmp_path: Path, key_file: Path, variable: str, value: str) -> None:
    variables = SAFE | {"HEADLESS_JWT_PRIVATE_KEY_FILE": str(key_file)} | {variable: value}
    refused = start(tmp_path, variables)
    assert refused.returncode != 0
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured")
    assert variable.removesuffix("_FILE") in last


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    show = "(settings.SECRET_KEY, settings.HEADLESS_JWT_PRIVATE_KEY)"
    first = start(tmp_path, {"MILK_ENV": "demo"}, show)
    second = start(tmp_path, {"MILK_ENV": "demo"}, show)
    assert first.stdout == second.stdout
    assert "PRIVATE KEY" in first.stdout
    keys = list((tmp_path / "keys").iterdir())
    assert {key.name for key in keys} == {"secret.key", "tokens.pem"}
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


def test_business_clock_ticks_from_the_common_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILK_NOW", "2026-01-31T21:55+05:30")
    monkeypatch.setenv("MILK_STARTED_AT", "2026-01-30T16:25:00+00:00")
    offset = env.clock_offset()
    assert offset is not None
    assert offset.total_seconds() == 86_400


@pytest.mark.parametrize("value", ["yesterday", "2026-01-31T21:55"])
def test_business_clock_needs_an_instant(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MILK_NOW", value)
    with pytest.raises(ImproperlyConfigured, match="MILK_NOW"):
        env.business_now()


def test_every_variable_is_explained() -> None:
    sources = [*Path(env.__file__).parent.glob("*.py"), settings.BASE_DIR / "milkdelivery" / "gunicorn.py"]
    calls = ("text", "flag", "number", "words", "choice", "instant", "required_in_prod")
    read = {
        part.split('"')[1]
        for source in sources
        for call in calls
        for part in source.read_text().split(f"{call}(")[1:]
        if part.startswith('"')
    }
    explained = {line.split("=")[0] for line in (settings.BASE_DIR / ".env.example").read_text().splitlines()}
    handed_down = {"MILK_PROCESS", "MILK_STARTED_AT", "MILK_SUPERVISED"}  # by the supervisor to its processes
    assert len(read) > 20
    assert read - explained - handed_down == set()
