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
    expect(page.locator(".opblock").first).to_be_visible()
    assert scrolled_through(page) == described(page)
    page.goto("/api/v1/docs/#/serviceability/serviceability_retrieve")
    page.reload()
    operation = page.locator("#operations-serviceability-serviceability_retrieve")
    expect(operation).to_be_visible()
    if "is-open" not in (operation.get_attribute("class") or ""):
        operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("pincode").fill("999999")
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .highlight-code")).to_contain_text('"is_served": false')
    picture(page, "api-docs")


def described(page: Page) -> set[str]:
    """The operations of the document."""
    document = page.request.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    operations = (each for path in document["paths"].values() for each in path.values() if isinstance(each, dict))
    return {f"operations-{each['tags'][0]}-{each['operationId']}" for each in operations}


def scrolled_through(page: Page) -> set[str]:
    """The operations that somebody sees who scrolls to the end: a long document keeps only a window of them."""
    seen: set[str] = set()
    page.mouse.move(600, 400)
    for _ in range(200):
        seen.update(page.locator(".opblock").evaluate_all("blocks => blocks.map(block => block.id)"))
        before = page.evaluate("window.scrollY")
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(60)
        if page.evaluate("window.scrollY") == before:
            break
    return seen
