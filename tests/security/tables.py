"""The tables beside this file: for each address and method, what each role is answered.

A line is: method, address, and a status for each role in the order of `ROLES`. `login` is the way to the sign-in page.
One status alone stands for all roles, and where the last column is left out the other dairy is answered what the
first one is. `{order}` and the like are of tests/security/people.py; in the back office `*`
is a record of the kind that the address names, `{version}` a row of its history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver
from django.views.generic import RedirectView
from django.views.generic.edit import ProcessFormView

from tests.security.people import ROLES

FOLDER = Path(__file__).parent / "routes"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    answers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def rows() -> list[Row]:
    lines = [line for file in sorted(FOLDER.glob("*.txt")) for line in file.read_text().splitlines()]
    return [_row(line) for line in lines if _says(line)]


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _row(line: str) -> Row:
    method, path, *answers = line.split()
    if len(answers) == 1:
        answers *= len(ROLES)
    if len(answers) == len(ROLES) - 1:
        answers.append(answers[ROLES.index("vendor")])
    assert method in METHODS, line
    assert len(answers) == len(ROLES), line
    return Row(method, path, dict(zip(ROLES, answers, strict=True)))


def routes() -> Iterator[tuple[str, frozenset[str]]]:
    """Every route of the site, and the methods that need a line: reading, and whatever changes something."""
    yield from _routes(get_resolver(), "")


def _routes(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, frozenset[str]]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^" if prefix else "")
        if isinstance(entry, URLResolver):
            yield from _routes(entry, route)
        else:
            yield route, _methods(entry)


def _methods(entry: URLPattern) -> frozenset[str]:
    """A plain function does not say what it takes: it has to be tried with POST."""
    view = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
    if view is None:
        return frozenset({"GET", "POST"})
    if issubclass(view, RedirectView):
        return frozenset({"GET"})
    handled = {method for method in METHODS if hasattr(view, method.lower())}
    if getattr(view, "put", None) is ProcessFormView.put:  # the same as POST
        handled.remove("PUT")
    return frozenset(handled | {"GET"})
