"""A real browser against a live server.

Chromium is the system's own (Debian: ``apt-get install chromium``) or the one named by CHROMIUM_PATH; nothing is
downloaded. A machine without it fails these tests, it does not skip them.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
PICTURES = settings.BASE_DIR / "var" / "pictures"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything beside this file needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    found = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found and Path(_MAC).exists():
        found = _MAC
    if not found:
        pytest.fail(
            "There is no Chromium. Install it (Debian and Ubuntu: apt-get install chromium) or set CHROMIUM_PATH.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests of this process."""
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """``open_page("/", viewport=PHONE)`` opens a page in a browser session of its own, as one more person.

    The test fails if a page breaks its content policy, throws in a script or asks another host for anything.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    home = urlsplit(live_server.url).netloc

    def stay_home(outgoing: Request) -> None:
        address = urlsplit(outgoing.url)
        if address.scheme in ("http", "https") and address.netloc != home:
            complaints.append(f"asked another host: {outgoing.url}")

    def open_(path: str = "/", *, viewport: dict[str, int] = PHONE, status: int = 200, **options: object) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=viewport, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", stay_home)
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"console: {message.text}")
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path} answered {answer.status}"
        return page

    failed_before = request.session.testsfailed
    yield open_
    if request.session.testsfailed > failed_before:
        for number, context in enumerate(contexts):
            for page in context.pages:
                _picture(page, f"failed-{request.node.name}-{number}")
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The home page on a phone."""
    return open_page("/")


@pytest.fixture
def picture() -> Callable[[Page, str], Path]:
    """``picture(page, "cart")`` saves the whole page under var/pictures for people to judge."""
    return _picture


def _picture(page: Page, name: str) -> Path:
    PICTURES.mkdir(parents=True, exist_ok=True)
    path: Path = PICTURES / f"{re.sub(r'[^a-zA-Z0-9_.-]+', '-', name)}.png"
    page.screenshot(path=path, full_page=True)
    return path


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """``assert_accessible(page)`` fails with axe's findings."""
    axe = Axe()

    def check(page: Page) -> None:
        results = axe.run(page)
        assert results.violations_count == 0, results.generate_report()

    return check
