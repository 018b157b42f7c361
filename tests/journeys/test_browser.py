"""The net under the journeys holds: what it must catch, it catches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from tests.journeys.conftest import DESKTOP, PHONE


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_components_are_accessible_and_fit_the_screen(
    open_page: Callable[..., Page],
    assert_accessible: Callable[[Page], None],
    picture: Callable[[Page, str], object],
    settings: Settings,
    viewport: dict[str, int],
) -> None:
    settings.MILK_ENV = "demo"  # the gallery is shown there only
    page = open_page("/styleguide/", viewport=viewport)
    expect(page.locator("h1").first).to_be_visible()
    picture(page, f"styleguide-{viewport['width']}")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert_accessible(page)
