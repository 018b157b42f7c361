"""``python -m milkdelivery.translations`` collects the words of pages, mails and code, and compiles their translations.

Written with Babel, so that nobody needs GNU gettext to add a word. What is new stands in the catalogue untranslated
afterwards; tests/test_languages.py names it.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import template as django_templates

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "hi" / "LC_MESSAGES" / "django.po"
OF_DJANGO = ROOT / "locale" / "django" / "hi" / "LC_MESSAGES" / "django.po"
"""Written by hand: what the Hindi of Django and of the back office's theme lacks."""

_NO_SOURCE = {".git", ".venv", "var", "tests", "benchmarks", "static", "docs", "locale", "migrations"}
_KEYWORDS = DEFAULT_KEYWORDS | {
    f"{name}{kind}": DEFAULT_KEYWORDS[name]
    for name in ("gettext", "ngettext", "pgettext", "npgettext")
    for kind in ("_lazy", "_noop")
}


def collected() -> Catalog:
    """Every message that code and templates ask for, without translations."""
    found = Catalog()
    for path in _sources(ROOT):
        for message, context, comments in _messages(path):
            found.add(message, context=context, auto_comments=comments, locations=[(str(path.relative_to(ROOT)), 0)])
    return found


def translated(path: Path = CATALOGUE) -> Catalog:
    """A catalogue as it lies in the repository."""
    with path.open("rb") as file:
        return read_po(file, locale="hi")


def refresh() -> None:
    """Bring the catalogue up to the code: new messages without a translation, gone ones dropped. Compiles both."""
    catalogue = translated()
    catalogue.update(collected(), no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = ""
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, include_lineno=False)
    for path in (CATALOGUE, OF_DJANGO):
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, translated(path))


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _NO_SOURCE:
                yield from _sources(path)
        elif path.suffix == ".py" or (path.suffix in {".html", ".txt"} and path.is_relative_to(ROOT / "templates")):
            yield path


def _messages(path: Path) -> Iterator[tuple[Any, str | None, list[str]]]:
    text = path.read_text()
    if path.suffix != ".py":
        # Django turns a template into calls of gettext; their indentation means nothing.
        text = "\n".join(line.strip() for line in django_templates.templatize(text, origin=str(path)).splitlines())
    for _line, message, comments, context in extract("python", BytesIO(text.encode()), _KEYWORDS, ["Translators:"]):
        yield message, context, comments


if __name__ == "__main__":
    refresh()
