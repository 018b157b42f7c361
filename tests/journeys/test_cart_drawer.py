"""The cart over a page, and the code in it, as fingers and keys meet them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.factories.promotions import PromoCodeFactory
from tests.factories.world import World, small_world
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_guest_purchase import choose_pincode, fill_in, fits, place_order

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def world(live_server: object) -> World:
    cache.clear()
    PromoCodeFactory(code="SAVE10", promotion__name="Ten off")
    return small_world()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_the_cart_opens_over_the_shelf_and_goes_again(
    world: World, open_page: OpenPage, assert_accessible: Check, viewport: dict[str, int]
) -> None:
    page = open_page("/", viewport=viewport, reduced_motion="reduce")
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("1")
    opener = page.locator("[data-drawer-open]")
    opener.click()
    drawer = page.get_by_role("dialog", name="Your cart")
    expect(drawer.get_by_role("link", name="Checkout, ₹48.00")).to_be_visible()
    assert fits(page)
    assert_accessible(page)

    more = drawer.get_by_role("button", name="One more Toned milk")
    more.click()
    expect(drawer.get_by_role("link", name="Checkout, ₹76.00")).to_be_visible()
    expect(more).to_be_focused()

    drawer.get_by_text("I have a promo code").click()
    field = drawer.get_by_label("Promo code", exact=True)
    field.fill("nope 🥛")
    field.press("Enter")
    expect(drawer.get_by_text("We don't know this code.")).to_be_visible()
    expect(field).to_have_value("nope 🥛")
    expect(field).to_be_focused()
    field.fill("save10")
    field.press("Enter")
    expect(drawer.get_by_role("link", name="Checkout, ₹70.40")).to_be_visible()

    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()
    expect(page.locator("main .stepper output")).to_have_text("2")
    address = page.url
    opener.click()
    expect(drawer.get_by_role("link", name="Checkout, ₹70.40")).to_be_visible()
    page.go_back()
    expect(drawer).to_be_hidden()
    assert page.url == address, "the page under it stays"


def test_a_code_at_the_checkout_keeps_what_was_typed(world: World, open_page: OpenPage) -> None:
    page = open_page("/", viewport=PHONE, reduced_motion="reduce")
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("1")
    page.goto("/checkout/")
    fill_in(page, name="Asha Rao", contact="asha@example.com", street="80 Feet Road", flat="4B", society="Lake View")
    page.get_by_text("I have a promo code").click()
    page.get_by_label("Promo code", exact=True).fill("save10")
    page.get_by_label("Promo code", exact=True).press("Enter")
    expect(page.locator("#order-summary")).to_contain_text("₹45.20")
    expect(page.locator("#checkout-bar")).to_contain_text("₹45.20")
    expect(page.get_by_label("Your name")).to_have_value("Asha Rao")
    page.get_by_label("Cancel the whole order").check()
    place_order(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Comes")  # today or tomorrow, by the clock on the wall
    order = Order.objects.get()
    assert (order.promo_code, order.lines.get().if_short) == ("SAVE10", "CANCEL_ORDER")


def test_without_javascript_the_cart_is_a_page(world: World, open_page: OpenPage) -> None:
    page = open_page("/", viewport=PHONE, java_script_enabled=False)
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    page.locator("[data-drawer-open]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your cart")
    page.get_by_label("If it runs out").select_option("SUBSTITUTE")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("If it runs out")).to_have_value("SUBSTITUTE")
    page.get_by_text("I have a promo code").click()
    page.get_by_label("Promo code", exact=True).fill("save10")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".totals__grand")).to_contain_text("₹45.20")
