"""A stranger buys tomorrow's milk: on a phone, at a desk, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inventory.models import Stock
from milkdelivery.core.actors import Actor
from orders.actions import pack_order
from orders.models import Order
from tests.factories.accounts import PASSWORD, AddressFactory
from tests.factories.world import World, small_world
from tests.journeys.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
Check = Callable[[Page], None]


@pytest.fixture
def world(live_server: object) -> World:
    return small_world()


def choose_pincode(page: Page) -> None:
    page.locator("main").get_by_label("Your pincode").fill("560034")
    page.get_by_role("button", name="Show what comes here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything we bring")


def fill_in(page: Page, **typed: str) -> None:
    labels = {"name": "Your name", "contact": "E-mail address or phone number", "street": "Street"}
    labels |= {"flat": "Flat or house no.", "society": "Society or building (optional)"}
    for field, text in typed.items():
        page.get_by_label(labels[field], exact=True).fill(text)


def place_order(page: Page) -> None:
    page.get_by_role("button", name="Place order").locator("visible=true").last.click()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_from_the_front_page_to_a_confirmed_order(
    world: World, open_page: OpenPage, viewport: dict[str, int], assert_accessible: Check
) -> None:
    page = open_page("/", viewport=viewport, reduced_motion="reduce")
    seen: list[str] = []

    def looks_right(name: str) -> None:
        seen.append(name)
        assert fits(page), f"{name} is wider than the screen"
        assert_accessible(page)

    looks_right("front page")
    choose_pincode(page)
    looks_right("shelf")

    page.get_by_role("button", name="Add Toned milk").click()
    page.get_by_role("button", name="One more Toned milk").click()
    expect(page.locator(".stepper output")).to_have_text("2")
    expect(page.locator("#cart-count")).to_contain_text("2")
    expect(page.get_by_role("button", name="One more Toned milk")).to_be_focused()

    page.get_by_role("link", name="Set curd").click()
    looks_right("product")
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Add to cart").locator("visible=true").click()
    expect(page.locator("#cart-count")).to_contain_text("5")

    page.get_by_role("link", name="Cart").click()
    looks_right("cart")
    page.get_by_role("button", name="One less Set curd").click()
    expect(page.get_by_label("How many Set curd")).to_have_value("2")
    quantity = page.get_by_label("How many Toned milk")
    quantity.fill("51")
    quantity.press("Enter")
    expect(page.get_by_text("Choose between 1 and 50 pieces.")).to_be_visible()
    page.get_by_label("How many Toned milk").fill("4")
    page.get_by_label("How many Toned milk").press("Tab")
    expect(page.locator(".totals__grand").first).to_contain_text("₹202.00")  # 4 × 28 + 2 × 35 + 20

    page.get_by_role("link", name="heckout").locator("visible=true").first.click()
    looks_right("checkout")
    place_order(page)
    expect(page.get_by_role("alert")).to_contain_text("Tell us your name.")
    looks_right("checkout with errors")
    fill_in(page, name="आशा राव 🥛", contact="asha@example.com", street="80 Feet Road", flat="4B", society="Lake View")
    place_order(page)

    expect(page.get_by_role("heading", level=1)).to_contain_text("Comes ")
    looks_right("order")
    order = Order.objects.get()
    assert (order.status, order.grand_total.minor) == (Order.Status.CONFIRMED, 20200)
    assert Stock.objects.get(variant=world.milk).reserved == 4

    page.get_by_role("link", name="Cancel order").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    looks_right("dialog")
    page.get_by_role("dialog").get_by_label("I ordered by mistake").check()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This order is cancelled")
    assert Stock.objects.get(variant=world.milk).reserved == 0
    page.goto("/orders/")
    looks_right("orders")
    assert len(seen) == 9


def test_the_same_without_javascript(world: World, open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    page.get_by_role("button", name="One more Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("2")
    page.get_by_role("link", name="Cart").click()
    page.get_by_label("How many Toned milk").fill("two")
    page.get_by_label("How many Toned milk").press("Enter")
    expect(page.get_by_text("Choose between 1 and 50 pieces.")).to_be_visible()
    page.get_by_label("How many Toned milk").fill("3")
    page.get_by_label("How many Toned milk").press("Enter")
    page.get_by_role("link", name="heckout").locator("visible=true").first.click()
    place_order(page)
    fill_in(page, name="Asha Rao", contact="98123 45678", street="80 Feet Road", flat="4B")
    place_order(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Comes ")
    assert Order.objects.get().lines.get().quantity == 3
    page.get_by_role("link", name="Cancel order").click()
    page.get_by_label("Something else").check()
    page.get_by_label("Anything you want to tell us").fill("We travel")
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This order is cancelled")


def test_a_guest_signs_in_at_the_checkout_and_keeps_what_was_typed(world: World, open_page: OpenPage) -> None:
    AddressFactory(user=world.customer, pincode="560034", label="Home")
    page = open_page("/")
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("1")
    page.goto("/checkout/")
    page.get_by_label("A note for the driver").fill("Ring twice")
    page.get_by_role("button", name="I have an account").click()
    page.locator("input[name=login]").fill(str(world.customer.email))
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout")
    expect(page.get_by_label("A note for the driver")).to_have_value("Ring twice")
    expect(page.get_by_label("Street", exact=True)).to_be_hidden()  # the saved address is chosen
    place_order(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Comes ")
    order = Order.objects.get()
    assert (order.customer, order.special_instructions) == (world.customer, "Ring twice")


def test_the_order_page_tells_by_itself_that_something_happened(world: World, open_page: OpenPage) -> None:
    page = open_page("/")
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("1")
    page.goto("/checkout/")
    fill_in(page, name="Asha Rao", contact="asha@example.com", street="80 Feet Road", flat="4B")
    place_order(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Comes ")
    page.clock.install()
    page.reload()
    asked: list[int] = []
    page.on("response", lambda response: asked.append(response.status) if "/progress/" in response.url else None)
    page.clock.run_for(21_000)
    page.wait_for_timeout(1_000)
    assert asked == [304]
    _pack()
    page.clock.run_for(21_000)
    expect(page.locator(".timeline__step--current")).to_contain_text("Packed")


def _pack() -> None:
    pack_order(Order.objects.get().pk, by=Actor.system("tests"))
