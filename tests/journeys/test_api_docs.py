"""The readable pages of the API, in a browser that holds them to the site's content policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.factories.core import RegionFactory, SlotFactory
from tests.journeys.conftest import DESKTOP


def test_the_pages_show_every_operation_and_try_one(
    transactional_db: None, open_page: Callable[..., Page], picture: Callable[[Page, str], Path]
) -> None:
    SlotFactory(region=RegionFactory())
    page = open_page("/api/v1/docs/", viewport=DESKTOP)
    expect(page.get_by_role("heading", name="API").first).to_be_visible()
    expect(page.locator(".opblock").nth(40)).to_be_attached(timeout=20_000)
    operation = page.locator("#operations-serviceability-serviceability_retrieve")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("pincode").fill("999999")
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .highlight-code")).to_contain_text('"is_served": false')
    picture(page, "api-docs")
