"""Every route as every role: the exact answer, and nothing changed where it is a refusal.

The routes come from the URL configuration: a new one without a line in tests/security/routes/ fails here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponseBase
from django.test import override_settings
from django.urls import resolve
from rest_framework.throttling import SimpleRateThrottle

from milkdelivery.core.queries import forget_region_book
from tests.security.bodies import BODIES, body_of
from tests.security.people import ROLES, Town, build
from tests.security.tables import Row, routes, rows
from tests.security.traces import fingerprint

pytestmark = pytest.mark.django_db

ROWS = rows()
SIGN_IN_PAGES = ("/accounts/login/", "/admin/login/")

# Behind another pattern that takes the same addresses.
SHADOWED = {
    r"accounts/confirm-email/(?P<key>[-:\w]+)/$": "accounts/confirm-email/<str:key>/",
}
# Answers that look like a refusal and have a purpose: what comes next is remembered.
GOES_ON = {
    "POST /account/sign-in-again/",  # signs out
    "POST /api/v1/users/check/",
    "DELETE /api/v1/auth/app/v1/auth/session",  # "signed out": its pushes end with it
}


def _is_open(answer: str) -> bool:
    return answer not in ("login", "401", "403", "404", "405", "410")


def _is_closed(row: Row) -> bool:
    return not any(_is_open(answer) for answer in row.answers.values())


class SavePoint:
    """All that happens inside is undone at its end. The code under test takes it for no transaction at all."""

    def __enter__(self) -> None:
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()

    def __exit__(self, *_: object) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """Everybody, made once for all lines of the tables; each line leaves it as it was."""
    patch = pytest.MonkeyPatch()
    patch.setattr(SimpleRateThrottle, "allow_request", lambda *_: True)
    ages = {"HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN": 36_000, "ACCOUNT_REAUTHENTICATION_TIMEOUT": 36_000}
    settings = override_settings(**ages, ACCOUNT_RATE_LIMITS=False)
    with django_db_blocker.unblock(), settings, SavePoint():
        yield build()
    forget_region_book()
    patch.undo()


@pytest.fixture(scope="module")
def before(town: Town) -> dict[str, tuple[int, int]]:
    """What every line finds, and leaves."""
    return fingerprint()


def test_every_route_has_a_line() -> None:
    told: dict[str, set[str]] = {}
    for row in ROWS:
        path = row.path.format_map(_Anything()).replace("*", "1").partition("?")[0]
        told.setdefault(resolve(path).route, set()).add(row.method)
    wanted = {(method, route) for route, methods in routes() for method in methods if route not in SHADOWED}
    missing = sorted(f"{method} {route}" for method, route in wanted if method not in told.get(route, ()))
    assert missing == []
    known = {route for route, _methods in routes()}
    assert set(told) <= known
    assert SHADOWED.keys() <= known


def test_every_body_is_of_a_line() -> None:
    assert BODIES.keys() <= {str(row) for row in ROWS}
    assert len({str(row) for row in ROWS}) == len(ROWS)


BY_MAIL_PROGRAMS = frozenset({"POST /notifications/unsubscribe/{stop}/"})
"""Signed for one purpose and sent without a cookie, as RFC 8058 has it: there is no session to be used by others."""
FORMS = [
    row
    for row in ROWS
    if row.method == "POST" and not row.path.startswith("/api/") and not _is_closed(row)
    if str(row) not in BY_MAIL_PROGRAMS
]


@pytest.mark.parametrize("row", FORMS, ids=str)
def test_forms_from_elsewhere_are_refused(town: Town, before: dict[str, tuple[int, int]], row: Row) -> None:
    """Another site can't send a form in somebody's name."""
    role = next(role for role, answer in row.answers.items() if _is_open(answer))
    with SavePoint():
        path = _path(row, town.names)
        browser = town.people[role].client(path)
        browser.handler.enforce_csrf_checks = True
        answer = browser.post(path, body_of(str(row), town.names))
        after = fingerprint()
    assert (answer.status_code, after) == (403, before)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_answers(town: Town, before: dict[str, tuple[int, int]], row: Row) -> None:
    """Refused ones first and together, with one look at the tables after; each other is undone before the next."""
    refused = [role for role in ROLES if _is_refusal(row, role)]
    with SavePoint():
        answers = {role: _ask(town, row, role) for role in refused}
        after = fingerprint() if refused else before
    for role in ROLES:
        if role not in refused:
            with SavePoint():
                answers[role] = _ask(town, row, role)
    assert {role: answers[role] for role in ROLES} == row.answers
    assert after == before


def _is_refusal(row: Row, role: str) -> bool:
    answer = row.answers[role]
    return str(row) not in GOES_ON and (answer == "login" or int(answer) >= 400)


def _ask(town: Town, row: Row, role: str) -> str:
    path = _path(row, town.names)
    client = town.people[role].client(path)
    is_api = path.startswith("/api/")
    options: dict[str, Any] = {"headers": {"Idempotency-Key": str(uuid.uuid4())}} if is_api else {}
    if row.method != "GET":
        body = body_of(str(row), town.names)
        options |= {"data": body}
        if is_api:
            options |= {"content_type": "application/json"}
    return _word(getattr(client, row.method.lower())(path, **options))


def _word(answer: HttpResponseBase) -> str:
    where = answer.headers.get("Location", "")
    is_login = answer.status_code == 302 and where.startswith(SIGN_IN_PAGES)
    return "login" if is_login else str(answer.status_code)


def _path(row: Row, names: dict[str, Any]) -> str:
    if "*" not in row.path:
        return row.path.format_map(names)
    record = _record(row.path)
    versions = {"version": record.history.values_list("history_id", flat=True)[0]} if "{version}" in row.path else {}
    return row.path.format_map(names | versions).replace("*", str(record.pk))


def _record(path: str) -> Any:
    """A record of the kind that an address of the back office names, with a history where the address is of one."""
    app, model = path.split("/")[2:4]
    records = apps.get_model(app, model)._default_manager.order_by("pk")
    if "{version}" in path:
        records = records.filter(pk__in=apps.get_model(app, model).history.values("id"))
    found = records.first()
    assert found is not None, path
    return found


class _Anything(dict[str, Any]):
    """Stands for every name where an address is only resolved."""

    def __missing__(self, name: str) -> str:
        return "1"
