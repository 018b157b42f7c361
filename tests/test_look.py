"""The look keeps its promises: light pages, no inline code, one place for colour, error pages that always render."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from pytest_django.fixtures import Settings

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
# Mails carry their style themselves: no content policy applies there, and no mail program fetches a style sheet.
PAGES = sorted(page for page in TEMPLATES.rglob("*.html") if not {"mail", "email"} & set(page.parts))
# What a browser fetches before it shows anything, beside the page and its pictures.
FIRST_VIEW = (
    "css/app.css",
    "js/app.js",
    "vendor/htmx/htmx-2.0.11.min.js",
    "fonts/figtree-var.woff2",
    "img/icons.svg",
    "img/mark.svg",
)
ALLOWED_BYTES = 70_000  # of the 120 KB of a first view; the rest is for HTML and pictures


def over_the_wire(path: Path) -> int:
    data = path.read_bytes()
    return len(data) if path.suffix == ".woff2" else len(gzip.compress(data, 9))


def test_first_view_is_light() -> None:
    assert sum(over_the_wire(STATIC / name) for name in FIRST_VIEW) < ALLOWED_BYTES


@pytest.mark.parametrize("picture", sorted((STATIC / "img").rglob("*.svg")), ids=lambda path: path.name)
def test_drawing_is_light_and_carries_no_code(picture: Path) -> None:
    text = picture.read_text()
    assert len(text) < 6_000
    assert not re.search(r"<script|<style|\son\w+=|href=\"http", text)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.stem)
def test_component_says_what_it_takes(component: Path) -> None:
    assert component.read_text().startswith("{% comment %}\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_template_holds_no_inline_code(page: Path) -> None:
    """The content policy refuses it, silently for the person."""
    text = page.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_raw_colours_stand_in_the_tokens_only() -> None:
    css = (STATIC / "css/app.css").read_text()
    after_tokens = css[css.index("@layer base {") :]
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", after_tokens)


def test_every_paired_colour_has_a_value_for_older_browsers() -> None:
    css = (STATIC / "css/app.css").read_text()
    tokens, fallback = css[: css.index("@layer base {")].split("@supports not")
    paired = set(re.findall(r"(--[a-z-]+):[^;]*light-dark\(", tokens))
    assert paired
    assert paired == set(re.findall(r"(--[a-z-]+):", fallback))


@pytest.mark.parametrize("name", [f"{name}.html" for name in ("400", "403", "403_csrf", "404", "413", "500", "503")])
def test_error_page_needs_no_context(name: str) -> None:
    """Django renders 500.html without a request; the database may be what broke."""
    html = get_template(name).render()
    assert '<main id="main"' in html
    assert 'rel="stylesheet"' in html


@pytest.mark.django_db
def test_styleguide_shows_every_component_in_the_demo(client: Client, settings: Settings) -> None:
    settings.MILK_ENV = "demo"
    response = client.get("/styleguide/")
    assert response.status_code == 200
    shown = {Path(used.name).stem for used in response.templates if used.name and used.name.startswith("components/")}
    assert not {component.stem for component in COMPONENTS} - shown


@pytest.mark.django_db
def test_styleguide_is_not_there_elsewhere(client: Client, settings: Settings) -> None:
    settings.MILK_ENV = "prod"
    settings.DEBUG = False
    assert client.get("/styleguide/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "written"), [("dark", "dark"), ("light", "light"), ('"><script>', "")])
def test_styleguide_shows_one_theme_when_asked(client: Client, settings: Settings, asked: str, written: str) -> None:
    settings.MILK_ENV = "demo"
    assert f'data-theme="{written}"' in client.get("/styleguide/", {"theme": asked}).content.decode()
